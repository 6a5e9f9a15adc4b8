import { fromCallback, type CallbackLogicFunction } from 'xstate'
import type { Emit, Link, LinkEvent, Listener, ListenerEvent, Transport } from '../protocol/link.ts'

/** Owns one server socket. The transport's `emit` is the actor's `sendBack`; accepted links stay here until claimed. */

export interface ServerSocketInput {
  readonly name: string
  /** Scheme and place: `unix:/path`. */
  readonly endpoint: string
  readonly dialect: string
}

export function createServerSockets(transports: ReadonlyMap<string, Transport>) {
  const open = new Map<string, Listener>()
  const run: CallbackLogicFunction<{ type: 'socket.none' }, ListenerEvent, ServerSocketInput> = ({ input, sendBack }) => {
    const scheme = input.endpoint.slice(0, input.endpoint.indexOf(':'))
    const transport = transports.get(scheme)
    if (transport === undefined) throw new Error(`there is no transport "${scheme}"`)
    const listener = transport.listen(input.endpoint, sendBack)
    open.set(input.name, listener)
    return () => {
      if (open.get(input.name) === listener) open.delete(input.name)
      listener.close()
    }
  }
  return {
    logic: fromCallback(run),
    /** Hands an accepted link to its connection. */
    claim: (listener: string, link: string, emit: Emit<LinkEvent>): Link | undefined => open.get(listener)?.claim(link, emit),
  }
}
