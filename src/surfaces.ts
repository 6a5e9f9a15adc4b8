import { hostname } from 'node:os'
import { createConversation } from './actors/conversation.ts'
import { createServerSockets } from './actors/server-socket.ts'
import { jsonrpc } from './dialects/jsonrpc.ts'
import { magictunnel } from './dialects/magictunnel.ts'
import type { Admission } from './machines/listener.ts'
import type { ListenerSpec, Log, WireTimes } from './options.ts'
import { addressOf } from './protocol/ids.ts'
import type { Gateway } from './protocol/calls.ts'
import type { Command } from './protocol/command.ts'
import type { ConversationInput } from './protocol/conversation.ts'
import type { Dialect } from './protocol/dialect.ts'
import type { Transport } from './protocol/link.ts'
import type { ProgramRules } from './protocol/program.ts'
import type { Security } from './security.ts'
import { admitsVerb } from './protocol/verbs.ts'
import type { FleetView } from './protocol/view.ts'
import { memory } from './transports/memory.ts'
import type { Certificates } from './transports/secure.ts'
import { tcp } from './transports/tcp.ts'
import { unix } from './transports/unix.ts'
import { version } from './version.ts'

/** The ways in from outside: every transport and every dialect there is, and what becomes of an accepted link. */

export interface SurfacesParts {
  readonly gateway: Gateway
  readonly registry: ReadonlyMap<string, Command>
  readonly security: Pick<Security, 'access' | 'rules' | 'onChange' | 'carries'>
  readonly listeners: readonly ListenerSpec[]
  /** Beside those of our own. */
  readonly transports: readonly Transport[]
  readonly times: WireTimes
  readonly log: Log
  readonly health: FleetView['health']
  /** The service that is meant where a request names none. */
  defaultService(): string | null
  /** What may be run, as it stands now, and what children inherit. */
  readonly dashboard: { programs(): ProgramRules; readonly environment: NodeJS.ProcessEnv }
  newId(): string
  /** Makes a connection actor. */
  connect(input: ConversationInput): void
}

/** RFC 3339 with nanoseconds, of which the clock gives milliseconds. */
const timestamp = (): string => `${new Date().toISOString().slice(0, -1)}000000+00:00`

export function createSurfaces(parts: SurfacesParts) {
  const { gateway, registry, security, listeners, transports, times, log, newId, connect, defaultService } = parts
  const { access, rules } = security
  const isAllowed = (verb: string): boolean => admitsVerb(rules().access.allowedCommands, verb)
  const spoken = new Map<string, Dialect>([
    ['jsonrpc', jsonrpc({ isStream: (method) => registry.get(method)?.kind === 'stream' }) as Dialect],
    // One request, one answer: what asks for a stream is told that it needs more than that.
    ['jsonrpc-exchange', jsonrpc({ isStream: () => false }) as Dialect],
    ['magictunnel', magictunnel({ now: timestamp, defaultService, isAllowed }) as Dialect],
  ])
  const certificates: Certificates = {
    of: (endpoint) => rules().certificates[listeners.find((one) => one.endpoint === endpoint)?.name ?? ''],
    onChange: security.onChange,
  }
  const all = new Map(
    [unix(), memory(), tcp(), tcp({ certificates }), ...transports].map((transport) => [transport.scheme, transport]),
  )
  const sockets = createServerSockets(all, (name) => listeners.find((one) => one.name === name)?.setting)
  const schemeOf = (listener: string): string => {
    const endpoint = listeners.find(({ name }) => name === listener)?.endpoint ?? ''
    return endpoint.slice(0, endpoint.indexOf(':'))
  }
  return {
    /** Loads what is large, where a listener asks for it. */
    async prepare(): Promise<void> {
      const wanted = listeners.some(({ endpoint }) => /^https?:/.test(endpoint))
      if (!wanted) return
      const [{ http }, { createSite }, { builtPage, readPageFiles }, { ownNames }, ...dialects] = await Promise.all([
        import('./transports/http.ts'),
        import('./http/app.ts'),
        import('./http/inspector-files.ts'),
        import('./http/hosts.ts'),
        import('./dialects/dashboard.ts'),
        import('./dialects/http-api.ts'),
        import('./dialects/watch.ts'),
        import('./dialects/xstate-inspect.ts'),
        import('./dialects/stately-inspect.ts'),
      ])
      const [{ dashboard }, { httpApi }, { watch }, { xstateInspect }, { statelyInspect }] = dialects
      spoken.set('http-api', httpApi({ registry }) as Dialect)
      spoken.set('watch', watch as Dialect)
      spoken.set('xstate-inspect', xstateInspect as Dialect)
      spoken.set('stately-inspect', statelyInspect as Dialect)
      spoken.set(
        'dashboard',
        dashboard({
          now: timestamp,
          defaultService,
          makeTargets: () => parts.dashboard.programs().allowed.make,
          environment: () => parts.dashboard.environment,
        }) as Dialect,
      )
      if (all.has('http')) return
      const page = await readPageFiles(builtPage)
      const siteOf = (scheme: string) => (host: string) =>
        createSite({
          version,
          registry,
          page,
          onDefect: (error, path) => log.error({ err: error, path }, 'an HTTP request failed for a reason of our own'),
          own: ownNames(host, hostname()),
          health: parts.health,
          allowedOrigins: () => rules().allowedOrigins,
          allowedHosts: () => rules().allowedHosts,
          identify: (peer) => access.identify(scheme, peer),
          authenticate: (token, peer) => access.authenticate(scheme, token, peer),
          login: (ticket, peer) => access.login(scheme, ticket, peer),
          logout: access.logout,
        })
      all.set('http', http({ site: siteOf('http'), times: times.http }))
      all.set('https', http({ site: siteOf('https'), times: times.http, certificates }))
    },
    socket: sockets.logic,
    conversation: createConversation({
      gateway,
      claim: sockets.claim,
      dialect: (name) => spoken.get(name),
      authenticate(listener, token, peer, connection) {
        const proof = access.authenticate(schemeOf(listener), token, peer)
        if ('principal' in proof) security.carries(proof.principal, addressOf('connection', connection))
        return proof
      },
      log,
      stallTime: times.stall,
    }),
    admit({ principal, ...admission }: Admission): void {
      // In a turn of its own: an action must not make other actors act before its own machine is done.
      queueMicrotask(() => {
        const known = principal ?? access.identify(schemeOf(admission.listener), admission.peer)
        const id = newId()
        connect({ ...admission, id, principal: known })
        if (known !== null) security.carries(known, addressOf('connection', id))
      })
    },
  }
}
