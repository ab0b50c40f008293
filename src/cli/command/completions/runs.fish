
# Completes the ids of the journal's runs.
function __fish_unpair_runs
    set -l words (commandline -opc)
    set -l journal
    if set -l at (contains -i -- --journal $words)
        set journal --journal $words[(math $at + 1)]
    end
    unpair runs --ids $journal 2>/dev/null
end

for command in resume verify report
    complete -c unpair -n "__fish_unpair_using_subcommand $command" -f -k -a "(__fish_unpair_runs)"
end
for command in revoke commands
    complete -c unpair -n "__fish_unpair_using_subcommand $command" -l run -x -k -a "(__fish_unpair_runs)"
end
