import { connect, createServer, type Server, type Socket } from 'node:net'
import process from 'node:process'
import type * as Tls from 'node:tls'
import { hostAndPort } from '../protocol/endpoint.ts'
import type { Listener, Transport } from '../protocol/link.ts'
import { limits } from '../protocol/limits.ts'
import { bind, peerOf } from './bind.ts'
import { followCertificate, guardHandshakes, secureOptions, uncertified, type Certificates } from './secure.ts'
import { linkOf, lobby } from './stream-link.ts'

/** Loaded with the first listener that speaks TLS: it takes 6 MB. */
const tls = (): typeof Tls => process.getBuiltinModule('node:tls')

export interface TcpParts {
  /** Connections at once. */
  readonly most?: number
  /** Those of listeners that speak TLS; without them none does. */
  readonly certificates?: Certificates
  /** How long a handshake may take, ms. */
  readonly handshakeTime?: number
}

/**
 * TCP: `tcp:127.0.0.1:8081`, `tcp:[::1]:0`. Where there are as many connections as there may be, the oldest that has never
 * said anything makes room for a new one, or else the oldest of which nobody knows who it is: those who only hold, or only
 * talk, keep out nobody who has a token. With certificates the same with TLS
 * around it: `tls:127.0.0.1:8081`.
 */
export function tcp({ most = limits.connections, certificates, handshakeTime }: TcpParts = {}): Transport {
  return {
    scheme: certificates === undefined ? 'tcp' : 'tls',
    dial(address, emit) {
      const to = hostAndPort(address)
      const socket = certificates === undefined ? connect({ ...to, noDelay: true }) : tls().connect(to)
      const link = linkOf(socket, emit)
      socket.once(certificates === undefined ? 'connect' : 'secureConnect', () => emit({ type: 'link.opened' }))
      return link
    },
    listen(address, emit): Listener {
      /** With what each had read when it began: a handshake says nothing. The oldest first. */
      const open = new Map<Socket, number>()
      const unknown = new Set<Socket>()
      const waiting = lobby<Socket>(emit, (socket) => unknown.delete(socket))
      const silent = (): Socket | undefined => {
        for (const [socket, before] of open) if (socket.bytesRead <= before) return socket
        return undefined
      }
      const forget = (socket: Socket): void => {
        open.delete(socket)
        unknown.delete(socket)
      }
      const hasRoom = (): boolean => {
        if (open.size < most) return true
        const [oldest] = unknown
        const gone = silent() ?? oldest
        if (gone === undefined) return false
        forget(gone)
        gone.destroy()
        return true
      }
      const take = (socket: Socket): void => {
        if (!hasRoom()) return void socket.destroy()
        open.set(socket, socket.bytesRead)
        unknown.add(socket)
        socket.once('close', () => forget(socket))
        waiting.admit(socket, peerOf(socket))
      }
      const certificate = certificates?.of(address)
      if (certificates !== undefined && certificate === undefined) return uncertified(address, emit)
      let server: Server
      let release = (): void => {}
      if (certificates !== undefined && certificate !== undefined) {
        const secure = tls().createServer(
          { ...secureOptions(certificate, handshakeTime), allowHalfOpen: true, noDelay: true },
          take,
        )
        // Whoever speaks in the clear is told nothing: this port has no words of its own.
        const drop = guardHandshakes(secure, (socket) => void socket.end(() => socket.destroy()), handshakeTime)
        const unfollow = followCertificate(secure, address, certificates)
        release = () => {
          unfollow()
          drop()
        }
        server = secure
      } else {
        server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, take)
      }
      bind(server, hostAndPort(address), emit)
      return {
        claim: waiting.claim,
        close() {
          waiting.clear()
          release()
          if (server.listening) server.close()
        },
      }
    },
  }
}
