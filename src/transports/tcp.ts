import { connect, createServer, type AddressInfo } from 'node:net'
import { hostAndPort, joinHost } from '../protocol/endpoint.ts'
import type { CloseReason, Listener, Transport } from '../protocol/link.ts'
import { limits } from '../protocol/limits.ts'
import { bindFailure } from './bind-failure.ts'
import { linkOf, lobby } from './stream-link.ts'

/** TCP: `tcp:127.0.0.1:8081`, `tcp:[::1]:0`. What is accepted beyond the bound is closed at once. */
export function tcp(): Transport {
  return {
    scheme: 'tcp',
    dial(address, emit) {
      const socket = connect({ ...hostAndPort(address), noDelay: true })
      const link = linkOf(socket, emit)
      socket.once('connect', () => emit({ type: 'link.opened' }))
      return link
    },
    listen(address, emit): Listener {
      const { host, port } = hostAndPort(address)
      const waiting = lobby(emit)
      let reason: CloseReason = { kind: 'local', because: 'closed' }
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
        waiting.admit(socket, joinHost(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0))
      })
      server.maxConnections = limits.connections
      server.on('listening', () => {
        const bound = server.address() as AddressInfo
        emit({ type: 'listener.bound', address: joinHost(bound.address, bound.port) })
      })
      server.on('close', () => emit({ type: 'listener.closed', reason }))
      server.on('error', (error) => {
        reason = bindFailure(host, port, error)
        emit({ type: 'listener.closed', reason })
      })
      server.listen({ host, port })
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
