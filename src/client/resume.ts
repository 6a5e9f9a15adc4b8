import { formatDuration } from '../protocol/duration.ts'
import { HyphaeError } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { done, type Items } from './items.ts'
import { abortOf } from './wire.ts'

/** A stream that outlives its connections. */

export interface ResumeParts<T> {
  /** Opens the stream anew, behind what was heard; `before`: items to hear first. `begun` is called once it is taken. */
  open(begun: () => void): Promise<{ readonly before?: readonly T[]; readonly items: Items<T> }>
  /** Hears every item before the reader does; false keeps it from the reader. */
  heard(item: T): boolean
  readonly reconnect: boolean
  readonly signal?: AbortSignal | undefined
  ended(): void
}

/** Tried again later it may work. */
const isPassing = (error: unknown): error is HyphaeError =>
  error instanceof HyphaeError &&
  (['unavailable', 'overloaded', 'shutting_down', 'timeout'].includes(error.code) || error.data['ended'] === true)

export function resuming<T>({ open, heard, reconnect, signal, ended }: ResumeParts<T>): Items<T> {
  const before: T[] = []
  let current: Items<T> | undefined
  let over = false
  /** The reason of the signal, until somebody was told. */
  let aborted: Error | undefined
  let wake: () => void = () => {}
  /** When this connection was taken, ms; undefined while there is none. */
  let begun: number | undefined
  let lostAt: number | undefined
  let tries = 0
  let turn: Promise<unknown> = Promise.resolve()

  const finish = (): void => {
    if (over) return
    over = true
    signal?.removeEventListener('abort', abort)
    wake()
    ended()
  }
  function abort(): void {
    if (signal !== undefined) aborted = abortOf(signal)
    finish()
    void current?.return()
  }
  signal?.addEventListener('abort', abort)
  // In a turn of its own: whoever makes this must have it first.
  if (signal?.aborted === true) queueMicrotask(abort)

  /** One that was taken and told something, or lived for a while, was a good one: what ended it is a new trouble. */
  const wasGood = (): void => {
    tries = 0
    lostAt = undefined
  }
  async function begin(): Promise<Items<T>> {
    const opened = await open(() => (begun = performance.now()))
    before.push(...(opened.before ?? []))
    if (over) await opened.items.return()
    return opened.items
  }
  /** Waits before the next try, or throws when it is of no use. */
  async function pause(error: unknown): Promise<void> {
    current = undefined
    if (!reconnect || !isPassing(error)) throw error
    const now = performance.now()
    if (begun !== undefined && now - begun > limits.reconnectPause) wasGood()
    begun = undefined
    lostAt ??= now
    if (now - lostAt > limits.reconnectTime) {
      throw new HyphaeError(error.code, `${error.message}; tried again for ${formatDuration(limits.reconnectTime)}`, error.data)
    }
    // Not all at once, when many have lost the same one.
    const most = Math.min(limits.reconnectPause, limits.reconnectFirstPause * 2 ** tries++)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, most * (0.5 + Math.random() / 2))
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
  async function step(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (over) break
      try {
        current ??= await begin()
        const early = before.shift()
        const next = early === undefined ? await current.next() : { done: false as const, value: early }
        if (next.done === true) break
        wasGood()
        if (heard(next.value)) return next
      } catch (error) {
        if (over) break
        try {
          await pause(error)
        } catch (fatal) {
          finish()
          throw fatal
        }
      }
    }
    finish()
    if (aborted === undefined) return done
    const error = aborted
    aborted = undefined
    throw error
  }

  const items: Items<T> = {
    [Symbol.asyncIterator]: () => items,
    next() {
      // One after the other, whoever asks: each may have to connect anew.
      const asked = turn.then(step)
      turn = asked.catch(() => {})
      return asked
    },
    async return() {
      before.length = 0
      finish()
      await current?.return()
      return done
    },
  }
  return items
}
