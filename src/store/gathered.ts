import type { JournalRecord, RecordKind } from '../protocol/journal.ts'
import type { Content, RecordRow } from './rows.ts'

/** What is known of one record from the rows met so far: its newest version. */
export interface Known {
  readonly kind: RecordKind
  readonly key: string
  version: number
  /** `nothing`: that version is known to exist, and has not been met (whole) yet. */
  state: 'nothing' | 'removed' | 'there'
  value: unknown
  /** Rows of the database that hold it. */
  ids: number[]
}

/** Puts rows together to records, in whatever order they come and however often; the newest version of each wins. */
export interface Gathered {
  /** `id`: where the row stands in the database, if it does. */
  add(row: RecordRow, id?: number): void
  readonly known: ReadonlyMap<string, Known>
  records(): JournalRecord[]
  /** Records whose newest version existed and is not there. */
  lost(): Known[]
}

export const nameOf = (kind: RecordKind, key: string): string => `${kind} ${key}`

export function gather(): Gathered {
  const known = new Map<string, Known>()
  const pieces = new Map<Known, Map<number, string>>()

  const fill = (one: Known, content: Content): void => {
    if (one.state === 'there') return
    if ('value' in content) {
      one.value = content.value
      one.state = 'there'
      return
    }
    const found = pieces.get(one) ?? new Map<number, string>()
    pieces.set(one, found.set(content.part, content.text))
    if (found.size < content.parts) return
    one.value = joined(found)
    one.state = 'there'
    pieces.delete(one)
  }

  return {
    known,
    add({ kind, key, version, content }, id) {
      const name = nameOf(kind, key)
      const one = known.get(name) ?? { kind, key, version, state: 'nothing', value: undefined, ids: [] }
      known.set(name, one)
      if (id !== undefined && !one.ids.includes(id)) one.ids.push(id)
      if (version < one.version) return
      if (version > one.version) {
        Object.assign(one, { version, state: 'nothing', value: undefined })
        pieces.delete(one)
      }
      if (content === 'removed') one.state = 'removed'
      else if (content !== 'nothing') fill(one, content)
    },
    records: () =>
      [...known.values()].filter(({ state }) => state === 'there').map(({ kind, key, value }) => ({ kind, key, value })),
    lost: () => [...known.values()].filter(({ state }) => state === 'nothing'),
  }
}

/** The value that was cut into these pieces. */
export function joined(pieces: ReadonlyMap<number, string>): unknown {
  const text = [...pieces].sort(([a], [b]) => a - b).map(([, piece]) => piece)
  return JSON.parse(text.join(''))
}
