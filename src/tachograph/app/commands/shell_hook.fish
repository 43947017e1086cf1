# Notes what is typed here for tacho: a keyed hash of the command, its duration, exit code and folder.
# What begins with a space, and everything in private mode, is not noted.
if status is-interactive; and not set -q _tacho_ready
    set -g _tacho_ready 1
    set -g _tacho_folder $PWD
    function _tacho_preexec --on-event fish_preexec
        set -g _tacho_folder $PWD
    end
    function _tacho_postexec --on-event fish_postexec
        set -l code $status
        set -l duration $CMD_DURATION
        if test -z "$argv[1]"; or test -n "$fish_private_mode"; or string match -q -- ' *' "$argv[1]"
            return
        end
        printf '%s\0' fish '' '' "$duration" "$code" "$_tacho_folder" "$argv[1]" | @NOTE@ > /dev/null 2>&1 &
        disown 2> /dev/null
    end
end
