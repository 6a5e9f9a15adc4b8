import { joinHost } from '../protocol/endpoint.ts'
import { messageOf, systemCode } from '../protocol/errors.ts'
import type { CloseReason } from '../protocol/link.ts'

/** Why a place on the network could not be listened on. */
export function bindFailure(host: string, port: number, error: unknown): CloseReason {
  const place = joinHost(host, port)
  if (systemCode(error) !== 'EADDRINUSE') return { kind: 'failed', because: `cannot listen on ${place}: ${messageOf(error)}` }
  return { kind: 'failed', because: `cannot listen on ${place}: it is already in use`, taken: true }
}
