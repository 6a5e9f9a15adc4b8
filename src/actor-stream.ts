import type { LastChange } from './announcing.ts'
import { factsBetween, tooSlow, type FactSource } from './fact-stream.ts'
import type { Sink } from './protocol/calls.ts'
import type { StreamRequest } from './protocol/command.ts'
import { messageOf } from './protocol/errors.ts'
import type { Fact } from './protocol/facts.ts'
import { parseAddress, type Address } from './protocol/ids.ts'
import { limits } from './protocol/limits.ts'
import type { WatchItem } from './protocol/status.ts'

/**
 * What a watch tells: `begin`, then the present or what changed since an earlier watch, then each change.
 *
 * Every change has a number, and items come in the order of their numbers: of an actor that changes again before it was
 * told, only the newest change waits, at the end of the line. So whoever has heard number n has heard, of every actor, the
 * last change up to n, and may go on after n. Facts have numbers of their own; none is left out.
 */

export interface WatchSource extends FactSource {
  readonly run: string
}

type Waiting =
  | { readonly type: 'snapshot' | 'changed' | 'reaped'; readonly address: Address; readonly seq: number }
  | { readonly type: 'fact'; readonly fact: Fact }

export function watchActors(
  source: WatchSource,
  { filter, facts, after }: Extract<StreamRequest, { source: 'actors' }>,
  sink: Sink,
): () => void {
  const { directory, run } = source
  const matches = (address: Address): boolean =>
    filter === null || address === filter || (filter.endsWith('.') && address.startsWith(filter))
  const kind = filter === null ? null : parseAddress(filter).kind
  const resumed = after === null || after.run !== run ? undefined : directory.changedAfter(after.seq, kind)
  const seq = resumed === undefined ? 0 : (after?.seq ?? 0)
  const lastFact = directory.lastFact()

  const present = resumed ?? directory.present()
  const most = present.length + limits.streamItems
  /** By address, so that of many changes only the newest is told. A fact has a key of its own. */
  const waiting = new Map<string, Waiting>()
  /** The number of the last change that is in line, or was told. */
  let heard = seq
  let busy = true
  let over = false

  const lineUp = (change: LastChange, type: 'snapshot' | 'changed' | 'reaped'): void => {
    heard = change.seq
    if (!matches(change.address)) return
    waiting.delete(change.address)
    waiting.set(change.address, { ...change, type })
  }
  const takeFirst = (): WatchItem | undefined => {
    const [key] = waiting.keys()
    const next = key === undefined ? undefined : waiting.get(key)
    if (key === undefined || next === undefined) return undefined
    waiting.delete(key)
    if (next.type === 'fact') return next
    const actor = directory.actor(next.address)
    if (actor === undefined) {
      // It ended, and so many have ended since that it is forgotten: whoever hears of it no more must begin anew.
      giveUp(tooSlow)
      return undefined
    }
    // It has changed again, and that is about to be heard: with its own number.
    if (directory.seqOf(next.address) !== next.seq) return undefined
    return { type: next.type, seq: next.seq, actor }
  }
  const say = async (item: () => WatchItem | undefined): Promise<void> => {
    for (let room = sink.room(); room !== undefined; room = sink.room()) await room
    const told = over ? undefined : item()
    if (told !== undefined) sink.item(told)
  }
  const flush = async (): Promise<void> => {
    if (busy) return
    busy = true
    while (waiting.size > 0) await say(takeFirst)
    busy = false
  }
  const stop = directory.watch((changes) => {
    for (const change of changes) {
      if (change.type === 'fact') {
        const { seq: number, about } = change.fact
        if (facts && number > lastFact && matches(about)) waiting.set(`fact ${number}`, change)
      } else if (change.seq > heard) lineUp(change, change.type)
    }
    if (waiting.size > most) giveUp(tooSlow)
    else void flush()
  })
  const cancel = (): void => {
    over = true
    waiting.clear()
    stop()
  }
  const giveUp = (because: string): void => {
    if (over) return
    cancel()
    sink.end(because)
  }
  // In this very turn: what is announced later and has a lower number is in here already.
  for (const change of present) lineUp(change, resumed === undefined ? 'snapshot' : change.type)
  heard = directory.lastChange()

  const begin = async (): Promise<void> => {
    const missed = facts ? after?.fact : undefined
    const fact = missed === undefined ? lastFact : missed > lastFact ? 0 : missed
    await say(() => ({ type: 'begin', run, seq, fact, resumed: resumed !== undefined }))
    for await (const page of factsBetween(source, { after: fact, upTo: lastFact })) {
      for (const one of page) if (matches(one.about)) await say(() => ({ type: 'fact', fact: one }))
    }
    busy = false
    await flush()
  }
  begin().catch((error: unknown) => giveUp(`the journal cannot be read: ${messageOf(error)}`))
  return cancel
}
