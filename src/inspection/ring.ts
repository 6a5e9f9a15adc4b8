import type { InspectionRecord } from '../protocol/inspection.ts'
import { limits } from '../protocol/limits.ts'

/**
 * The last records, by their numbers. What is put in is what happened, as it is at hand; a record is made of it when
 * somebody reads it for the first time, and then takes its place.
 */

export interface RingBounds {
  readonly records: number
  /** What all of them may keep alive, bytes. */
  readonly bytes: number
}

export interface Ring<T> {
  /** The number of the last one; 0: there was none yet. */
  last(): number
  /** The number of the first one that is still there; last + 1 where none is. */
  first(): number
  /** `weight`: about how many bytes it keeps alive. Answers its number. */
  push(one: T, weight: number): number
  /** Up to so many records from this number on. */
  read(from: number, most: number): InspectionRecord[]
  /** What all of them keep alive, bytes, about. */
  weight(): number
}

/** Of the slot itself, and of what every record has, bytes. */
const base = 160

export function createRing<T>(
  make: (one: T, seq: number) => InspectionRecord,
  { records, bytes }: RingBounds = { records: limits.inspectionRecords, bytes: limits.inspectionBytes },
): Ring<T> {
  const raw: Array<T | undefined> = []
  const made: Array<InspectionRecord | undefined> = []
  const weights: number[] = []
  let last = 0
  let first = 1
  let total = 0

  function drop(): void {
    const slot = first % records
    total -= weights[slot] ?? 0
    raw[slot] = undefined
    made[slot] = undefined
    first++
  }

  return {
    last: () => last,
    first: () => first,
    weight: () => total,
    push(one, weight) {
      const seq = last + 1
      if (seq - first >= records) drop()
      const slot = seq % records
      const whole = weight + base
      raw[slot] = one
      made[slot] = undefined
      weights[slot] = whole
      total += whole
      last = seq
      while (total > bytes && first < last) drop()
      return seq
    },
    read(from, most) {
      const found: InspectionRecord[] = []
      const until = Math.min(last, from + most - 1)
      for (let seq = Math.max(first, from); seq <= until; seq++) {
        const slot = seq % records
        const kept = raw[slot]
        const record = made[slot] ?? (kept === undefined ? undefined : make(kept, seq))
        made[slot] = record
        // What it was made of is not needed any more.
        raw[slot] = undefined
        if (record !== undefined) found.push(record)
      }
      return found
    },
  }
}
