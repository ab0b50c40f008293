#!/usr/bin/env bash
# Runs every check of the project, after installing what the checks use.
# Needs a Rust toolchain, Python 3 and, where something is missing, apt.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=target/venv
log=target/all-tests.log
mkdir -p target

step() { printf '\n== %s\n' "$*"; }

apt_install() {
    step "installing $*"
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
}

# The C compiler builds the bundled SQLite and the cryptography.
command -v cc >/dev/null || apt_install build-essential
python3 -c 'import venv, ensurepip' 2>/dev/null || apt_install python3-venv

step "real peers: moto, boto3, the aws CLI, the official Alibaba Cloud SDKs"
if ! "$venv/bin/python" -c 'import moto, boto3, awscli, alibabacloud_ecs20140526, aliyunsdkecs' 2>/dev/null; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/peers/requirements.txt
fi
UNPAIR_PEERS_PYTHON=$PWD/$venv/bin/python
export UNPAIR_PEERS_PYTHON

step "formatting"
cargo fmt --check
step "lints"
cargo clippy --locked --all-targets -- -D warnings
step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items --quiet
step "tests"
status=0
cargo test --locked --no-fail-fast 2>&1 | tee "$log" || status=$?

# The runner prints one line a test binary; this is their sum.
awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
     END { printf "\n%d passed, %d failed, %d skipped\n", passed, failed, ignored }' "$log"
exit "$status"
