import type { Argument, Command, Option } from 'commander'

/** What a command line is about to say where the cursor stands. */
export interface Place {
  /** The part of it that is typed already. */
  readonly typed: string
  /** Stands before each candidate: `--kind=` of `--kind=ser`. */
  readonly prefix: string
  readonly what:
    | { readonly type: 'verb'; readonly of: Command }
    | { readonly type: 'option'; readonly of: Command; readonly given: readonly Option[] }
    | { readonly type: 'value'; readonly of: Option | Argument; readonly name: string }
    | { readonly type: 'nothing' }
  /** What was said before it, for candidates that depend on it. */
  readonly config: string | undefined
  readonly operands: readonly string[]
}

/** The placeholder's name: `file` of `-c, --config <file>`. */
const placeholder = ({ flags }: Option): string => /[<[]([\w-]+)/.exec(flags)?.[1] ?? ''

const takesValue = ({ required, optional }: Option): boolean => required || optional

/** Bash takes `--kind=ser` apart at the equals sign. */
function rejoined(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    const isSign = word === '=' && words[index - 1]?.startsWith('--') === true
    if (!isSign) return [word]
    return index === words.length - 1 ? [''] : []
  })
}

/** Reads the words behind the program's name; the last one is being typed. */
export function placeOf(program: Command, written: readonly string[]): Place {
  const words = rejoined(written)
  const current = words.pop() ?? ''
  const operands: string[] = []
  const given: Option[] = []
  let command = program
  let waiting: Option | undefined
  let config: string | undefined
  let operandsOnly = false
  const optionOf = (word: string): Option | undefined => {
    const [name] = word.split('=', 1)
    return [...command.options, ...program.options].find(({ long, short }) => long === name || short === name)
  }
  const take = (option: Option, value: string): void => {
    if (option.attributeName() === 'config') config = value
  }
  const place = (what: Place['what'], typed = current, prefix = ''): Place => ({ typed, prefix, what, config, operands })

  for (const word of words) {
    if (waiting !== undefined) {
      take(waiting, word)
      waiting = undefined
    } else if (word === '--' && !operandsOnly) {
      operandsOnly = true
    } else if (word.startsWith('-') && word !== '-' && !operandsOnly) {
      const option = optionOf(word)
      if (option === undefined) continue
      given.push(option)
      if (word.includes('=')) take(option, word.slice(word.indexOf('=') + 1))
      else if (takesValue(option)) waiting = option
    } else if (command.commands.length > 0) {
      const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word))
      if (next === undefined) return place({ type: 'nothing' })
      command = next
    } else {
      operands.push(word)
    }
  }

  if (waiting !== undefined) return place({ type: 'value', of: waiting, name: placeholder(waiting) })
  if (current.startsWith('-') && !operandsOnly) {
    const option = current.includes('=') ? optionOf(current) : undefined
    if (option === undefined) return place({ type: 'option', of: command, given })
    const sign = current.indexOf('=') + 1
    const what = { type: 'value', of: option, name: placeholder(option) } as const
    return place(what, current.slice(sign), current.slice(0, sign))
  }
  if (command.commands.length > 0) return place({ type: 'verb', of: command })
  const last = command.registeredArguments.at(-1)
  const argument = command.registeredArguments[operands.length] ?? (last?.variadic === true ? last : undefined)
  return place(argument === undefined ? { type: 'nothing' } : { type: 'value', of: argument, name: argument.name() })
}
