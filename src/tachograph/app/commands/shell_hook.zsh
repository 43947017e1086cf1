# Notes what is typed here for tacho: a keyed hash of the command, its duration, exit code and folder.
# With hist_ignore_space, what begins with a space is not noted.
if [[ -o interactive && -z ${_tacho_ready-} ]] && zmodload zsh/datetime 2> /dev/null; then
    typeset -g _tacho_ready=1 _tacho_started= _tacho_folder= _tacho_line=
    _tacho_preexec() {
        _tacho_started=$EPOCHREALTIME _tacho_folder=$PWD _tacho_line=$1
    }
    _tacho_precmd() {
        local code=$? ended=$EPOCHREALTIME started=$_tacho_started
        _tacho_started=
        [[ -n $started && -n $_tacho_line ]] || return $code
        [[ -o hist_ignore_space && $_tacho_line == ' '* ]] && return $code
        (builtin printf '%s\0' zsh "$started" "$ended" '' "$code" "$_tacho_folder" "$_tacho_line" | @NOTE@ &!) > /dev/null 2>&1
        return $code
    }
    autoload -Uz add-zsh-hook
    add-zsh-hook preexec _tacho_preexec
    add-zsh-hook precmd _tacho_precmd
fi
