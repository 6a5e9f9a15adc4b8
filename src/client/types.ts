import type * as z from 'zod'
import type { CommandName, Commands } from '../commands/registry.ts'

/** What a command takes and answers, by name, as the registry defines it. */

type NameOfKind<K extends string, Kind> = K extends CommandName ? (Commands[K]['kind'] extends Kind ? K : never) : never

/** Commands with one answer. */
export type CallName = NameOfKind<CommandName, 'query' | 'mutation'>
/** Commands that answer with items until cancelled. */
export type StreamName = NameOfKind<CommandName, 'stream'>

export type Input<N extends CommandName> = z.input<Commands[N]['input']>
export type Output<N extends CommandName> = z.output<Commands[N]['output']>

/** Input may be left out where nothing in it is required. */
export type WithInput<N extends CommandName, Rest extends readonly unknown[] = []> =
  Partial<Input<N>> extends Input<N> ? [input?: Input<N>, ...rest: Rest] : [input: Input<N>, ...rest: Rest]
