import type { Socket } from 'node:net'
import type { SecureContextOptions, Server, TlsOptions } from 'node:tls'
import type { Certificate } from '../protocol/control-rules.ts'
import { limits } from '../protocol/limits.ts'
import type { Emit, Listener, ListenerEvent } from '../protocol/link.ts'
import { peerOf } from './bind.ts'

/** What listeners that speak TLS have in common. */

/** Where the certificate of a listener comes from; a reload may bring another one. */
export interface Certificates {
  /** undefined: there is none for this endpoint. */
  of(endpoint: string): Certificate | undefined
  /** Calls back after any has changed; answers how to end that. */
  onChange(listener: () => void): () => void
}

const contextOf = ({ cert, key, ca }: Certificate): SecureContextOptions => ({
  cert,
  key,
  ...(ca === null ? {} : { ca }),
  minVersion: 'TLSv1.2',
})

/** How a server with this certificate is made. */
export const secureOptions = (certificate: Certificate, time: number = limits.handshakeTime): TlsOptions => ({
  ...contextOf(certificate),
  handshakeTimeout: time,
  ...(certificate.ca === null ? {} : { requestCert: true, rejectUnauthorized: true }),
})

/** From now on new connections see the certificate of the day. Answers how to end that. */
export const followCertificate = (server: Server, endpoint: string, certificates: Certificates): (() => void) =>
  certificates.onChange(() => {
    const certificate = certificates.of(endpoint)
    // That TLS begins or ends, or wants certificates of clients, takes effect with the next start.
    if (certificate !== undefined) server.setSecureContext(contextOf(certificate))
  })

/** The first byte of a handshake. */
const handshake = 0x16

/**
 * Looks at the first byte of each connection before TLS does: whoever speaks in the clear goes to `plain`, and is closed. Those
 * that say nothing, or never come to an end with their handshake, are bounded in time and number; the oldest goes first.
 */
export function guardHandshakes(
  server: Server,
  plain: (socket: Socket) => void,
  time: number = limits.handshakeTime,
): () => void {
  const [accept] = server.listeners('connection') as Array<(socket: Socket) => void>
  server.removeAllListeners('connection')
  /** By their place: TLS hands on another socket than it took. The oldest first. */
  const waiting = new Map<string, Socket>()

  server.on('connection', (socket: Socket) => {
    const place = peerOf(socket)
    const [oldest] = waiting.values()
    if (waiting.size >= limits.connections) oldest?.destroy()
    waiting.set(place, socket)
    const timer = setTimeout(() => socket.destroy(), time)
    socket.once('close', () => {
      clearTimeout(timer)
      if (waiting.get(place) === socket) waiting.delete(place)
    })
    socket.on('error', () => socket.destroy())
    socket.once('data', (first: Buffer) => {
      clearTimeout(timer)
      socket.pause()
      if (first[0] !== handshake) return plain(socket)
      socket.unshift(first)
      accept?.call(server, socket)
    })
  })
  // A handshake that failed, or took too long: HTTPS lets go of those, TLS alone keeps them for ever.
  server.on('tlsClientError', (_, failed) => failed.destroy())
  server.on('secureConnection', (secured) => {
    // One that has come so far is counted by whoever serves it.
    waiting.delete(peerOf(secured))
    secured.on('error', () => secured.destroy())
  })
  return () => {
    for (const socket of waiting.values()) socket.destroy()
  }
}

/** A listener that can't listen, for want of a certificate. */
export function uncertified(endpoint: string, emit: Emit<ListenerEvent>): Listener {
  const because = `cannot listen on ${endpoint}: it speaks TLS, and there is no certificate for it`
  setImmediate(() => emit({ type: 'listener.closed', reason: { kind: 'failed', because } }))
  return { claim: () => undefined, close() {} }
}
