"""Runs unpair and its peers in turn on the same work, and prints medians and ratios.

Usage: run.py UNPAIR WORK_FOLDER [--smoke]

The server is `unpair sandbox` with a fresh world for each run; its log of calls says what was
called, refused and left undone. CPU is user and system time of the client with its children; the
memory is that of its largest process.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from work import ACCOUNTS, REGION, Work

HERE = Path(__file__).resolve().parent
UNPAIR, FOLDER = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
SMOKE = "--smoke" in sys.argv[3:]
REPEATS = 1 if SMOKE else 3
THREADS = 16
# A run of one invocation reads a group to audit it and to read it back, and pays nothing for
# knowing that its readings are fresh.
LOOKS = 2.0


@dataclass
class Figures:
    """What one run of one client came to."""

    wall: float
    cpu: float
    mib: float
    code: int
    calls: int = 0
    throttled: int = 0
    undone: int = 0
    # How often the rules of a group were listed, on average.
    looks: float = 0.0
    # Bytes of the journal that unpair leaves.
    journal: int = 0


class Server:
    """A sandbox with a fresh world; `options` are those of `unpair sandbox`."""

    def __init__(self, work, options):
        self.log = work.folder / "calls.jsonl"
        self.log.unlink(missing_ok=True)
        command = [UNPAIR, "sandbox", "--world", work.folder / "world.toml", "--format", "json"]
        command += ["--call-log", self.log, *options]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(work),
            cwd=work.folder,
        )
        self.url = json.loads(self.process.stdout.readline())["aws"]

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def judge(self, work, figures):
        """Fills in what the server saw."""
        removed, listed = 0, 0
        with self.log.open(encoding="utf-8") as log:
            for call in map(json.loads, log):
                figures.calls += 1
                figures.throttled += call["code"] == "RequestLimitExceeded"
                removed += len(call["removed"])
                if call["action"] == "DescribeSecurityGroupRules":
                    listed += sum(".Value." in name for name in call["params"])
        figures.undone = work.rules - removed
        figures.looks = listed / max(1, work.groups)


def environment(work, **more):
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(work.folder),
        "AWS_SHARED_CREDENTIALS_FILE": str(work.folder / "credentials"),
        "AWS_CONFIG_FILE": str(work.folder / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": REGION,
        **more,
    }


def measure(command, work, **more):
    """Runs a client to its end."""
    began = time.monotonic()
    with (work.folder / "client.log").open("ab") as log:
        client = subprocess.Popen(
            list(map(str, command)),
            cwd=work.folder,
            env=environment(work, **more),
            stdout=log,
            stderr=log,
        )
        # This counts the client with the children that it waited for.
        _, status, usage = os.wait4(client.pid, 0)
    return Figures(
        wall=time.monotonic() - began,
        cpu=usage.ru_utime + usage.ru_stime,
        mib=usage.ru_maxrss / 1024,
        code=os.waitstatus_to_exitcode(status),
    )


def run_unpair(work, server, limits):
    for old in work.folder.glob("unpair.db*"):
        old.unlink()
    profiles = "".join(
        f"[[account]]\ncloud = 'aws'\nid = '{account}'\nprofile = '{account}'\n"
        for account in ACCOUNTS
    )
    (work.folder / "unpair.toml").write_text(
        f"[aws]\nec2_endpoint = '{server.url}'\nsts_endpoint = '{server.url}'\n"
        f"[aws.limits]\n{limits}\n{profiles}",
        encoding="utf-8",
    )
    figures = measure([UNPAIR, "revoke", "pairs.csv", "--yes"], work)
    figures.journal = (work.folder / "unpair.db").stat().st_size
    return figures


def run_boto3(work, server, _limits):
    keys = [f"{account}={key}:{secret}" for account, (key, secret) in ACCOUNTS.items()]
    script = HERE / "boto3_grouped.py"
    return measure([sys.executable, script, server.url, REGION, THREADS, *keys], work)


def run_c7n(work, server, _limits):
    # It keeps what it described for a quarter of an hour.
    for old in ("c7n", ".cache"):
        shutil.rmtree(work.folder / old, ignore_errors=True)
    command = [Path(sys.executable).parent / "c7n-org", "run", "-c", "accounts.yml"]
    command += ["-u", "policy.yml", "-s", "c7n", "--region", REGION]
    return measure(command, work, AWS_ENDPOINT_URL=server.url)


CLIENTS = {
    "unpair": run_unpair,
    "boto3, 16 threads, grouped": run_boto3,
    "c7n-org": run_c7n,
}


@dataclass
class Scenario:
    """A server, and the limits that unpair is told."""

    title: str
    pairs: int
    server: list
    limits: str
    ideal: float = 0.0


def scenarios():
    pairs = 20 if SMOKE else 2_000
    unlimited = "rate = 'off'\nin_flight = 32"
    latency = ["--fault", "slow:20=1"]
    yield Scenario("fast server", pairs, [], unlimited)
    yield Scenario("20 ms of latency", pairs, latency, unlimited)
    limited = 5 if SMOKE else 200
    bucket = 50 if not SMOKE else 5
    ideal = max(0, limited - bucket) / 5
    yield Scenario(
        f"5 calls a second after a bucket of {bucket}, each account",
        limited,
        ["--limit", "5", "--burst", str(bucket)],
        f"rate = 5.0\nburst = {bucket}\nin_flight = 4",
        ideal,
    )


def one_run(scenario, work, client):
    server = Server(work, scenario.server)
    try:
        figures = client(work, server, scenario.limits)
    finally:
        server.stop()
    server.judge(work, figures)
    return figures


def median(runs, field):
    return statistics.median(getattr(run, field) for run in runs)


def compare(scenario):
    work = Work(FOLDER / str(scenario.pairs), scenario.pairs)
    work.write()
    runs = {name: [] for name in CLIENTS}
    for _ in range(REPEATS):
        for name, client in CLIENTS.items():
            runs[name].append(one_run(scenario, work, client))
    ideal = f", at best {scenario.ideal:.1f} s" if scenario.ideal else ""
    print(f"\n{scenario.title}: {work.rules} rules in {work.groups} groups{ideal}\n")
    print("| client | wall s | CPU s | ms CPU a rule | MiB | calls | throttled | undone | exit |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, of_client in runs.items():
        cpu = median(of_client, "cpu")
        print(
            f"| {name} | {median(of_client, 'wall'):.2f} | {cpu:.2f} "
            f"| {1000 * cpu / work.rules:.3f} | {median(of_client, 'mib'):.0f} "
            f"| {median(of_client, 'calls'):.0f} | {median(of_client, 'throttled'):.0f} "
            f"| {median(of_client, 'undone'):.0f} | {max(run.code for run in of_client)} |"
        )
    ours = runs.pop("unpair")
    for name, of_client in runs.items():
        wall = median(of_client, "wall") / median(ours, "wall")
        cpu = median(of_client, "cpu") / median(ours, "cpu")
        print(f"\n{name} takes {wall:.1f} times the wall time and {cpu:.1f} times the CPU.")
    looks = max(run.looks for run in ours)
    print(
        f"\nunpair lists the rules of a group {looks:.2f} times: once to audit it, once to read it "
        "back, and never because a reading might be too old."
    )
    print(f"\nIts journal has {median(ours, 'journal') / work.rules:.0f} bytes a rule, all included.")
    return [run for run in ours if run.code != 0 or run.undone != 0 or run.looks != LOOKS]


def start_up():
    """What a program costs that does nothing: the median of several starts."""
    work = Work(FOLDER / "start", 0)
    work.folder.mkdir(parents=True, exist_ok=True)
    commands = {
        "unpair": [UNPAIR, "--version"],
        "aws CLI": [Path(sys.executable).parent / "aws", "--version"],
    }
    # The first start of each reads the program from the disk.
    starts = {name: [] for name in commands}
    for _ in range(1 + 3 * REPEATS):
        for name, command in commands.items():
            starts[name].append(measure(command, work))
    runs = {name: of_one[1:] for name, of_one in starts.items()}
    print("\nStart-up: `--version`\n")
    print("| program | wall ms | CPU ms | MiB |")
    print("|---|---|---|---|")
    for name, of_one in runs.items():
        wall, cpu = 1000 * median(of_one, "wall"), 1000 * median(of_one, "cpu")
        print(f"| {name} | {wall:.1f} | {cpu:.1f} | {median(of_one, 'mib'):.0f} |")
    return [run for run in runs["unpair"] if run.code != 0]


def main():
    bad = [run for scenario in scenarios() for run in compare(scenario)]
    bad += start_up()
    if bad:
        sys.exit(f"unpair left something undone or failed: {bad}")


main()
