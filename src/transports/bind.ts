import type { AddressInfo, Server, Socket } from 'node:net'
import { joinHost, type HostAndPort } from '../protocol/endpoint.ts'
import { messageOf, systemCode } from '../protocol/errors.ts'
import type { CloseReason, Emit, ListenerEvent } from '../protocol/link.ts'
import { limits } from '../protocol/limits.ts'

/** Has a server listen at a place on the network, and tells what becomes of it. */
export function bind(server: Server, { host, port }: HostAndPort, emit: Emit<ListenerEvent>): void {
  let reason: CloseReason = { kind: 'local', because: 'closed' }
  server.on('listening', () => {
    const bound = server.address() as AddressInfo
    emit({ type: 'listener.bound', address: joinHost(bound.address, bound.port) })
  })
  server.on('close', () => emit({ type: 'listener.closed', reason }))
  server.on('error', (error) => {
    reason = bindFailure(host, port, error)
    emit({ type: 'listener.closed', reason })
  })
  // What waits to be accepted in a burst would otherwise meet a second of silence.
  server.listen({ host, port, backlog: limits.connections })
}

/** Where the other side of a connection is. */
export const peerOf = ({ remoteAddress, remotePort }: Socket): string => joinHost(remoteAddress ?? 'unknown', remotePort ?? 0)

/** Why a place on the network could not be listened on. */
function bindFailure(host: string, port: number, error: unknown): CloseReason {
  const place = joinHost(host, port)
  if (systemCode(error) !== 'EADDRINUSE') return { kind: 'failed', because: `cannot listen on ${place}: ${messageOf(error)}` }
  return { kind: 'failed', because: `cannot listen on ${place}: it is already in use`, taken: true }
}
