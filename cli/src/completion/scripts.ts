/**
 * The scripts that shells load. Each asks `millrace __complete -- WORDS…`, which answers one `word<TAB>meaning` a
 * line, or the line ":files" to leave it to the shell; so what can be completed is decided in one place.
 */
const BASH = `# millrace completion for bash 4 and later. Load it with:  source <(millrace completion bash)
_millrace() {
  local current="\${COMP_WORDS[COMP_CWORD]}" word meaning
  COMPREPLY=()
  while IFS=$'\\t' read -r word meaning; do
    if [[ $word == :files ]]; then
      compopt -o default
      return
    fi
    [[ $word == "$current"* ]] && COMPREPLY+=("$word")
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _millrace millrace
`;

const ZSH = `#compdef millrace
# millrace completion for zsh. Load it with:  source <(millrace completion zsh)
_millrace() {
  local -a entries
  local line
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      _files
      return
    fi
    entries+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe 'millrace' entries
}
if [[ $funcstack[1] == _millrace ]]; then
  _millrace "$@"
else
  compdef _millrace millrace
fi
`;

const FISH = `# millrace completion for fish. Load it with:  millrace completion fish | source
function __millrace_complete
  set -l typed (commandline -opc) (commandline -ct)
  set -l answer ($typed[1] __complete -- $typed[2..-1] 2>/dev/null)
  if test "$answer[1]" = ':files'
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $answer
  end
end
complete -c millrace -f -a '(__millrace_complete)'
`;

/** The completion script of each shell that has one. */
export const COMPLETION_SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;

/** A shell that completion is written for. */
export type Shell = keyof typeof COMPLETION_SCRIPTS;
