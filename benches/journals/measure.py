"""Measures `unpair resume` up to its first revocation, and `unpair report` in every format.

Usage: measure.py STEPS UNPAIR FOLDER [REVOCATIONS]. Run by benches/journals.sh.

The journal is made by the benchmark's own steps, through the journal's own methods. The provider is
a server in this process that knows who calls and answers the first revocation by silence: the
program is ended there. Memory is VmHWM, CPU is user and system time of all threads.
"""

import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

STEPS, UNPAIR, FOLDER = (Path(argument).resolve() for argument in sys.argv[1:4])
REVOCATIONS = int(sys.argv[4]) if len(sys.argv) > 4 else 1_000_000
ROUNDS = 3
ACCOUNTS = [f"{100_000_000_000 + number}" for number in range(1, 11)]
TICKS = os.sysconf("SC_CLK_TCK")

IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:iam::{0}:user/unpair</Arn><UserId>AIDA{0}</UserId>
<Account>{0}</Account></GetCallerIdentityResult>
<ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>"""


class Provider(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        action = re.search(r"Action=(\w+)", body)[1]
        if action == "GetCallerIdentity":
            key = re.search(r"Credential=AKIA(\d{12})", self.headers["Authorization"])[1]
            answer = IDENTITY.format(key).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            return
        # A read-back gets no answer either.
        if action.startswith("RevokeSecurityGroup"):
            self.server.first = self.server.first or time.monotonic()
            self.server.called.set()
        self.close_connection = True

    def log_message(self, *_):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def environment():
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(FOLDER),
        "AWS_SHARED_CREDENTIALS_FILE": str(FOLDER / "credentials"),
        "AWS_CONFIG_FILE": str(FOLDER / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def configure(server):
    FOLDER.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    text = f"[aws]\nec2_endpoint = '{url}'\nsts_endpoint = '{url}'\n[aws.limits]\nrate = 'off'\n"
    secrets = ""
    for account in ACCOUNTS:
        text += f"[[account]]\ncloud = 'aws'\nid = '{account}'\nprofile = 'p{account}'\n"
        secrets += f"[p{account}]\naws_access_key_id = AKIA{account}\naws_secret_access_key = bench\n"
    (FOLDER / "unpair.toml").write_text(text)
    (FOLDER / "credentials").write_text(secrets)
    (FOLDER / "config").write_text("")


def remove(journal):
    for end in ["", "-wal", "-shm", ".lock"]:
        Path(f"{journal}{end}").unlink(missing_ok=True)


def fill(name, carried_out, kind):
    journal = FOLDER / f"{name}.db"
    remove(journal)
    command = [STEPS, "fill", str(REVOCATIONS), str(carried_out), kind, f"sqlite:{journal}"]
    print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip(),
          f"{journal.stat().st_size / 2**20:.0f} MiB")
    return journal


def usage(pid):
    """CPU seconds and peak MiB of a process that lives."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    peak = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())[1]
    return (int(fields[11]) + int(fields[12])) / TICKS, int(peak) / 1024


def resume(server, journal):
    copy = FOLDER / "resumed.db"
    remove(copy)
    shutil.copy(journal, copy)
    server.first = None
    server.called.clear()
    start = time.monotonic()
    child = subprocess.Popen([UNPAIR, "resume", "--yes", "--journal", copy], cwd=FOLDER,
                             env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if not server.called.wait(120):
        child.kill()
        sys.exit(f"no call came: {child.stderr.read().decode()}")
    cpu, peak = usage(child.pid)
    child.kill()
    child.wait()
    remove(copy)
    return server.first - start, cpu, peak


def report(journal, form):
    start = time.monotonic()
    output = FOLDER / "report.out"
    child = subprocess.Popen([UNPAIR, "report", "--journal", journal, "--format", form,
                              "--output", output], cwd=FOLDER, env=environment())
    _, status, used = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"report --format {form} ended with status {status}")
    size = output.stat().st_size / 2**20
    output.unlink()
    return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, size


def row(name, measured, load):
    best = min(measured)
    extra = f" {best[3]:8.2f}" if len(best) > 3 else ""
    print(f"{name:<28} {best[0]:7.2f} {best[1]:7.2f} {best[2]:7.0f}{extra}   load {load:.1f}", flush=True)


def main():
    server = serve()
    server.called = threading.Event()
    configure(server)
    print(f"{REVOCATIONS:,} revocations; the best of {ROUNDS}")
    print(f"{'':<28} {'s':>7} {'CPU s':>7} {'MiB':>7} {'out MiB':>8}")
    for kind in ["revoke", "plan"]:
        journal = fill(kind, 10, kind)
        measured = [resume(server, journal) for _ in range(ROUNDS)]
        row(f"resume of a {kind}", measured, os.getloadavg()[0])
        remove(journal)
    journal = fill("done", 100, "revoke")
    for form in ["table", "json", "csv", "html"]:
        measured = [report(journal, form) for _ in range(ROUNDS)]
        row(f"report --format {form}", measured, os.getloadavg()[0])
    remove(journal)


main()
