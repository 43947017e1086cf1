# Completion of tacho for fish: tacho completion fish | source
function _tacho_completion
    set -l program (commandline -opc)[1]
    set -l words (commandline -cp | string collect)
    set -l word (commandline -ct | string collect)
    for line in (env COMP_WORDS="$words" COMP_CWORD="$word" _TACHO_COMPLETE=fish_complete (string replace -r '^~' -- $HOME $program) 2>/dev/null)
        set -l parts (string split -m 1 , -- $line)
        switch $parts[1]
            case dir
                __fish_complete_directories $word
            case file
                __fish_complete_path $word
            case plain
                printf '%s\n' $parts[2]
        end
    end
end
complete --no-files --keep-order --command tacho --arguments "(_tacho_completion)"
