import { HyphaeError } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { abortOf, type Wire, type WireListener } from './wire.ts'

/**
 * The items of one stream. It ends by `return` (a `break` does it); it throws when the other side ends it or is lost,
 * after everything that came before.
 */
export interface Items<T> extends AsyncIterableIterator<T, undefined> {
  next(): Promise<IteratorResult<T, undefined>>
  /** Cancels the stream. What was not read yet is dropped. */
  return(): Promise<IteratorResult<T, undefined>>
}

interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void
  reject(error: Error): void
}

export interface ItemsParts {
  /** Opens a connection for this stream alone. */
  open(listener: WireListener): Promise<Wire>
  readonly method: string
  readonly input: unknown
  readonly signal?: AbortSignal | undefined
  /** The stream is over; there is nothing left to end. */
  ended(): void
  /** The other side has taken it. */
  readonly begun?: (() => void) | undefined
}

export const done = { done: true, value: undefined } as const

/**
 * A stream has a connection of its own. A slow reader then holds back its own items and nothing else: on a shared one
 * it would hold back the answers that it may be waiting for.
 */
export function openItems<T>({ open, method, input, signal, ended, begun }: ItemsParts): Items<T> {
  const unread: T[] = []
  const readers: Array<Reader<T>> = []
  let failure: Error | undefined
  let over = false
  let paused = false
  let wire: Wire | undefined

  const settle = (): void => {
    over = true
    signal?.removeEventListener('abort', abort)
  }
  function finish(error: Error): void {
    if (over) return
    settle()
    failure = error
    for (const reader of readers.splice(0)) {
      if (failure === undefined) reader.resolve(done)
      else reader.reject(failure)
      failure = undefined
    }
    wire?.close()
    ended()
  }
  function abort(): void {
    if (over || signal === undefined) return
    const going = wire
    wire = undefined
    unread.length = 0
    finish(abortOf(signal))
    void cancel(going, subscribed)
  }
  function take(item: T): void {
    const reader = readers.shift()
    if (reader !== undefined) {
      reader.resolve({ done: false, value: item })
      return
    }
    unread.push(item)
    if (paused || unread.length < limits.unreadItems) return
    if (wire?.pause !== undefined) {
      paused = true
      wire.pause()
    } else if (wire !== undefined && unread.length >= limits.unheldItems) {
      finish(
        new HyphaeError(
          'overloaded',
          `${limits.unheldItems} items of ${method} were waiting to be read, and nothing holds more back`,
        ),
      )
    }
  }

  // Items may come in the same chunk as the answer, before its promise has been looked at: one wire has one subscription.
  const subscribe = async (): Promise<unknown> => {
    if (signal?.aborted === true) throw abortOf(signal)
    wire = await open({
      notified(event, { item, because }) {
        if (over) return
        if (event === 'stream.item') take(item as T)
        else if (event === 'stream.end')
          finish(new HyphaeError('failed', `the stream ended: ${String(because)}`, { ended: true }))
      },
      lost: finish,
    })
    if (over) return wire.close()
    const answer = await wire.request(method, input)
    begun?.()
    return answer
  }
  signal?.addEventListener('abort', abort)
  const subscribed = subscribe()
  subscribed.catch((error: unknown) => finish(error as Error))

  const items: Items<T> = {
    [Symbol.asyncIterator]: () => items,
    next() {
      const item = unread.shift()
      if (item !== undefined) {
        if (paused && unread.length <= limits.unreadItems / 2) {
          paused = false
          wire?.resume?.()
        }
        return Promise.resolve({ done: false, value: item })
      }
      if (failure !== undefined) {
        const error = failure
        failure = undefined
        return Promise.reject(error)
      }
      if (over) return Promise.resolve(done)
      return new Promise((resolve, reject) => readers.push({ resolve, reject }))
    },
    async return() {
      unread.length = 0
      failure = undefined
      if (!over) {
        const going = wire
        settle()
        for (const reader of readers.splice(0)) reader.resolve(done)
        await cancel(going, subscribed)
        ended()
      }
      return done
    },
  }
  return items
}

/** Says that the stream is not wanted any more, where there is one, and closes its connection. */
async function cancel(wire: Wire | undefined, subscribed: Promise<unknown>): Promise<void> {
  if (wire === undefined) return
  wire.resume?.()
  try {
    const answer = await subscribed
    const { subscription } = answer as { subscription: string }
    await wire.request('stream.cancel', { subscription }, { timeout: limits.closeTime })
  } catch {
    // Lost, refused or ended meanwhile: there is nothing left to cancel.
  } finally {
    wire.close()
  }
}
