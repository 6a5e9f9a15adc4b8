import type { InspectionRecord } from '../../../src/protocol/inspection.ts'
import { bounds } from './bounds.ts'

/** The records that are known, oldest first, by their numbers. Beyond a bound the oldest are dropped. */
export interface RecordStore {
  readonly list: readonly InspectionRecord[]
  clear(): void
  add(record: InspectionRecord): void
  /** How many there are with a number up to this one. */
  upTo(seq: number): number
}

export function createRecordStore(most: number = bounds.records, slack: number = bounds.recordsSlack): RecordStore {
  const list: InspectionRecord[] = []
  return {
    list,
    clear() {
      list.length = 0
    },
    add(record) {
      list.push(record)
      if (list.length >= most + slack) list.splice(0, list.length - most)
    },
    upTo(seq) {
      let [low, high] = [0, list.length]
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((list[middle]?.seq ?? 0) <= seq) low = middle + 1
        else high = middle
      }
      return low
    },
  }
}
