#!/usr/bin/env bash
# Manifests of 5 and 10 million rows: unpair beside DuckDB and Polars, each step in a process of
# its own, in turn. Prints a table of medians: seconds, CPU seconds, peak memory, ratios.
# Needs a Rust toolchain, Python 3.10 or newer, and 3 GB below target/.
#
# benches/manifests.sh [ROWS...]   other sizes
# benches/manifests.sh --smoke     a small size once, without other programs: a minute after a build
set -euo pipefail
cd "$(dirname "$0")/.."

python=python3
[ "${1:-}" = --smoke ] || source benches/venv.sh

mkdir -p target/manifests
steps=$(cargo bench --locked --no-run --bench manifests --message-format=json |
    python3 -c 'import json, sys
found = [m["executable"] for m in map(json.loads, sys.stdin) if m.get("executable")]
print(found[-1])')
exec "$python" benches/manifests/compare.py "$steps" target/manifests "$@"
