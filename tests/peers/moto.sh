#!/bin/sh
# Runs tests/moto.rs against a moto server of its own, on loopback.
# MOTO_SERVER: the program, default `moto_server` (from the Python package moto[server]).
set -eu
cd "$(dirname "$0")/../.."

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url="http://127.0.0.1:$port"
log=$(mktemp)
"${MOTO_SERVER:-moto_server}" -H 127.0.0.1 -p "$port" >"$log" 2>&1 &
moto=$!
trap 'kill "$moto" 2>/dev/null; rm -f "$log"' EXIT

tries=0
until python3 -c "import urllib.request; urllib.request.urlopen('$url/moto-api/', timeout=5)" 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -ge 60 ] || ! kill -0 "$moto" 2>/dev/null; then
        cat "$log" >&2
        exit 1
    fi
    sleep 1
done

# The source credentials stand in the environment; the overrides lead nowhere and are ignored.
AWS_ACCESS_KEY_ID=AKIDHUB AWS_SECRET_ACCESS_KEY=hub-secret \
    AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_ENDPOINT_URL_STS=http://127.0.0.1:1 \
    UNPAIR_MOTO_URL="$url" cargo test --test moto "$@"
