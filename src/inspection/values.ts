import { messageOf } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { followsSecretName, isSecretName, leftOut, redactItem, redactText } from './redaction.ts'

/**
 * Any value as something that can be shown to others: of bounded size and depth, without secrets, and JSON. Nothing that a
 * value does (getters that throw, circles, proxies) gets out of here.
 */

export interface Bound {
  /** Characters of JSON, about. */
  readonly size: number
  readonly depth: number
}

/** Of one value in a record. */
export const recordBound: Bound = { size: limits.inspectedValue, depth: 4 }
/** Of one event: one level more, because it is a list of values itself. */
export const eventBound: Bound = { size: limits.inspectedValue, depth: 5 }
/** Of a context that was the last of its actor. */
export const lastBound: Bound = { size: 2 * limits.inspectedValue, depth: 5 }
/** Of one context that was asked for. */
export const contextBound: Bound = { size: limits.inspectedContext, depth: 6 }

export const unreadable = '‹unreadable›'

/** Is it XState's reference to an actor? */
const isActor = (value: object): value is { sessionId: string } =>
  'sessionId' in value && typeof value.sessionId === 'string' && 'getSnapshot' in value

const summary = (count: number, of: string): string => `${count} ${of}${count === 1 ? '' : 's'}`

/** Characters of one text that are looked at: what is shown of it is less, so that a secret cannot begin before and end behind. */
const looked = (most: number): number => 4 * most

/** A part of a text keeps the whole of it alive, as V8 has it; a copy does not. */
const partOf = (text: string, most: number): string => JSON.parse(JSON.stringify(text.slice(0, most))) as string

/** The value as JSON, within this many characters and levels. */
export function shown(value: unknown, { size, depth }: Bound = recordBound): unknown {
  let left = size
  const spend = <T>(cost: number, what: T): T => {
    left -= cost
    return what
  }

  function text(value: string, redact: (text: string, wasCut: boolean) => string): string {
    const most = Math.max(16, Math.min(limits.inspectedText, left))
    const wasCut = value.length > looked(most)
    const plain = redact(wasCut ? value.slice(0, looked(most)) : value, wasCut)
    if (plain.length <= most && !wasCut) return spend(plain.length + 2, plain)
    return spend(most + 2, `${partOf(plain, most)}… [${summary(value.length, 'character')}]`)
  }

  function list(items: Iterable<unknown>, count: number, levels: number): unknown {
    if (levels <= 0 || left <= 0 || count > limits.inspectedItems) return spend(12, `[${summary(count, 'item')}]`)
    const made: unknown[] = []
    let before: unknown
    for (const item of items) {
      if (left <= 0) {
        made.push(`… [${count - made.length} more]`)
        break
      }
      made.push(followsSecretName(before) ? spend(12, leftOut) : any(item, levels - 1, redactItem))
      before = item
    }
    return spend(2, made)
  }

  function fields(entries: ReadonlyArray<readonly [string, () => unknown]>, levels: number): unknown {
    if (entries.length === 0) return spend(2, {})
    if (levels <= 0 || left <= 0) return spend(12, `{${summary(entries.length, 'field')}}`)
    const made: Record<string, unknown> = {}
    let count = 0
    for (const [name, read] of entries) {
      if (left <= 0) {
        made['…'] = `${entries.length - count} more`
        break
      }
      count++
      if (name === '__proto__') continue
      const key = name.length > limits.inspectedText ? `${partOf(name, limits.inspectedText)}…` : name
      left -= key.length + 4
      try {
        const inner = read()
        if (inner === undefined) continue
        made[key] = isSecretName(name) && inner !== null ? spend(12, leftOut) : any(inner, levels - 1)
      } catch {
        made[key] = spend(14, unreadable)
      }
    }
    return made
  }

  function object(value: object, levels: number): unknown {
    if (isActor(value)) return spend(20, { actor: value.sessionId })
    if (Array.isArray(value)) return list(value, value.length, levels)
    if (value instanceof Map) {
      if (value.size > limits.inspectedItems) return spend(12, `{${summary(value.size, 'field')}}`)
      return fields(
        Array.from(value as Map<unknown, unknown>, ([name, inner]): [string, () => unknown] => [String(name), () => inner]),
        levels,
      )
    }
    if (value instanceof Set) return list(value, value.size, levels)
    if (value instanceof Date) return spend(26, Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString())
    if (value instanceof Error) return { error: text(messageOf(value), redactText) }
    if (value instanceof URL) return text(value.href, redactText)
    if (value instanceof RegExp) return text(String(value), redactText)
    if (ArrayBuffer.isView(value)) return spend(20, `[${summary(value.byteLength, 'byte')}]`)
    if (value instanceof Promise || value instanceof WeakRef) return spend(12, '[reference]')
    const keys = Object.keys(value)
    return fields(
      keys.map((key): [string, () => unknown] => [key, () => (value as Record<string, unknown>)[key]]),
      levels,
    )
  }

  function any(value: unknown, levels: number, redact = redactText): unknown {
    switch (typeof value) {
      case 'string':
        return text(value, redact)
      case 'number':
        // JSON has no -0.
        return spend(8, Number.isFinite(value) ? value + 0 : String(value))
      case 'boolean':
        return spend(5, value)
      case 'bigint':
        return text(`${value}n`, redactText)
      case 'function':
        return spend(12, 'ƒ')
      case 'symbol':
        return text(String(value), redactText)
      case 'undefined':
        return spend(4, null)
      case 'object':
        if (value === null) return spend(4, null)
        try {
          return object(value, levels)
        } catch {
          return spend(14, unreadable)
        }
    }
  }
  return any(value, depth)
}

/** Of a text for people: a reason. */
export function shownText(text: string): string {
  const most = limits.inspectedText
  const wasCut = text.length > looked(most)
  const plain = redactText(wasCut ? text.slice(0, looked(most)) : text, wasCut)
  return plain.length > most || wasCut ? `${partOf(plain, most)}…` : plain
}

/** About how many bytes a value keeps alive, where that is cheap to see; Infinity: more than `most`, or no plain data. */
export function weigh(value: unknown, most: number): number {
  try {
    return weighAny(value, most)
  } catch {
    return Infinity
  }
}

function weighAny(value: unknown, most: number): number {
  switch (typeof value) {
    case 'string':
      return value.length > most ? Infinity : value.length + 16
    case 'function':
    case 'symbol':
    case 'bigint':
      return Infinity
    case 'object':
      return value === null ? 8 : weighObject(value, most)
    case 'number':
    case 'boolean':
    case 'undefined':
      return 8
  }
}

function weighObject(value: object, most: number): number {
  let sum = 40
  if (Array.isArray(value)) {
    if (value.length * 8 > most) return Infinity
    for (const item of value as unknown[]) {
      sum += weighAny(item, most - sum)
      if (sum > most) return Infinity
    }
    return sum
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return Infinity
  for (const key in value) {
    sum += 16 + weighAny((value as Record<string, unknown>)[key], most - sum)
    if (sum > most) return Infinity
  }
  return sum
}
