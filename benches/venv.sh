# Sourced by the benchmarks, in the project's folder: installs the peers into target/bench-venv,
# where they are not there yet, and sets `python` to the interpreter that has them.
wanted=benches/requirements.txt
venv=target/bench-venv
if ! cmp -s "$wanted" "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" "$venv/requirements.txt"
fi
python=$venv/bin/python
