import { type RecordKind, recordKinds } from '../protocol/journal.ts'
import { seal } from './seal.ts'

/**
 * What stands in a row, as JSON. A record or fact too long for a page is cut into parts, so that no row ever continues on
 * another page: then one page that is lost takes only what stands on it, and raw bytes hold each row in one piece.
 */
export type Row = RecordRow | FactRow

/** `version` grows by one with every write to the journal, over all records: of two texts the higher one is newer. */
export interface RecordRow {
  readonly of: 'record'
  readonly kind: RecordKind
  readonly key: string
  readonly version: number
  /** `nothing`: only says that this version was written, so that an older one is not taken for the newest. */
  readonly content: Content | 'removed' | 'nothing'
}

export interface FactRow {
  readonly of: 'fact'
  readonly seq: number
  readonly content: Content
}

/** A whole value, or part `part` (from 1) of `parts` of its JSON. */
export type Content = { readonly value: unknown } | { readonly part: number; readonly parts: number; readonly text: string }

/** A row holds some 8,100 bytes; a character of JSON within JSON takes at most three. */
const partLength = 2_500
/** Ids of the rows of one fact: `seq * partsOfFact` whole, + 1 and so on for its parts. */
export const partsOfFact = 8_192

/** Sealed texts of a record; `head` repeats which version it is, because a flipped bit cannot hit both. */
export function sealRecord(kind: RecordKind, key: string, version: number, json: string | null) {
  const head = `{"kind":"${kind}","key":${JSON.stringify(key)},"version":${version}`
  const texts =
    json === null
      ? [`${head},"removed":true}`]
      : short(json)
        ? [`${head},"value":${json}}`]
        : cut(json).map((part) => `${head},${part}}`)
  return { head: seal(`${head}}`), texts: texts.map(seal) }
}

/** Sealed texts of a fact and the ids of their rows. */
export function sealFact(seq: number, json: string): { readonly id: number; readonly sealed: string }[] {
  const id = seq * partsOfFact
  if (short(json)) return [{ id, sealed: seal(`{"seq":${seq},"fact":${json}}`) }]
  return cut(json).map((part, at) => ({ id: id + at + 1, sealed: seal(`{"seq":${seq},${part}}`) }))
}

const short = (json: string): boolean => json.length <= partLength

function cut(json: string): string[] {
  const parts = Math.ceil(json.length / partLength)
  return Array.from({ length: parts }, (_, at) => {
    const text = JSON.stringify(json.slice(at * partLength, (at + 1) * partLength))
    return `"part":${at + 1},"parts":${parts},"text":${text}`
  })
}

/** True when a fact's row has the id that belongs to it; parsing it would take ten times as long. */
export const belongs = (json: string, id: number): boolean => json.startsWith(`{"seq":${Math.floor(id / partsOfFact)},`)

/** Which fact a damaged text was, as far as its beginning tells. */
export function claimedSeq(json: string): number | undefined {
  const digits = /^\{"seq":(\d{1,12}),/.exec(json)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** Reads a row whose seal is right. undefined: it is not one of ours. */
export function rowOf(json: string): Row | undefined {
  const found: unknown = JSON.parse(json)
  if (typeof found !== 'object' || found === null) return undefined
  const { kind, key, version, seq, part, parts, text, removed } = found as Readonly<Record<string, unknown>>
  const partly =
    typeof part === 'number' && typeof parts === 'number' && typeof text === 'string' ? { part, parts, text } : undefined
  if (typeof seq === 'number') {
    const content = partly ?? ('fact' in found ? { value: found.fact } : undefined)
    return content && { of: 'fact', seq, content }
  }
  const known = recordKinds.find((one) => one === kind)
  if (known === undefined || typeof key !== 'string' || typeof version !== 'number') return undefined
  const content = partly ?? ('value' in found ? { value: found.value } : removed === true ? 'removed' : 'nothing')
  return { of: 'record', kind: known, key, version, content }
}
