#!/usr/bin/env bash
# Runs unpair and what a user would run in its place, in turn, on the same work: boto3 and c7n-org.
# --smoke: a small work, once, with a debug build, to see that the benchmark itself works.
# Needs a Rust toolchain and Python 3.10 or newer; installs the peers into target/bench-venv.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=target/bench-venv
wanted=benches/peers/requirements.txt
if ! cmp -s "$wanted" "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" "$venv/requirements.txt"
fi
profile=release
[ "${1:-}" != --smoke ] || profile=dev
cargo build --locked --profile "$profile" --quiet --bin unpair
built=target/${profile/dev/debug}/unpair
"$venv/bin/python" benches/peers/run.py "$built" target/bench-work "$@"
