import { createConversation } from './actors/conversation.ts'
import { createServerSockets } from './actors/server-socket.ts'
import type { Access } from './access.ts'
import { jsonrpc } from './dialects/jsonrpc.ts'
import type { Admission } from './machines/listener.ts'
import type { ListenerSpec } from './options.ts'
import type { Gateway } from './protocol/calls.ts'
import type { Command } from './protocol/command.ts'
import type { ConversationInput } from './protocol/conversation.ts'
import type { Dialect } from './protocol/dialect.ts'
import type { Transport } from './protocol/link.ts'
import { memory } from './transports/memory.ts'
import { tcp } from './transports/tcp.ts'
import { unix } from './transports/unix.ts'

/** The ways in from outside: every transport and every dialect there is, and what becomes of an accepted link. */

export interface SurfacesParts {
  readonly gateway: Gateway
  readonly registry: ReadonlyMap<string, Command>
  readonly access: Access
  readonly listeners: readonly ListenerSpec[]
  /** Beside those of our own. */
  readonly transports: readonly Transport[]
  newId(): string
  /** Makes a connection actor. */
  connect(input: ConversationInput): void
}

export function createSurfaces({ gateway, registry, access, listeners, transports, newId, connect }: SurfacesParts) {
  const isStream = (method: string): boolean => registry.get(method)?.kind === 'stream'
  const dialects = new Map<string, Dialect>([['jsonrpc', jsonrpc({ isStream }) as Dialect]])
  const all = [unix(), memory(), tcp(), ...transports]
  const sockets = createServerSockets(new Map(all.map((transport) => [transport.scheme, transport])))
  const schemeOf = (listener: string): string => {
    const endpoint = listeners.find(({ name }) => name === listener)?.endpoint ?? ''
    return endpoint.slice(0, endpoint.indexOf(':'))
  }
  return {
    socket: sockets.logic,
    conversation: createConversation({
      gateway,
      claim: sockets.claim,
      dialect: (name) => dialects.get(name),
      authenticate: (listener, token) => access.authenticate(schemeOf(listener), token),
    }),
    admit({ principal, ...admission }: Admission): void {
      // In a turn of its own: an action must not make other actors act before its own machine is done.
      queueMicrotask(() => {
        const known = principal ?? access.identify(schemeOf(admission.listener), admission.peer)
        connect({ ...admission, id: newId(), principal: known })
      })
    },
  }
}
