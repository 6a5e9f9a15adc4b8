import { hostname } from 'node:os'
import { createConversation } from './actors/conversation.ts'
import { createServerSockets } from './actors/server-socket.ts'
import type { Access } from './access.ts'
import { httpApi } from './dialects/http-api.ts'
import { jsonrpc } from './dialects/jsonrpc.ts'
import { magictunnel } from './dialects/magictunnel.ts'
import type { Admission } from './machines/listener.ts'
import type { ListenerSpec, Log, WireTimes } from './options.ts'
import type { Gateway } from './protocol/calls.ts'
import type { Command } from './protocol/command.ts'
import type { ConversationInput } from './protocol/conversation.ts'
import type { Dialect } from './protocol/dialect.ts'
import type { Transport } from './protocol/link.ts'
import { admitsVerb } from './protocol/verbs.ts'
import { memory } from './transports/memory.ts'
import { tcp } from './transports/tcp.ts'
import { unix } from './transports/unix.ts'
import { version } from './version.ts'

/** The ways in from outside: every transport and every dialect there is, and what becomes of an accepted link. */

export interface SurfacesParts {
  readonly gateway: Gateway
  readonly registry: ReadonlyMap<string, Command>
  readonly access: Access
  readonly listeners: readonly ListenerSpec[]
  /** Beside those of our own. */
  readonly transports: readonly Transport[]
  /** Origins of web pages that may call, beside our own. */
  readonly allowedOrigins: readonly string[]
  readonly times: WireTimes
  readonly log: Log
  /** The control verbs of the network; null = all. */
  readonly allowedCommands: readonly string[] | null
  /** The service that is meant where a request names none. */
  defaultService(): string | null
  newId(): string
  /** Makes a connection actor. */
  connect(input: ConversationInput): void
}

/** RFC 3339 with nanoseconds, of which the clock gives milliseconds. */
const timestamp = (): string => `${new Date().toISOString().slice(0, -1)}000000+00:00`

export function createSurfaces(parts: SurfacesParts) {
  const { gateway, registry, access, listeners, transports, allowedOrigins, times, log, newId, connect } = parts
  const { allowedCommands, defaultService } = parts
  const spoken = new Map<string, Dialect>([
    ['jsonrpc', jsonrpc({ isStream: (method) => registry.get(method)?.kind === 'stream' }) as Dialect],
    // One request, one answer: what asks for a stream is told that it needs more than that.
    ['jsonrpc-exchange', jsonrpc({ isStream: () => false }) as Dialect],
    ['http-api', httpApi({ registry }) as Dialect],
    [
      'magictunnel',
      magictunnel({ now: timestamp, defaultService, isAllowed: (verb) => admitsVerb(allowedCommands, verb) }) as Dialect,
    ],
  ])
  const all = new Map([unix(), memory(), tcp(), ...transports].map((transport) => [transport.scheme, transport]))
  const sockets = createServerSockets(all, (name) => listeners.find((one) => one.name === name)?.setting)
  const schemeOf = (listener: string): string => {
    const endpoint = listeners.find(({ name }) => name === listener)?.endpoint ?? ''
    return endpoint.slice(0, endpoint.indexOf(':'))
  }
  return {
    /** Loads what is large, where a listener asks for it. */
    async prepare(): Promise<void> {
      if (all.has('http') || !listeners.some(({ endpoint }) => endpoint.startsWith('http:'))) return
      const [{ http }, { createSite }, { ownNames }] = await Promise.all([
        import('./transports/http.ts'),
        import('./http/app.ts'),
        import('./http/hosts.ts'),
      ])
      const site = (host: string) =>
        createSite({
          version,
          onDefect: (error, path) => log.error({ err: error, path }, 'an HTTP request failed for a reason of our own'),
          own: ownNames(host, hostname()),
          allowedOrigins,
          identify: (peer) => access.identify('http', peer),
          authenticate: (token) => access.authenticate('http', token),
        })
      all.set('http', http({ site, times: times.http }))
    },
    socket: sockets.logic,
    conversation: createConversation({
      gateway,
      claim: sockets.claim,
      dialect: (name) => spoken.get(name),
      authenticate: (listener, token) => access.authenticate(schemeOf(listener), token),
      log,
      stallTime: times.stall,
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
