# Sourced by the benchmarks, in the project's folder.

# Installs the peers into target/bench-venv, where they are not there yet, and sets `python` to the
# interpreter that has them.
with_peers() {
    local wanted=benches/requirements.txt venv=target/bench-venv
    if ! cmp -s "$wanted" "$venv/requirements.txt"; then
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
        cp "$wanted" "$venv/requirements.txt"
    fi
    python=$venv/bin/python
}

# bench_program NAME PROFILE: builds that benchmark, and prints the path of its program.
bench_program() {
    cargo bench --locked --profile "$2" --no-run --bench "$1" --message-format=json | python3 -c 'import json, sys
for message in map(json.loads, sys.stdin):
    if message.get("executable") and message["target"]["kind"] == ["bench"]:
        print(message["executable"])'
}
