import { Buffer } from 'node:buffer'
import type { RawData, WebSocket } from 'ws'
import { formatDuration } from '../protocol/duration.ts'
import { messageOf, systemCode } from '../protocol/errors.ts'
import { orchestratorEnds, type CloseReason, type Emit, type Link, type LinkEvent } from '../protocol/link.ts'
import { limits } from '../protocol/limits.ts'

/** Close codes of RFC 6455 that we use. */
const codes = { done: 1000, goingAway: 1001, unsupported: 1003, tryLater: 1013 } as const

export interface WebSocketTimes {
  /** From ping to ping, ms. */
  readonly ping: number
  /** How long the other side may take to answer our close, ms. */
  readonly close: number
}

/** The reason, cut to what a close frame has room for, and never within a character. */
export function reasonOf(because: string): string {
  const bytes = Buffer.from(because)
  if (bytes.length <= limits.webSocketReason) return because
  let end: number = limits.webSocketReason
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}

/** A link over one WebSocket: each text frame is one message. Every path out of it ends in exactly one `link.closed`. */
export function webSocketLink(socket: WebSocket, emit: Emit<LinkEvent>, times: WebSocketTimes): Link {
  let reason: CloseReason = { kind: 'remote' }
  let leaving = false
  let full = false
  let deadline: NodeJS.Timeout | undefined

  const bytesOf = (chunk: RawData): Uint8Array =>
    Array.isArray(chunk) ? Buffer.concat(chunk) : chunk instanceof ArrayBuffer ? new Uint8Array(chunk) : chunk
  /** It must have gone by then. */
  const expect = (): void => {
    deadline ??= setTimeout(() => socket.terminate(), times.close)
  }
  function leave(code: number, because: string): boolean {
    if (leaving || socket.readyState > 1) return false
    leaving = true
    reason = { kind: 'local', because }
    // One that we have stopped reading from could not say that it has understood.
    if (socket.isPaused) socket.resume()
    socket.close(code, reasonOf(because))
    return true
  }

  socket.on('message', (chunk, binary) => {
    if (leaving) return
    if (!binary) return emit({ type: 'link.data', chunk: bytesOf(chunk) })
    leave(codes.unsupported, 'messages are text')
    expect()
  })
  socket.on('error', (error) => {
    if (leaving) return
    reason = systemCode(error) === 'ECONNREFUSED' ? { kind: 'refused' } : { kind: 'failed', because: messageOf(error) }
    if (socket.readyState !== 0) expect()
  })
  let answered = true
  socket.on('pong', () => {
    answered = true
  })
  const pulse = setInterval(() => {
    // An answer could not be read now, or the question waits behind what the other side does not take: that is judged elsewhere.
    if (leaving || full || socket.isPaused || socket.readyState !== 1) return
    if (!answered) {
      reason = { kind: 'failed', because: `no answer to a ping within ${formatDuration(times.ping)}` }
      leaving = true
      socket.terminate()
      return
    }
    answered = false
    socket.ping()
  }, times.ping)
  socket.on('close', () => {
    clearInterval(pulse)
    clearTimeout(deadline)
    emit({ type: 'link.closed', reason })
  })

  /** Given before the handshake was done. */
  let early: Uint8Array[] = []
  let earlyBytes = 0
  /** Closed before that, with something to say: that is said first. */
  let closeOnceOpen: (() => void) | undefined
  socket.on('open', () => {
    for (const bytes of early) socket.send(bytes, { binary: false }, sent)
    early = []
    earlyBytes = 0
    closeOnceOpen?.()
  })
  const sent = (): void => {
    if (!full || socket.bufferedAmount > limits.webSocketQueue) return
    full = false
    if (!leaving && socket.readyState === 1) emit({ type: 'link.drained' })
  }
  return {
    framed: true,
    send(bytes) {
      if (leaving || closeOnceOpen !== undefined || socket.readyState > 1) return false
      if (socket.readyState === 0) {
        const given = Buffer.from(bytes)
        early.push(given)
        earlyBytes += given.length
      } else socket.send(bytes, { binary: false }, sent)
      full ||= earlyBytes + socket.bufferedAmount > limits.webSocketQueue
      return !full
    },
    get queued() {
      return earlyBytes + socket.bufferedAmount
    },
    pause() {
      if (!leaving) socket.pause()
    },
    resume: () => socket.resume(),
    // A WebSocket has no half that could be closed alone.
    end() {},
    close(because) {
      const go = (): void => void leave(because === orchestratorEnds ? codes.goingAway : codes.done, because)
      if (early.length > 0) closeOnceOpen ??= go
      else go()
    },
    destroy(because) {
      if (leave(because === orchestratorEnds ? codes.goingAway : codes.tryLater, because)) expect()
      else socket.terminate()
    },
  }
}
