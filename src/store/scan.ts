import { closeSync, openSync, readSync, statSync } from 'node:fs'
import type { JournalRecord } from '../protocol/journal.ts'
import { gather, type Gathered, joined } from './gathered.ts'
import { timeOf } from './reading.ts'
import { claimedSeq, type FactRow, rowOf, sealFact } from './rows.ts'
import { sealedTexts } from './seal.ts'

/**
 * Finds rows in the raw bytes of files, whatever has become of their structure. Each row stands in one piece on one page, so
 * this finds everything that SQL would find, and more.
 */
export interface Scan {
  readonly records: Gathered
  /** Numbers of facts that were met but could not be read. */
  readonly claimed: ReadonlySet<number>
  readonly lastSeq: number
}

/** `take` is given each fact once it is whole, as sealed texts; the same one may come again. */
export type Take = (seq: number, rows: ReturnType<typeof sealFact>) => void

/** A chunk repeats the end of the one before it, so that a row on their border is whole in one of them. */
const chunkBytes = 1024 * 1024
const repeatedBytes = 16 * 1024

export interface Source {
  readonly path: string
  readonly from?: number
}

export function scan(sources: readonly Source[], take: Take): Scan {
  const records = gather()
  const claimed = new Set<number>()
  const pieces = new Map<number, Map<number, string>>()
  let lastSeq = 0

  const addFact = ({ seq, content }: FactRow): void => {
    lastSeq = Math.max(lastSeq, seq)
    if ('value' in content) return take(seq, sealFact(seq, JSON.stringify(content.value)))
    const found = pieces.get(seq) ?? new Map<number, string>()
    pieces.set(seq, found.set(content.part, content.text))
    if (found.size < content.parts) return
    pieces.delete(seq)
    take(seq, sealFact(seq, JSON.stringify(joined(found))))
  }
  for (const { path, from = 0 } of sources) {
    for (const bytes of chunks(path, from)) {
      for (const { json, whole } of sealedTexts(bytes)) {
        const row = whole ? rowOf(json) : undefined
        if (row?.of === 'record') records.add(row)
        else if (row) addFact(row)
        else {
          const seq = claimedSeq(json)
          if (seq !== undefined) claimed.add(seq)
        }
      }
    }
  }
  for (const seq of pieces.keys()) claimed.add(seq)
  return { records, claimed, lastSeq }
}

function* chunks(path: string, from: number): Generator<Buffer> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return
  const file = openSync(path, 'r')
  const chunk = Buffer.alloc(chunkBytes)
  try {
    for (let at = from; ; at += chunkBytes - repeatedBytes) {
      const length = readSync(file, chunk, 0, chunkBytes, at)
      yield chunk.subarray(0, length)
      if (length < chunkBytes) return
    }
  } finally {
    closeSync(file)
  }
}

/** What stands in files that SQLite cannot open now: better than to begin without. */
export function readRaw(sources: readonly Source[]): {
  readonly records: JournalRecord[]
  readonly lastSeq: number
  /** Wall clock of the newest fact that is whole, ms. */
  readonly newest: number | null
} {
  let last: { readonly seq: number; readonly rows: Parameters<Take>[1] } | undefined
  const { records, lastSeq } = scan(sources, (seq, rows) => {
    if (seq >= (last?.seq ?? 0)) last = { seq, rows }
  })
  const newest = timeOf((last?.rows ?? []).map(({ sealed }) => sealed)) ?? null
  return { records: records.records(), lastSeq, newest }
}
