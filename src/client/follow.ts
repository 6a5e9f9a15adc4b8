import type { WatchPosition } from '../protocol/command.ts'
import type { Items } from './items.ts'
import { resuming } from './resume.ts'
import type { CallName, Input, Output, StreamName } from './types.ts'

/** Streams that go on where they were when their connection was lost: nothing is lost, and nothing comes twice. */

/** What a stream takes, and how it is followed. */
export type Followed<I> = I & {
  /** false: an error when the connection is lost; else it is made again, for as long as `limits.reconnectTime`. */
  readonly reconnect?: boolean | undefined
  /** Ends it: its reader gets the signal's reason as an error. */
  readonly signal?: AbortSignal | undefined
}

export interface Source {
  call<N extends CallName>(name: N, input: Input<N>, options: { signal?: AbortSignal | undefined }): Promise<Output<N>>
  stream<T>(name: StreamName, input: unknown, begun: () => void): Items<T>
}

type Watched = Output<'actor.watch'>

export function watchActors(
  { stream }: Source,
  { reconnect = true, signal, ...input }: Followed<Omit<Input<'actor.watch'>, 'after'>>,
  ended: () => void,
): Items<Watched> {
  let after: WatchPosition | undefined
  return resuming<Watched>({
    reconnect,
    signal,
    ended,
    open: (begun) => Promise.resolve({ items: stream<Watched>('actor.watch', { ...input, ...(after && { after }) }, begun) }),
    heard(item) {
      if (item.type === 'begin') {
        const { run, seq, fact } = item
        after = { run, seq, ...(input.facts === true ? { fact } : {}) }
        return !item.resumed
      }
      if (after === undefined) return true
      after = item.type === 'fact' ? { ...after, fact: item.fact.seq } : { ...after, seq: item.seq }
      return true
    },
  })
}

type Inspected = Output<'inspection.watch'>

export function inspectActors(
  { stream }: Source,
  { reconnect = true, signal, ...input }: Followed<Omit<Input<'inspection.watch'>, 'after'>>,
  ended: () => void,
): Items<Inspected> {
  /** Where to go on, once `left` actors have been told. */
  let after: { readonly run: string; readonly seq: number } | undefined
  let left = 0
  return resuming<Inspected>({
    reconnect,
    signal,
    ended,
    open(begun) {
      const known = left === 0 ? after : undefined
      return Promise.resolve({
        items: stream<Inspected>('inspection.watch', { ...input, ...(known && { after: known }) }, begun),
      })
    },
    heard(item) {
      if (item.type === 'begin') {
        after = { run: item.run, seq: item.seq }
        left = item.resumed ? 0 : item.actors
        return !item.resumed
      }
      if (item.type === 'actors') left -= item.actors.length
      else if (after !== undefined) after = { ...after, seq: Math.max(after.seq, item.records.at(-1)?.seq ?? 0) }
      return true
    },
  })
}

export function followLogs(
  { call, stream }: Source,
  { reconnect = true, signal, ...input }: Followed<Omit<Input<'logs.follow'>, 'after'>>,
  ended: () => void,
): Items<Output<'logs.follow'>> {
  const { services, lines } = input
  let after: Record<string, number> | undefined
  return resuming<Output<'logs.follow'>>({
    reconnect,
    signal,
    ended,
    async open(begun) {
      if (after === undefined) {
        // Where nothing is told at first, an offset says what is new later.
        const { ends } = await call('logs.read', { ...(services && { services }), lines: 0 }, { signal })
        after = Object.fromEntries(Object.entries(ends).filter(([, end]) => lines === 0 || end === 0))
      }
      return { items: stream('logs.follow', { ...input, after }, begun) }
    },
    heard({ service, offset }) {
      after = { ...after, [service]: offset }
      return true
    },
  })
}

export function followEvents(
  { call, stream }: Source,
  { reconnect = true, signal, ...input }: Followed<Omit<Input<'events.follow'>, 'after_seq'>>,
  ended: () => void,
): Items<Output<'events.follow'>> {
  let after: number | undefined
  return resuming<Output<'events.follow'>>({
    reconnect,
    signal,
    ended,
    async open(begun) {
      const first = after === undefined ? await call('events.read', input, { signal }) : undefined
      after ??= first?.last_seq
      const items = stream<Output<'events.follow'>>('events.follow', { ...input, after_seq: after }, begun)
      return { before: first?.events ?? [], items }
    },
    heard({ seq }) {
      after = Math.max(after ?? 0, seq)
      return true
    },
  })
}
