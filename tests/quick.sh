#!/usr/bin/env bash
# What to run between two edits: formatting, lints and unit tests, in two minutes on two cores once the
# dependencies are built. tests/all.sh runs everything.
set -euo pipefail
cd "$(dirname "$0")/.."
# The tests write configuration files, which are refused when a group may write them.
umask 022

cargo fmt --all --check
cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
cargo test --locked --quiet --lib --test layers --test architecture
