#compdef tacho
# Completion of tacho for zsh: eval "$(tacho completion zsh)" after compinit, or this text as the file _tacho on the fpath
_tacho_completion() {
    local kind value about program=${${(Q)words[1]}/#\~/$HOME}
    local -a told described bare
    told=("${(@f)$(env COMP_WORDS="${(F)words}" COMP_CWORD=$((CURRENT - 1)) _TACHO_COMPLETE=zsh_complete "$program" 2>/dev/null)}")
    for kind value about in "${told[@]}"; do
        case $kind in
            dir) _path_files -/ ;;
            file) _path_files ;;
            plain) if [[ $about == _ ]]; then bare+=("$value"); else described+=("$value:$about"); fi ;;
        esac
    done
    (( $#described )) && _describe -V unsorted described -U
    (( $#bare )) && compadd -U -V unsorted -a bare
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _tacho_completion "$@"
else
    compdef _tacho_completion tacho
fi
