#!/usr/bin/env bash
# A journal of a million revocations: `unpair resume` up to its first call, and every report.
# Prints seconds, CPU seconds and peak memory. Needs a Rust toolchain, Python 3.10 or newer, and
# 4 GB below target/.
#
# benches/journals.sh [REVOCATIONS]   another size
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p target/journals
cargo build --locked --release --bin unpair
steps=$(cargo bench --locked --no-run --bench journals --message-format=json |
    python3 -c 'import json, sys
found = [m["executable"] for m in map(json.loads, sys.stdin) if m.get("executable")]
print(found[-1])')
exec python3 benches/journals/measure.py "$steps" target/release/unpair target/journals "$@"
