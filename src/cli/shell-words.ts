import { splitWords } from '../protocol/words.ts'

/** Command lines as words, as a shell would cut them; none of its other powers. */

/** Words that only a shell knows; most others of its builtins are programs too. */
const builtins = new Set(
  '. : [ alias break case cd command continue eval exec exit export for if read return set shift source test time trap type ulimit umask unset until wait while'.split(
    ' ',
  ),
)

/** The words of a line, whatever stands in them; undefined when a quote is left open. */
export function wordsOf(line: string): readonly string[] | undefined {
  const found = splitWords(line)
  return 'flaw' in found ? undefined : found.words
}

/** The words of a command line as a program gets them; undefined when it takes a shell to run it. */
function plainWords(line: string): readonly string[] | undefined {
  const found = splitWords(line.trim())
  if ('flaw' in found || found.needsShell) return undefined
  const [first = ''] = found.words
  return first === '' || builtins.has(first) ? undefined : found.words
}

/** A command line as a service runs it. */
export function commandOf(line: string): { readonly command: string; readonly args: readonly string[] } {
  const [command = 'sh', ...args] = plainWords(line) ?? ['sh', '-c', line.trim()]
  return { command, args }
}
