import { duplexPair, PassThrough, type Duplex } from 'node:stream'
import type { Listener, Transport } from '../protocol/link.ts'
import { linkOf, lobby } from './stream-link.ts'

/** Links within one process: the reference transport, and what system tests run on. */
export function memory(): Transport {
  const listeners = new Map<string, (stream: Duplex) => void>()
  let unnamed = 0

  return {
    scheme: 'memory',
    dial(address, emit) {
      const accept = listeners.get(address)
      if (accept === undefined) {
        const nowhere = new PassThrough()
        const link = linkOf(nowhere, emit)
        nowhere.destroy(Object.assign(new Error('nobody listens there'), { code: 'ECONNREFUSED' }))
        return link
      }
      const [mine, theirs] = duplexPair()
      tie(mine, theirs)
      tie(theirs, mine)
      const link = linkOf(mine, emit)
      setImmediate(() => {
        emit({ type: 'link.opened' })
        accept(theirs)
      })
      return link
    },
    listen(address, emit): Listener {
      const place = address === 'memory:' ? `memory:${++unnamed}` : address
      const waiting = lobby(emit)
      const taken = listeners.has(place)
      if (!taken) listeners.set(place, (stream) => waiting.admit(stream, 'memory'))
      setImmediate(() =>
        emit(
          taken
            ? { type: 'listener.closed', reason: { kind: 'failed', because: `${place} is already in use` } }
            : { type: 'listener.bound', address: place },
        ),
      )
      return {
        claim: waiting.claim,
        close() {
          if (taken || !listeners.delete(place)) return
          waiting.clear()
          setImmediate(() => emit({ type: 'listener.closed', reason: { kind: 'local', because: 'closed' } }))
        },
      }
    },
  }
}

/** One end's end reaches the other: after what was sent when it was closed, at once when it was destroyed. */
function tie(one: Duplex, other: Duplex): void {
  one.once('close', () => {
    if (one.writableFinished && !other.readableEnded) other.once('end', () => setImmediate(() => other.destroy()))
    else setImmediate(() => other.destroy())
  })
}
