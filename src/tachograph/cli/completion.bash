# Completion of tacho for bash: eval "$(tacho completion bash)"
_tacho_completion() {
    local kind value
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
            dir) compopt -o dirnames 2>/dev/null ;;
            file) compopt -o default 2>/dev/null ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(IFS=$'\n'; env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" \
        _TACHO_COMPLETE=bash_complete "${1/#\~/$HOME}" 2>/dev/null)
}
complete -o nosort -F _tacho_completion tacho 2>/dev/null || complete -F _tacho_completion tacho
