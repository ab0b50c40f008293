"""Measures each program in a process of its own and prints a table. Run by benches/manifests.sh."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROUNDS = 3
SIZES = [5_000_000, 10_000_000]
SMALL = 200_000

# The same work as far as it goes: neither checks a cell, keeps a line or orders by account.
DUCKDB = """
import duckdb, sys
database = duckdb.connect(sys.argv[2])
database.execute('SET enable_progress_bar = false')
database.execute('''CREATE TABLE pairs AS SELECT DISTINCT cloud, region, least(one, other) AS a,
    greatest(one, other) AS b, ip_protocol, port_range FROM (SELECT *,
        account_a || ' ' || group_a AS one, account_b || ' ' || group_b AS other
        FROM read_csv(?, header = true, all_varchar = true))''', [sys.argv[1]])
print(database.execute('SELECT count(*) FROM pairs').fetchone()[0])
database.close()
"""
POLARS = """
import polars as pl, sys
one = pl.concat_str('account_a', 'group_a', separator=' ')
other = pl.concat_str('account_b', 'group_b', separator=' ')
rows = pl.scan_csv(sys.argv[1], infer_schema=False).with_columns(
    a=pl.min_horizontal(one, other), b=pl.max_horizontal(one, other))
print(rows.select('cloud', 'region', 'a', 'b', 'ip_protocol', 'port_range').unique().collect().height)
"""


def measure(command):
    """Wall seconds, CPU seconds, peak MiB and output of a command."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    if status:
        sys.exit(f"{command[0]} ended with status {status}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output


def distinct(output):
    """The distinct rows that a program counted."""
    if not output.startswith("{"):
        return int(output)
    told = json.loads(output)
    # A plan from rows alone removes one rule of each side.
    return told["rows"] if told["command"] == "check" else told["rules"]["planned"] // 2


def remove(path):
    for end in ["", "-wal", "-shm", ".lock", ".wal"]:
        pathlib.Path(f"{path}{end}").unlink(missing_ok=True)


def compare(generator, program, folder, rows, rounds, peers):
    manifest, journal, database = (str(folder / name) for name in ["rows.csv", "plan.db", "pairs.duckdb"])
    subprocess.run([generator, "generate", str(rows), manifest], check=True)
    plan = [program, "plan", manifest, "--no-audit", "--format", "json", "--journal", f"sqlite:{journal}"]
    contenders = {"unpair check": [program, "check", manifest, "--format", "json"],
                  "unpair plan --no-audit": plan}
    if peers:
        contenders["DuckDB: table in a file"] = [sys.executable, "-c", DUCKDB, manifest, database]
        contenders["Polars: in memory"] = [sys.executable, "-c", POLARS, manifest]
    measured = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, command in contenders.items():
            remove(journal)
            remove(database)
            measured[name].append(measure(command))
            if name == "unpair plan --no-audit":
                stored = os.path.getsize(journal) / 2**20
    counts = {distinct(run[3]) for runs in measured.values() for run in runs}
    if len(counts) != 1:
        sys.exit(f"the programs count different rows: {counts}")
    size = os.path.getsize(manifest) / 1e6
    print(f"\n{rows:,} rows, {size:.0f} MB, {counts.pop():,} distinct; a plan has {stored:.0f} MiB; "
          f"medians of {rounds}, ratios to `unpair plan`")
    print(f"{'':<24} {'s':>7} {'CPU s':>7} {'MiB':>6} {'x s':>6} {'x CPU':>6}")
    plan = [statistics.median(column) for column in zip(*(run[:3] for run in measured["unpair plan --no-audit"]))]
    for name, runs in measured.items():
        wall, cpu, memory = (statistics.median(column) for column in zip(*(run[:3] for run in runs)))
        print(f"{name:<24} {wall:7.2f} {cpu:7.2f} {memory:6.0f} {wall / plan[0]:6.1f} {cpu / plan[1]:6.1f}")
    for path in [journal, database, manifest]:
        remove(path)


def main():
    generator, program, folder, *sizes = sys.argv[1:]
    folder = pathlib.Path(folder)
    if sizes == ["--smoke"]:
        compare(generator, program, folder, SMALL, 1, False)
        return
    for rows in [int(size) for size in sizes] or SIZES:
        compare(generator, program, folder, rows, ROUNDS, True)


main()
