# Notes what is typed here for tacho: a keyed hash of the command, its duration, exit code and folder.
# What the history leaves out (HISTCONTROL, HISTIGNORE, set +o history) is not noted. Needs bash 5.
if [[ $- == *i* && -n ${EPOCHREALTIME-} && -z ${_tacho_ready-} ]]; then
    _tacho_ready=1 _tacho_started= _tacho_nothing= _tacho_folder=$PWD
    _tacho_precmd() {
        local code=$? ended=${EPOCHREALTIME/[.,]/} started=$_tacho_started folder=$_tacho_folder line
        _tacho_started= _tacho_folder=$PWD
        if [[ -n $started || -z ${_tacho_line+set} ]]; then
            line=$(HISTTIMEFORMAT= builtin history 1)
            if [[ -n $started && $line != "$_tacho_line" ]]; then
                (builtin printf '%s\0' bash "$started" "$ended" '' "$code" "$folder" "$line" | @NOTE@ &) > /dev/null 2>&1
            fi
            _tacho_line=$line
        fi
        return "$code"
    }
    PS0+='${_tacho_nothing:$((_tacho_started=${EPOCHREALTIME/[.,]/},0)):0}'
    PROMPT_COMMAND="_tacho_precmd${PROMPT_COMMAND:+;$PROMPT_COMMAND}"
fi
