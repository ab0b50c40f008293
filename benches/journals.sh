#!/usr/bin/env bash
# A journal of a million revocations: `unpair resume` up to its first call, and every report.
# Prints seconds, CPU seconds and peak memory. Needs a Rust toolchain, Python 3.10 or newer, and
# 4 GB below target/.
#
# benches/journals.sh [REVOCATIONS]   another size
set -euo pipefail
cd "$(dirname "$0")/.."

source benches/common.sh
mkdir -p target/journals
cargo build --locked --profile dist --bin unpair
steps=$(bench_program journals dist)
exec python3 benches/journals/measure.py "$steps" target/dist/unpair target/journals "$@"
