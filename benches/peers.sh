#!/usr/bin/env bash
# Runs unpair and what a user would run in its place, in turn, on the same work, and prints medians
# and ratios: boto3, c7n-org and the aws CLI here, then DuckDB and Polars (benches/manifests.sh), then
# what nobody else has (benches/journals.sh).
# --smoke: the first part alone, a small work, once, with a debug build, to see that the benchmark
# itself works.
# Needs a Rust toolchain, Python 3.10 or newer, and 4 GB below target/; takes half an hour.
set -euo pipefail
cd "$(dirname "$0")/.."

source benches/common.sh
with_peers
profile=dist
[ "${1:-}" != --smoke ] || profile=dev
cargo build --locked --profile "$profile" --quiet --bin unpair
built=target/${profile/dev/debug}/unpair
"$python" benches/peers/run.py "$built" target/bench-work "$@"
[ "${1:-}" != --smoke ] || exit 0
benches/manifests.sh
benches/journals.sh
