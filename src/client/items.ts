import { HyphaeError } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { openWire, type Wire } from './wire.ts'

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
  reject(error: HyphaeError): void
}

const done = { done: true, value: undefined } as const

/**
 * A stream has a connection of its own. A slow reader then holds back its own items and nothing else: on a shared one
 * it would hold back the answers that it may be waiting for.
 */
export function openItems<T>(path: string, method: string, input: unknown, closed: (items: Items<T>) => void): Items<T> {
  const unread: T[] = []
  const readers: Array<Reader<T>> = []
  let failure: HyphaeError | undefined
  let over = false
  let paused = false
  let wire: Wire | undefined

  function finish(error?: HyphaeError): void {
    if (over) return
    over = true
    failure = error
    for (const reader of readers.splice(0)) {
      if (failure === undefined) reader.resolve(done)
      else reader.reject(failure)
      failure = undefined
    }
    wire?.close()
    closed(items)
  }
  function take(item: T): void {
    const reader = readers.shift()
    if (reader !== undefined) {
      reader.resolve({ done: false, value: item })
      return
    }
    unread.push(item)
    if (paused || unread.length < limits.unreadItems) return
    paused = true
    wire?.pause()
  }

  // Items may come in the same chunk as the answer, before its promise has been looked at: one wire has one subscription.
  const opened = openWire(path, {
    notified(method, { item, because }) {
      if (over) return
      if (method === 'stream.item') take(item as T)
      else if (method === 'stream.end') finish(new HyphaeError('failed', `the stream ended: ${String(because)}`))
    },
    lost: finish,
  })
  const subscribe = async (): Promise<unknown> => {
    wire = await opened
    if (over) return wire.close()
    return wire.request(method, input)
  }
  const subscribed = subscribe()
  subscribed.catch(finish)

  const items: Items<T> = {
    [Symbol.asyncIterator]: () => items,
    next() {
      const item = unread.shift()
      if (item !== undefined) {
        if (paused && unread.length <= limits.unreadItems / 2) {
          paused = false
          wire?.resume()
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
        over = true
        for (const reader of readers.splice(0)) reader.resolve(done)
        await cancel(going, subscribed)
        closed(items)
      }
      return done
    },
  }
  return items
}

/** Says that the stream is not wanted any more, where there is one, and closes its connection. */
async function cancel(wire: Wire | undefined, subscribed: Promise<unknown>): Promise<void> {
  if (wire === undefined) return
  wire.resume()
  try {
    const answer = await subscribed
    const { subscription } = answer as { subscription: string }
    await wire.request('stream.cancel', { subscription }, limits.closeTime)
  } catch {
    // Lost, refused or ended meanwhile: there is nothing left to cancel.
  } finally {
    wire.close()
  }
}
