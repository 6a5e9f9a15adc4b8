import type { Fact } from '../protocol/facts.ts'
import type { FactQuery, RecordKind } from '../protocol/journal.ts'
import { limits } from '../protocol/limits.ts'
import { nameOf } from './gathered.ts'
import type { FactWrite, RecordWrite } from './messages.ts'
import { matcher } from './reading.ts'

/** Writes that wait for the disk. Of each record only the newest waits; facts are bounded, the oldest go first. */
export interface Queue {
  record(kind: RecordKind, key: string, json: string | null): void
  fact(fact: Fact): void
  /** Takes all of it out; it is still found by `facts` until it is `done` or put back. */
  take(): { readonly records: readonly RecordWrite[]; readonly facts: readonly FactWrite[] }
  done(): void
  putBack(): void
  readonly empty: boolean
  /** Facts that were dropped since the last call of `done`. */
  readonly dropped: number
  /** Facts that wait or are on their way, oldest first. */
  facts(query: FactQuery): Fact[]
}

/** Facts that wait while a commit goes on, however long the disk takes for it. */
const patientFacts = 10 * limits.journalQueuedFacts

export function createQueue(): Queue {
  let records = new Map<string, RecordWrite>()
  let facts: (FactWrite & { readonly fact: Fact })[] = []
  let taken: { readonly records: typeof records; readonly facts: typeof facts } = { records: new Map(), facts: [] }
  let dropped = 0
  /** While all is well much may be stated in one turn; what cannot be written has to be few. */
  let most: number = patientFacts
  const bound = (): void => {
    // Cut in lumps: taking one off the front of a long array costs as much as all of it.
    const lump = limits.journalQueuedFacts / 10
    if (facts.length <= most) return
    facts = facts.slice(lump)
    dropped += lump
  }
  const idle = (): typeof taken => ({ records: new Map(), facts: [] })

  return {
    record(kind, key, json) {
      records.set(nameOf(kind, key), { kind, key, json })
    },
    fact(fact) {
      facts.push({ seq: fact.seq, json: JSON.stringify(fact), fact })
      bound()
    },
    take() {
      taken = { records, facts }
      records = new Map()
      facts = []
      return { records: [...taken.records.values()], facts: taken.facts.map(({ seq, json }) => ({ seq, json })) }
    },
    done() {
      taken = idle()
      most = patientFacts
      dropped = 0
    },
    putBack() {
      records = new Map([...taken.records, ...records])
      facts = [...taken.facts, ...facts]
      taken = idle()
      most = limits.journalQueuedFacts
      while (facts.length > most) bound()
    },
    get empty() {
      return records.size === 0 && facts.length === 0
    },
    get dropped() {
      return dropped
    },
    facts(query) {
      const wanted = matcher(query)
      return [...taken.facts, ...facts].map(({ fact }) => fact).filter(wanted)
    },
  }
}
