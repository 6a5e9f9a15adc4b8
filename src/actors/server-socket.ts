import { fromCallback, type CallbackLogicFunction } from 'xstate'
import { hostAndPort, joinHost } from '../protocol/endpoint.ts'
import type { Emit, Link, LinkEvent, Listener, ListenerEvent, Transport } from '../protocol/link.ts'
import { portHolder } from './port-holder.ts'

/** Owns one server socket. The transport's `emit` is the actor's `sendBack`; accepted links stay here until claimed. */

export interface ServerSocketInput {
  readonly name: string
  /** Scheme and place: `unix:/path`. */
  readonly endpoint: string
  readonly dialect: string
}

/** `settingOf`: the config's field that moves a listener elsewhere. */
export function createServerSockets(
  transports: ReadonlyMap<string, Transport>,
  settingOf: (listener: string) => string | undefined = () => undefined,
) {
  const open = new Map<string, Listener>()
  const run: CallbackLogicFunction<{ type: 'socket.none' }, ListenerEvent, ServerSocketInput> = ({ input, sendBack }) => {
    const scheme = input.endpoint.slice(0, input.endpoint.indexOf(':'))
    const transport = transports.get(scheme)
    if (transport === undefined) throw new Error(`there is no transport "${scheme}"`)
    const listener = transport.listen(input.endpoint, (event) => {
      const taken = event.type === 'listener.closed' && event.reason.kind === 'failed' && event.reason.taken === true
      sendBack(taken ? explained(input, settingOf(input.name)) : event)
    })
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

/** Somebody else listens there: who, and what to do about it. */
function explained({ endpoint }: ServerSocketInput, setting: string | undefined): ListenerEvent {
  const { host, port } = hostAndPort(endpoint)
  const holder = portHolder(host, port)
  const by = holder === null ? 'it is already in use' : `it is in use by ${holder.command} (pid ${holder.pid})`
  const remedy = setting === undefined ? '' : `; ${setting} chooses another port`
  const because = `cannot listen on ${joinHost(host, port)}: ${by}${remedy}`
  return { type: 'listener.closed', reason: { kind: 'failed', because, taken: true } }
}
