import { HyphaeError, messageOf } from './errors.ts'
import { limits } from './limits.ts'

/** How deep a JSON text nests, counted on the text: brackets inside strings do not count. Stops at `limit + 1`. */
export function depthOf(text: string, limit: number): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (inString) {
      if (c === 0x5c) i++
      else if (c === 0x22) inString = false
    } else if (c === 0x22) {
      inString = true
    } else if (c === 0x7b || c === 0x5b) {
      depth++
      if (depth > deepest) deepest = depth
      if (deepest > limit) return deepest
    } else if (c === 0x7d || c === 0x5d) {
      depth--
    }
  }
  return deepest
}

/** Parses JSON from outside. The depth is bounded before anything is built; `__proto__` keys are dropped. */
export function parseJson(text: string): unknown {
  if (depthOf(text, limits.jsonDepth) > limits.jsonDepth) {
    throw new HyphaeError('too_large', `JSON may nest at most ${limits.jsonDepth} levels deep`)
  }
  try {
    return JSON.parse(text, text.includes('__proto__') ? dropPrototype : undefined) as unknown
  } catch (error) {
    throw new HyphaeError('parse_error', `not valid JSON: ${messageOf(error).slice(0, limits.quotedText)}`)
  }
}

const dropPrototype = (key: string, value: unknown): unknown => (key === '__proto__' ? undefined : value)

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Does a value hold at most so many values, itself and all within it? Stops looking as soon as it is known. */
export function hasAtMost(count: number, value: unknown): boolean {
  let left = count
  const queue: unknown[] = [value]
  for (let next = queue.pop(); left > 0; next = queue.pop()) {
    left--
    if (typeof next === 'object' && next !== null) {
      const inner: unknown[] = Object.values(next)
      if (inner.length > left) return false
      queue.push(...inner)
    }
    if (queue.length === 0) return true
  }
  return false
}
