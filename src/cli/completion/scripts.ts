import { filesWanted } from './candidates.ts'

/** What a shell sources. Each asks `hyphae __complete` for what may stand at the cursor, so it never goes out of date. */

const bash = `# Completion of hyphae for bash. To keep it: hyphae completion bash > ~/.local/share/bash-completion/completions/hyphae
_hyphae() {
  local line words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == '${filesWanted}' ]]; then
      compopt -o default 2>/dev/null
      return
    fi
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]/#\\~/$HOME}" __complete -- "\${words[@]}" 2>/dev/null)
}
complete -F _hyphae hyphae`

const zsh = `#compdef hyphae
# Completion of hyphae for zsh. To keep it: hyphae completion zsh > _hyphae, in a folder of $fpath
_hyphae() {
  local line word
  local -a lines found
  lines=("\${(@f)$(hyphae __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $lines[1] == '${filesWanted}' ]]; then
    _files
    return
  fi
  for line in "\${lines[@]}"; do
    [[ -z $line ]] && continue
    word=\${line%%$'\\t'*}
    word=\${word//:/\\\\:}
    if [[ $line == *$'\\t'* ]]; then
      found+=("$word:\${line#*$'\\t'}")
    else
      found+=("$word")
    fi
  done
  _describe hyphae found
}
if [[ $funcstack[1] == _hyphae ]]; then
  _hyphae "$@"
else
  compdef _hyphae hyphae
fi`

const fish = `# Completion of hyphae for fish. To keep it: hyphae completion fish > ~/.config/fish/completions/hyphae.fish
function __hyphae_complete
    set -l before (commandline -opc)
    set -l now (commandline -ct)
    set -l lines (hyphae __complete -- $before[2..-1] "$now" 2>/dev/null)
    test (count $lines) -gt 0; or return
    if test "$lines[1]" = '${filesWanted}'
        __fish_complete_path "$now"
        return
    end
    printf '%s\\n' $lines
end
complete -c hyphae -f -a '(__hyphae_complete)'`

export const scripts = { bash, zsh, fish } as const
