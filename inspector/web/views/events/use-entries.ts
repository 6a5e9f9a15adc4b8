import { useMemo, useRef } from 'preact/hooks'
import type { Inspector } from '../../model/inspector.ts'
import { bounds } from '../bounds.ts'
import { createSelection, journalOf, type Entry } from './journal.ts'

/** The entries that pass, up to the moment that is shown; while it is paused, those that were there then. */

export interface Entries {
  readonly list: readonly Entry[]
  /** How many have come since the pause. */
  readonly waiting: number
}

/** `accepts` may change when `key` does. */
export function useEntries(inspector: Inspector, accepts: (entry: Entry) => boolean, key: string, paused: boolean): Entries {
  const journal = journalOf(inspector)
  journal.take(inspector.records.value.list)
  const select = useMemo(() => createSelection(accepts), [key, inspector])
  const all = select(journal.entries)
  const pausedAt = useRef<number | null>(null)
  if (!paused) pausedAt.current = null
  else pausedAt.current ??= journal.entries.at(-1)?.seq ?? 0
  const until = pausedAt.current
  if (until === null) return { list: all, waiting: 0 }
  const waiting = all.length - 1 - all.findLastIndex(({ seq }) => seq <= until)
  return { list: waiting === 0 ? all : all.slice(0, all.length - waiting), waiting }
}

/** The types of the newest of them, to choose from: looked for anew with another `key`, and now and then as they grow. */
export const useTypes = (list: readonly Entry[], key: string): readonly string[] =>
  useMemo(
    () => [...new Set(list.slice(-bounds.typedEntries).map(({ event }) => event))].sort(),
    [key, Math.floor(list.length / bounds.typesEvery)],
  )
