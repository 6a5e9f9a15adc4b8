import { setImmediate as breath } from 'node:timers/promises'
import type { FactQuery } from '../protocol/journal.ts'
import { limits } from '../protocol/limits.ts'
import { joined } from './gathered.ts'
import { belongs, partsOfFact, rowOf } from './rows.ts'
import { unseal } from './seal.ts'
import type { DatabaseSync } from './sqlite.ts'

/** Facts as JSON, oldest first, and how many rows were wrong; those are never served. */
export interface Read {
  readonly facts: readonly string[]
  readonly wrong: number
}

/** The fact that these rows hold together; undefined when one of them is missing or wrong. */
export function wholeFact(rows: readonly unknown[]): unknown {
  const pieces = new Map<number, string>()
  for (const sealed of rows) {
    const json = unseal(sealed)
    const row = json === undefined ? undefined : rowOf(json)
    if (row?.of !== 'fact') return undefined
    if ('value' in row.content) return row.content.value
    pieces.set(row.content.part, row.content.text)
    if (pieces.size === row.content.parts) return joined(pieces)
  }
  return undefined
}

/** Wall clock of the fact that these rows hold, ms. */
export function timeOf(rows: readonly unknown[]): number | undefined {
  const fact = wholeFact(rows)
  const time = typeof fact === 'object' && fact !== null && 'time' in fact ? fact.time : undefined
  const parsed = typeof time === 'string' ? Date.parse(time) : Number.NaN
  return Number.isNaN(parsed) ? undefined : parsed
}

/** Newest first within, so that a short query looks at few rows; in slices, so that commits come in between. */
export async function readFacts(db: DatabaseSync, query: FactQuery): Promise<Read> {
  const slice = db.prepare('SELECT id, sealed FROM fact WHERE id > ? AND id < ? ORDER BY id DESC LIMIT ?')
  const after = ((query.after ?? -1) + 1) * partsOfFact - 1
  const wanted = matcher(query)
  const facts: string[] = []
  let below = query.upTo === undefined ? Number.MAX_SAFE_INTEGER : (query.upTo + 1) * partsOfFact
  let wrong = 0
  /** Parts of one fact, as they come: the last part first. */
  let parts: unknown[] = []

  while (facts.length < query.limit) {
    // Closed meanwhile: what has been found is all there will be.
    if (!db.isOpen) break
    const rows = slice.all(after, below, limits.journalSlice)
    for (const { id, sealed } of rows) {
      below = Number(id)
      const part = below % partsOfFact
      if (part > 1) {
        parts.unshift(sealed)
        continue
      }
      const whole = [sealed, ...parts]
      parts = []
      const fact = part === 0 ? wantedFact(sealed, below, query) : wholeFact(whole)
      if (fact === undefined) wrong++
      else if (fact !== null && wanted(fact)) facts.push(JSON.stringify(fact))
      if (facts.length >= query.limit) break
    }
    if (rows.length < limits.journalSlice) break
    await breath()
  }
  return { facts: facts.toReversed(), wrong }
}

/** The fact in a row; null where its text already tells that it is about another; undefined where the row is wrong. */
function wantedFact(sealed: unknown, id: number, { about }: FactQuery): unknown {
  const json = unseal(sealed)
  if (json === undefined || !belongs(json, id)) return undefined
  // A few names are looked for in the text, which is faster than to parse it; many are not.
  if (about && about.length <= 8 && !about.some((one) => json.includes(JSON.stringify(one)))) return null
  return wholeFact([sealed])
}

/** Whether a query wants a fact. */
export function matcher({ after = -1, upTo = Infinity, since, about, types }: FactQuery): (fact: unknown) => boolean {
  const addresses = about && new Set<unknown>(about)
  const kinds = types && new Set<unknown>(types)
  return (fact) => {
    if (typeof fact !== 'object' || fact === null) return false
    const { seq, time, type, about: address } = fact as Readonly<Record<string, unknown>>
    if (typeof seq !== 'number' || seq <= after || seq > upTo) return false
    if (since !== undefined && !(typeof time === 'string' && Date.parse(time) >= since)) return false
    if (kinds?.has(type) === false) return false
    return addresses?.has(address) ?? true
  }
}
