import type { Duplex } from 'node:stream'
import { messageOf, systemCode } from '../protocol/errors.ts'
import type { CloseReason, Emit, Link, LinkEvent, LinkId, ListenerEvent } from '../protocol/link.ts'
import { limits } from '../protocol/limits.ts'

/** A link over any duplex stream of bytes. Every path out of it ends in exactly one `link.closed`. */
export function linkOf(stream: Duplex, emit: Emit<LinkEvent>): Link {
  let reason: CloseReason = { kind: 'remote' }
  let closing = false

  stream.on('data', (chunk: Buffer) => emit({ type: 'link.data', chunk }))
  stream.on('end', () => emit({ type: 'link.ended' }))
  stream.on('drain', () => emit({ type: 'link.drained' }))
  stream.on('error', (error) => {
    if (!closing)
      reason = systemCode(error) === 'ECONNREFUSED' ? { kind: 'refused' } : { kind: 'failed', because: messageOf(error) }
  })
  stream.on('close', () => emit({ type: 'link.closed', reason }))

  const leave = (because: string): boolean => {
    if (closing || stream.destroyed) return false
    closing = true
    reason = { kind: 'local', because }
    return true
  }
  return {
    send: (bytes) => !stream.destroyed && !stream.writableEnded && stream.write(bytes),
    get queued() {
      return stream.writableLength
    },
    pause: () => {
      stream.pause()
    },
    resume: () => {
      stream.resume()
    },
    end() {
      if (!stream.destroyed) stream.end()
    },
    close(because) {
      if (leave(because)) stream.end(() => stream.destroy())
    },
    destroy(because) {
      leave(because)
      stream.destroy()
    },
  }
}

/**
 * Accepted streams that wait for their owner. Nothing is read from one before it is claimed; their number is bounded.
 * `proved`: it is known who is at the other end of this one.
 */
export function lobby<S extends Duplex>(emit: Emit<ListenerEvent>, proved?: (stream: S) => void) {
  const waiting = new Map<LinkId, S>()
  let count = 0
  return {
    admit(stream: S, peer: string): void {
      if (waiting.size >= limits.unclaimedLinks) {
        stream.destroy()
        return
      }
      const link = `l${++count}`
      waiting.set(link, stream)
      // One that goes before it is claimed is nobody's.
      const forget = (): void => {
        waiting.delete(link)
      }
      stream.once('error', forget)
      stream.once('close', forget)
      emit({ type: 'listener.accepted', link, peer })
    },
    claim(id: LinkId, emitLink: Emit<LinkEvent>): Link | undefined {
      const stream = waiting.get(id)
      waiting.delete(id)
      if (stream === undefined || stream.destroyed) return undefined
      const link = linkOf(stream, emitLink)
      if (proved !== undefined) link.proved = () => proved(stream)
      emitLink({ type: 'link.opened' })
      return link
    },
    clear(): void {
      for (const stream of waiting.values()) stream.destroy()
      waiting.clear()
    },
  }
}
