import { limits } from '../../protocol/limits.ts'
import { SerdeError, type Scanned, type SerdeText } from './serde-text.ts'

/** Values of known types out of a text, as serde's derived readers take them: in the order of the text, first fault first. */

export type Reader<T> = (text: SerdeText) => T

const cut = (word: string): string => (word.length > limits.quotedText ? `${word.slice(0, limits.quotedText)}…` : word)

/** As Rust shows a string to developers. */
const debugged = (word: string): string =>
  JSON.stringify(cut(word))
    .replaceAll('\\b', '\\u{8}')
    .replaceAll('\\f', '\\u{c}')
    .replaceAll(/\\u00([01])([0-9a-f])/g, (_, high: string, low: string) => `\\u{${high === '0' ? '' : high}${low}}`)

const numberInWords = ({ kind, value, text }: Scanned): string => {
  if (kind !== 'float') return `integer \`${text}\``
  return `floating point \`${Number.isInteger(value) && Math.abs(value) < 1e16 ? value.toFixed(1) : String(value)}\``
}

/** What stands there is something else. A list or a map is not read for it. */
function wrongType(text: SerdeText, expected: string): never {
  const c = text.peek()
  const found = ((): string => {
    switch (c) {
      case 'n':
        text.word('null')
        return 'null'
      case 't':
        text.word('true')
        return 'boolean `true`'
      case 'f':
        text.word('false')
        return 'boolean `false`'
      case '"':
        return `string ${debugged(text.string())}`
      case '[':
        return 'sequence'
      case '{':
        return 'map'
      case '':
        return text.failNext('EOF while parsing a value')
      default:
        return c === '-' || (c >= '0' && c <= '9') ? numberInWords(text.number()) : text.failNext('expected value')
    }
  })()
  return text.fail(`invalid type: ${found}, expected ${expected}`)
}

export const string: Reader<string> = (text) => (text.peek() === '"' ? text.string() : wrongType(text, 'a string'))

export const boolean: Reader<boolean> = (text) => {
  const c = text.peek()
  if (c !== 't' && c !== 'f') return wrongType(text, 'a boolean')
  text.word(c === 't' ? 'true' : 'false')
  return c === 't'
}

export const unsigned: Reader<number> = (text) => {
  const c = text.peek()
  if (c !== '-' && (c < '0' || c > '9')) return wrongType(text, 'u64')
  const found = text.number()
  if (found.kind === 'signed') text.fail(`invalid value: ${numberInWords(found)}, expected u64`)
  if (found.kind === 'float') text.fail(`invalid type: ${numberInWords(found)}, expected u64`)
  return found.value
}

/** Nothing, written as null. */
export const unit: Reader<null> = (text) => {
  if (text.peek() !== 'n') return wrongType(text, 'unit')
  text.word('null')
  return null
}

export const optional =
  <T>(read: Reader<T>): Reader<T | null> =>
  (text) => {
    if (text.peek() !== 'n') return read(text)
    text.word('null')
    return null
  }

export const list =
  <T>(read: Reader<T>): Reader<readonly T[]> =>
  (text) => {
    if (text.peek() !== '[') return wrongType(text, 'a sequence')
    text.take()
    const found: T[] = []
    for (let first = true; ; first = false) {
      const c = text.peek()
      if (c === '') text.failNext('EOF while parsing a list')
      if (c === ']') break
      if (!first) {
        if (c !== ',') text.failNext('expected `,` or `]`')
        text.take()
        if (text.peek() === ']') text.failNext('trailing comma')
        if (text.peek() === '') text.failNext('EOF while parsing a value')
      }
      found.push(read(text))
    }
    text.take()
    return found
  }

/** Takes the pairs of an object, up to and with its end. The value is taken by `each`, after it has judged the key. */
function pairs(text: SerdeText, each: (key: string) => void): void {
  text.take()
  for (let first = true; ; first = false) {
    const c = text.peek()
    if (c === '') text.failNext('EOF while parsing an object')
    if (c === '}') break
    if (!first) {
      if (c !== ',') text.failNext('expected `,` or `}`')
      text.take()
    }
    const start = text.peek()
    if (start === '') text.failNext('EOF while parsing a value')
    if (start === '}') text.failNext('trailing comma')
    if (start !== '"') text.failNext('key must be a string')
    each(text.string())
  }
  text.take()
}

/** Names and values; the last of a name counts. A name that reaches for the prototype is dropped. */
export const map: Reader<Readonly<Record<string, string>>> = (text) => {
  if (text.peek() !== '{') return wrongType(text, 'a map')
  const found: Record<string, string> = {}
  pairs(text, (key) => {
    text.colon()
    const value = string(text)
    if (key !== '__proto__') found[key] = value
  })
  return found
}

interface Field<T> {
  readonly read: Reader<T>
  /** Absent is the same as null. */
  readonly optional?: boolean
}
type Fields = Readonly<Record<string, Field<unknown>>>
type Struct<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

export const needed = <T>(read: Reader<T>): Field<T> => ({ read })
export const maybe = <T>(read: Reader<T>): Field<T | null> => ({ read: optional(read), optional: true })

/** An object with these fields; what else it has is ignored. */
export const struct =
  <F extends Fields>(name: string, fields: F): Reader<Struct<F>> =>
  (text) => {
    if (text.peek() !== '{') return wrongType(text, name)
    const found = new Map<string, unknown>()
    pairs(text, (key) => {
      const field = Object.hasOwn(fields, key) ? fields[key] : undefined
      if (field !== undefined && found.has(key)) {
        if (text.peek() === '}') text.take()
        text.fail(`duplicate field \`${key}\``)
      }
      text.colon()
      if (field === undefined) text.ignore()
      else found.set(key, field.read(text))
    })
    const missing = Object.keys(fields).find((key) => !found.has(key) && fields[key]?.optional !== true)
    if (missing !== undefined) text.fail(`missing field \`${missing}\``)
    return Object.fromEntries(Object.keys(fields).map((key) => [key, found.get(key) ?? null])) as Struct<F>
  }

/** A variant: with fields, written `{"Name":{…}}`, or without, written `"Name"` or `{"Name":null}`. */
export interface Variant<T> {
  readonly fields: boolean
  readonly read: Reader<T>
}

/** One of several variants. `unnamed` ones are taken, but not listed to whoever writes another. */
export const oneOf =
  <T>(variants: Readonly<Record<string, Variant<T>>>, unnamed: readonly string[] = []): Reader<T> =>
  (text) => {
    const named = (): Variant<T> => {
      const name = text.peek() === '"' ? text.string() : wrongType(text, 'variant identifier')
      const variant = Object.hasOwn(variants, name) ? variants[name] : undefined
      if (variant !== undefined) return variant
      const known = Object.keys(variants).filter((one) => !unnamed.includes(one))
      return text.fail(`unknown variant \`${cut(name)}\`, expected one of ${known.map((one) => `\`${one}\``).join(', ')}`)
    }
    const c = text.peek()
    if (c === '') text.failNext('EOF while parsing a value')
    if (c === '"') {
      const variant = named()
      // The original has no place for this one.
      if (variant.fields) throw new SerdeError('invalid type: unit variant, expected struct variant')
      return variant.read(text)
    }
    if (c !== '{') text.failNext('expected value')
    text.take()
    if (text.peek() === '') text.failNext('EOF while parsing a value')
    const { fields, read } = named()
    text.colon()
    if (!fields) unit(text)
    const value = read(text)
    const end = text.peek()
    if (end === '') text.fail('EOF while parsing an object')
    if (end !== '}') text.fail('expected value')
    text.take()
    return value
  }
