# Completes the ids of the journal's runs.
_unpair_runs() {
    local -a journal runs
    [[ -n "${opt_args[--journal]}" ]] && journal=(--journal "${(Q)opt_args[--journal]}")
    runs=(${(f)"$(unpair runs --ids $journal 2>/dev/null)"})
    compadd -V runs -a runs
}

