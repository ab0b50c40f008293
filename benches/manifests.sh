#!/usr/bin/env bash
# Manifests of 5 and 10 million rows: `unpair check` and `unpair plan --no-audit` beside DuckDB and
# Polars, each in a process of its own, in turn. Prints a table of medians: seconds, CPU seconds, peak memory, ratios.
# Needs a Rust toolchain, Python 3.10 or newer, and 3 GB below target/.
#
# benches/manifests.sh [ROWS...]   other sizes
# benches/manifests.sh --smoke     a small size once, without other programs, with a debug build
set -euo pipefail
cd "$(dirname "$0")/.."

source benches/common.sh
python=python3 profile=dev program=target/debug/unpair
[ "${1:-}" = --smoke ] || { with_peers; profile=dist program=target/dist/unpair; }

mkdir -p target/manifests
cargo build --locked --profile "$profile" --bin unpair
generator=$(bench_program manifests "$profile")
exec "$python" benches/manifests/compare.py "$generator" "$program" target/manifests "$@"
