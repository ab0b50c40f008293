
# Completes the ids of the journal's runs where one is expected, and all else as above.
_unpair_with_runs() {
    local program="$1" current="$2" previous="$3" command="" at word runs
    local -a journal=()
    _unpair "$@"
    for ((at = 1; at < COMP_CWORD; at++)); do
        word="${COMP_WORDS[at]}"
        case "$word" in
            --journal)
                if [[ "${COMP_WORDS[at + 1]}" == "=" ]]; then
                    journal=(--journal "${COMP_WORDS[at + 2]}")
                else
                    journal=(--journal "${COMP_WORDS[at + 1]}")
                fi
                ;;
            resume | verify | report)
                command="${command:-$word}"
                ;;
        esac
    done
    [[ "$previous" == "--run" || (-n "$command" && "$previous" != -* && "$current" != -*) ]] || return 0
    runs="$("$program" runs --ids "${journal[@]}" 2>/dev/null)"
    runs="$(compgen -W "$runs" -- "$current")"
    [[ -z "$runs" ]] || mapfile -t COMPREPLY <<<"$runs"
}

complete -F _unpair_with_runs -o nosort -o bashdefault -o default unpair
