import type { Sink } from '../protocol/calls.ts'
import type { StreamRequest } from '../protocol/command.ts'
import type { ActorRow, InspectionItem } from '../protocol/inspection.ts'
import { limits } from '../protocol/limits.ts'
import type { Tap } from './tap.ts'

/**
 * Tells a watcher `begin`, every actor, then record after record, several in one item. It holds no records of its own: it
 * reads on in the ring, and where the ring has gone on without it, it begins anew. So a slow reader costs nobody memory, and
 * hears in the end how things stand.
 */

/** Calls all watchers after records were made: soon where there are many, else after a pause. */
export function createPacing(tap: Pick<Tap, 'ring' | 'onRecord'>) {
  const watchers = new Set<() => void>()
  let timer: NodeJS.Timeout | undefined
  let soon: NodeJS.Immediate | undefined
  let told = 0

  function flush(): void {
    clearTimeout(timer)
    clearImmediate(soon)
    timer = undefined
    soon = undefined
    told = tap.ring.last()
    for (const watcher of watchers) watcher()
  }
  // An actor is at work: nothing is told in its turn.
  tap.onRecord(() => {
    if (watchers.size === 0) return
    if (tap.ring.last() - told >= limits.inspectionBatch) soon ??= setImmediate(flush)
    else timer ??= setTimeout(flush, limits.inspectionPause)
  })

  return (watcher: () => void): (() => void) => {
    watchers.add(watcher)
    return () => {
      watchers.delete(watcher)
      if (watchers.size > 0) return
      clearTimeout(timer)
      clearImmediate(soon)
      timer = undefined
      soon = undefined
    }
  }
}

export interface InspectionSource {
  readonly tap: Pick<Tap, 'ring' | 'rows'>
  readonly run: string
  wall(): number
  /** Calls back after there are new records. */
  paced(watcher: () => void): () => void
  /** Items in one turn; the rest follows in the next one. */
  readonly itemsInTurn?: number | undefined
}

export function watchInspection(
  { tap: { ring, rows }, run, wall, paced, itemsInTurn = limits.inspectionTurn }: InspectionSource,
  { after, history }: Omit<Extract<StreamRequest, { source: 'inspection' }>, 'source'>,
  sink: Sink,
): () => void {
  /** The number of the last record that was told; null: it must begin anew. */
  let cursor: number | null = null
  /** Actors that are still to be told, before any record is. */
  let left: readonly ActorRow[] = []
  let wanted = history
  let busy = false
  let over = false

  const begin = (seq: number, resumed: boolean, actors: number): InspectionItem => ({
    type: 'begin',
    run,
    seq,
    at: wall(),
    resumed,
    actors,
  })

  /** How everything stands at one moment, and as many of the records before it as were asked for, once. */
  function anew(): InspectionItem {
    const seq = ring.last()
    left = rows()
    cursor = Math.max(ring.first() - 1, seq - wanted)
    // Of a history that moves on while it is read the beginning would be lost again and again.
    wanted = 0
    return begin(seq, false, left.length)
  }

  function next(): InspectionItem {
    if (left.length > 0) {
      const actors = left.slice(0, limits.inspectionPage)
      left = left.slice(limits.inspectionPage)
      return { type: 'actors', actors }
    }
    if (cursor === null || cursor + 1 < ring.first()) return anew()
    const records = ring.read(cursor + 1, limits.inspectionBatch)
    cursor = records.at(-1)?.seq ?? ring.last()
    return { type: 'records', records }
  }

  const hasMore = (): boolean => !over && (left.length > 0 || cursor === null || cursor < ring.last())
  function tell(): void {
    if (busy) return
    busy = true
    for (let told = 0; hasMore(); told++) {
      if (told >= itemsInTurn) {
        // A history is long: all others have their turn between its parts.
        setImmediate(goOn)
        return
      }
      const room = sink.room()
      if (room !== undefined) {
        void room.then(goOn)
        return
      }
      sink.item(next())
    }
    busy = false
  }
  function goOn(): void {
    busy = false
    tell()
  }
  const stop = paced(tell)

  if (after !== null && after.run === run && after.seq <= ring.last() && after.seq + 1 >= ring.first()) {
    cursor = after.seq
    sink.item(begin(after.seq, true, 0))
  }
  tell()

  return () => {
    over = true
    left = []
    stop()
  }
}
