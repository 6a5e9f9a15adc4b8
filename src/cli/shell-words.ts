/** Command lines as words, as a shell would cut them; none of its other powers. */

/** What means something to a shell outside of quotes. A blank ends a word. */
const special = /[|&;<>()$`\\*?[\]{}~#!\n\r]/
/** And between double quotes. */
const specialInQuotes = /[$`\\]/

/** Words that only a shell knows; most others of its builtins are programs too. */
const builtins = new Set(
  '. : [ alias break case cd command continue eval exec exit export for if read return set shift source test time trap type ulimit umask unset until wait while'.split(
    ' ',
  ),
)

/**
 * The words of a line; quotes of both kinds keep blanks. Undefined when a quote is left open, or where a character means
 * something to a shell, if that matters.
 */
function cut(line: string, shellMatters: boolean): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  for (const character of line.trim()) {
    const means = quote === undefined ? special : specialInQuotes
    if (character === quote) {
      quote = undefined
    } else if (quote === undefined && (character === "'" || character === '"')) {
      quote = character
      word ??= ''
    } else if (quote === undefined && /\s/.test(character) && !(shellMatters && /[\n\r]/.test(character))) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (shellMatters && quote !== "'" && means.test(character)) {
      return undefined
    } else {
      word = (word ?? '') + character
    }
  }
  if (quote !== undefined) return undefined
  return word === undefined ? words : [...words, word]
}

/** The words of a line, whatever stands in them; undefined when a quote is left open. */
export const wordsOf = (line: string): string[] | undefined => cut(line, false)

/** The words of a command line as a program gets them; undefined when it takes a shell to run it. */
function plainWords(line: string): string[] | undefined {
  const words = cut(line, true)
  const [first = ''] = words ?? []
  // A variable is set for the command by `NAME=value` before it.
  return first === '' || builtins.has(first) || /^\w+=/.test(first) ? undefined : words
}

/** A command line as a service runs it. */
export function commandOf(line: string): { readonly command: string; readonly args: readonly string[] } {
  const [command = 'sh', ...args] = plainWords(line) ?? ['sh', '-c', line.trim()]
  return { command, args }
}
