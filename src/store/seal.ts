import { crc32 } from 'node:zlib'

/**
 * Every row of the journal is one sealed text: `hyphae1 <crc32> <json>\n`. It says where it begins, where it ends and whether
 * it is whole, so that it can be found in the raw bytes of a file whose structure is lost.
 */
const mark = 'hyphae1 '
const hexDigits = 8
const jsonAt = mark.length + hexDigits + 1
const newline = 0x0a
/** Longest distance between mark and end that is looked at, bytes: a row lies within one page. */
const longest = 16 * 1024

export const seal = (json: string): string => `${mark}${crc32(json).toString(16).padStart(hexDigits, '0')} ${json}\n`

/** The JSON of a sealed text; undefined when anything about it is not as it was written. */
export function unseal(sealed: unknown): string | undefined {
  if (typeof sealed !== 'string' || !sealed.startsWith(mark) || !sealed.endsWith('\n')) return undefined
  const json = sealed.slice(jsonAt, -1)
  return seal(json) === sealed ? json : undefined
}

/** A sealed text met in raw bytes. `whole` is false where its checksum is wrong; then `json` is only how it begins. */
export interface Met {
  readonly json: string
  readonly whole: boolean
}

/** All sealed texts among some bytes, in order. */
export function* sealedTexts(bytes: Buffer): Generator<Met> {
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) {
    const end = bytes.subarray(at, at + longest).indexOf(newline)
    const sealed = bytes.toString('utf8', at, end < 0 ? at + 200 : at + end + 1)
    const json = unseal(sealed)
    yield json === undefined ? { json: sealed.slice(jsonAt, jsonAt + 100), whole: false } : { json, whole: true }
  }
}
