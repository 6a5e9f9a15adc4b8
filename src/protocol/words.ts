/** A command line cut into words as a shell cuts it: blanks part words, quotes and backslashes keep them together. */
export type Words =
  | {
      readonly words: readonly string[]
      /** Something in it means more than itself to a shell: a pipe, a variable, a pattern, a second line. */
      readonly needsShell: boolean
    }
  | { readonly flaw: string }

const blank = /[ \t]/
/** Outside quotes. `~` and `#` only where a word begins, which costs little to ignore. */
const special = /[|&;<>()$`*?[\]{}~#!\n\r]/
/** Within double quotes these still mean something. */
const live = /[$`]/
/** What a backslash takes away the meaning of within double quotes. */
const escapable = /[$`"\\]/

export function splitWords(line: string): Words {
  const words: string[] = []
  let word = ''
  let open = false
  let needsShell = false
  let quoted = false
  const close = (): void => {
    // A variable before the command: FOO=bar make.
    if (words.length === 0 && !quoted && /^[A-Za-z_][A-Za-z0-9_]*=/.test(word)) needsShell = true
    if (open) words.push(word)
    word = ''
    open = false
    quoted = false
  }
  for (let at = 0; at < line.length; at++) {
    const c = line.charAt(at)
    if (blank.test(c)) {
      close()
      continue
    }
    open = true
    if (c === "'") {
      const end = line.indexOf("'", at + 1)
      if (end < 0) return { flaw: "a ' is never closed" }
      quoted = true
      word += line.slice(at + 1, end)
      at = end
    } else if (c === '"') {
      quoted = true
      for (at++; line.charAt(at) !== '"'; at++) {
        if (at >= line.length) return { flaw: 'a " is never closed' }
        const inner = line.charAt(at)
        if (inner === '\\' && escapable.test(line.charAt(at + 1))) word += line.charAt(++at)
        else {
          needsShell ||= live.test(inner)
          word += inner
        }
      }
    } else if (c === '\\') {
      if (at + 1 >= line.length) return { flaw: 'it ends with a backslash' }
      quoted = true
      // A line that goes on in the next one is for a shell.
      needsShell ||= line.charAt(at + 1) === '\n'
      word += line.charAt(++at)
    } else {
      needsShell ||= special.test(c)
      word += c
    }
  }
  close()
  return { words, needsShell }
}
