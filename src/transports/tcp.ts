import { connect, createServer, type Socket } from 'node:net'
import { hostAndPort } from '../protocol/endpoint.ts'
import type { Listener, Transport } from '../protocol/link.ts'
import { limits } from '../protocol/limits.ts'
import { bind, peerOf } from './bind.ts'
import { linkOf, lobby } from './stream-link.ts'

/**
 * TCP: `tcp:127.0.0.1:8081`, `tcp:[::1]:0`. Where there are as many connections as there may be, the oldest that has never
 * said anything makes room for a new one: those who only hold keep out nobody who speaks.
 */
export function tcp({ most = limits.connections }: { readonly most?: number } = {}): Transport {
  return {
    scheme: 'tcp',
    dial(address, emit) {
      const socket = connect({ ...hostAndPort(address), noDelay: true })
      const link = linkOf(socket, emit)
      socket.once('connect', () => emit({ type: 'link.opened' }))
      return link
    },
    listen(address, emit): Listener {
      const waiting = lobby(emit)
      /** The oldest first. */
      const open = new Set<Socket>()
      const hasRoom = (): boolean => {
        if (open.size < most) return true
        for (const socket of open) {
          if (socket.bytesRead > 0) continue
          open.delete(socket)
          socket.destroy()
          return true
        }
        return false
      }
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
        if (!hasRoom()) return void socket.destroy()
        open.add(socket)
        socket.once('close', () => open.delete(socket))
        waiting.admit(socket, peerOf(socket))
      })
      bind(server, hostAndPort(address), emit)
      return {
        claim: waiting.claim,
        close() {
          waiting.clear()
          if (server.listening) server.close()
        },
      }
    },
  }
}
