import { InvalidArgumentError } from 'commander'
import type { ProgramSpec } from '../protocol/program.ts'
import { splitWords } from '../protocol/words.ts'

/** Commands and arguments as one types them after an option. */

type Typed = Pick<ProgramSpec, 'type' | 'command'> & { readonly args?: string[] }

const cut = (text: string): readonly string[] => {
  const found = splitWords(text)
  if ('flaw' in found) throw new InvalidArgumentError(`${found.flaw}.`)
  return found.words
}

/**
 * The first word chooses what it is: `make clean`, `cargo build`, `npm run x`, `binary ./x`, `shell echo x`; anything else is
 * a command as a shell takes it. What more than one program is (a pipe, say) is so in any case.
 */
export function parseCommand(text: string): Typed {
  const found = splitWords(text)
  const [first, command, ...args] = cut(text)
  const rest = text.trim().replace(/^\S+\s*/, '')
  if (first === undefined) throw new InvalidArgumentError('expected a command.')
  if (first === 'shell' || first === 'sh') {
    if (rest === '') throw new InvalidArgumentError(`expected a command after ${first}.`)
    // `sh -c …` is a program of that name.
    return { type: 'shell', command: first === 'sh' && rest.startsWith('-') ? text.trim() : rest }
  }
  const needsShell = 'needsShell' in found && found.needsShell
  if (needsShell || (first !== 'make' && first !== 'cargo' && first !== 'npm' && first !== 'binary'))
    return { type: 'shell', command: text.trim() }
  if (command === undefined || command === '') throw new InvalidArgumentError(`expected a command after ${first}.`)
  return { type: first, command, ...(args.length === 0 ? {} : { args }) }
}

/** Collects the words of every `--args`; a shell's own meanings count for nothing here. */
export const parseArgs = (text: string, before: readonly string[] = []): readonly string[] => [...before, ...cut(text)]

const takingWords = new Set(['--pre-command', '--post-command', '--args', '--env'])

/** Ties such an option to what follows it, which may look like an option of ours: `--args --config=x.yaml`. */
export function tied(args: readonly string[]): string[] {
  const found: string[] = []
  for (let at = 0; at < args.length; at++) {
    const [word = '', next] = [args[at], args[at + 1]]
    if (word === '--') return [...found, ...args.slice(at)]
    const takes = takingWords.has(word) && next !== undefined
    found.push(takes ? `${word}=${next}` : word)
    if (takes) at++
  }
  return found
}

/** Collects `NAME=value`. */
export function parseVariable(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  if (at <= 0) throw new InvalidArgumentError('expected NAME=value.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
