import { limits } from './protocol/limits.ts'

/** What may happen very often is told at once, and then once in a while with how often it has happened. */

export interface Repeats<T> {
  /** `key`: what counts as the same. */
  note(key: string, sample: T): void
  /** Tells what has been counted, and nothing more. */
  stop(): void
}

interface Counted<T> {
  sample: T
  count: number
  readonly timer: NodeJS.Timeout
}

/** The key of those for which there is no place any more. */
const others = ''

export function createRepeats<T>(
  tell: (sample: T, count: number) => void,
  { window = limits.repeatWindow, most = limits.repeatKeys }: { readonly window?: number; readonly most?: number } = {},
): Repeats<T> {
  const counted = new Map<string, Counted<T>>()
  let stopped = false

  const told = (key: string): boolean => {
    const one = counted.get(key)
    if (one === undefined || one.count === 0) return false
    const { sample, count } = one
    one.count = 0
    tell(sample, count)
    return true
  }
  const look = (key: string): void => {
    if (told(key)) return
    clearInterval(counted.get(key)?.timer)
    counted.delete(key)
  }
  return {
    note(given, sample) {
      if (stopped) return
      const key = counted.has(given) || counted.size < most ? given : others
      const known = counted.get(key)
      if (known !== undefined) {
        known.count++
        known.sample = sample
        return
      }
      const timer = setInterval(() => look(key), window)
      timer.unref()
      counted.set(key, { sample, count: 0, timer })
      tell(sample, 1)
    },
    stop() {
      stopped = true
      for (const [key, { timer }] of counted) {
        clearInterval(timer)
        told(key)
      }
      counted.clear()
    },
  }
}
