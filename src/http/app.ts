import type { IncomingMessage } from 'node:http'
import { getRequestListener, RequestError } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import type { Command } from '../protocol/command.ts'
import { joinHost } from '../protocol/endpoint.ts'
import type { ExchangeKind, Site } from '../transports/site.ts'
import { apiRoutes } from './api-routes.ts'
import { commandParts } from './command-parts.ts'
import { documentRoutes } from './document-routes.ts'
import { dashboardRoutes } from './dashboard-routes.ts'
import { admit, type GuardRules } from './guard.ts'
import { loginRoutes, type LoginSite } from './login-routes.ts'
import { pageRoutes, type PageSite } from './page-routes.ts'
import { refusal, type App, type Env, type RouteFamily } from './routes.ts'
import { rpcRoutes } from './rpc-routes.ts'
import { watchRoutes, type WatchSite } from './watch-routes.ts'

/** What is served over HTTP, as routes. Each request has passed the guard when it comes here. */

export interface SiteParts extends Omit<GuardRules, 'openPaths' | 'socketPaths' | 'bodyPaths'>, WatchSite, PageSite, LoginSite {
  /** What there is to describe. */
  readonly registry: ReadonlyMap<string, Command>
  /** A defect of ours, for the log: callers only hear that there is one. */
  onDefect(error: unknown, path: string): void
}

/** Every family of routes there is. */
function familiesOf(parts: SiteParts): readonly RouteFamily[] {
  const { version, registry, identify } = parts
  const families: readonly RouteFamily[] = [
    rpcRoutes,
    apiRoutes,
    dashboardRoutes,
    watchRoutes(parts),
    loginRoutes(parts),
    pageRoutes(parts),
  ]
  const described = () => [...commandParts(registry), ...families.flatMap(({ part }) => part ?? [])]
  // Whoever is here asks from some port of his.
  const needsToken = () => identify('127.0.0.1:0') === null
  return [...families, documentRoutes({ version, parts: described, needsToken })]
}

function createApp(families: readonly RouteFamily[], onDefect: SiteParts['onDefect']): App {
  const app = new Hono<Env>()
  for (const family of families) family.add(app)
  app.notFound((context) => refusal(context, 404, 'not_found', 'there is nothing at this path; /api lists what there is'))
  app.onError((error, context) => {
    onDefect(error, context.req.path)
    return refusal(context, 500, 'internal', 'something went wrong inside; the log has the details')
  })
  return app
}

const badTarget = { status: 400, error: { code: 'invalid_request', message: 'expected a URL of its host and its path' } }
const defect = { status: 500, error: { code: 'internal', message: 'something went wrong inside; the log has the details' } }

/** The site of one listener. */
export function createSite(parts: SiteParts): Site {
  const { version: _, registry: __, page: ___, onDefect, ...rules } = parts
  const families = familiesOf(parts)
  const app = createApp(families, onDefect)
  const guard: GuardRules = {
    ...rules,
    openPaths: new Set(families.flatMap(({ open = [] }) => open)),
    bodyPaths: new Set(families.flatMap(({ bodies = [] }) => bodies)),
    socketPaths: new Map([
      ['/rpc', { dialect: 'jsonrpc' }],
      ['/inspect/xstate', { dialect: 'xstate-inspect', ticket: true }],
      ['/inspect/stately', { dialect: 'stately-inspect', ticket: true }],
    ]),
  }
  // What a request brings beside itself, until the application asks for it.
  const exchanges = new WeakMap<IncomingMessage, (kind: ExchangeKind) => void>()
  const listener = getRequestListener(
    (request, { incoming, incoming: { socket } }) =>
      app.fetch(request, {
        exchange(kind) {
          exchanges.get(incoming as IncomingMessage)?.(kind)
          return RESPONSE_ALREADY_SENT
        },
        peer: joinHost(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0),
      }),
    {
      overrideGlobalObjects: false,
      autoCleanupIncoming: false,
      // Before there is a request that an application could answer: a host or target of which it makes no URL.
      errorHandler(error) {
        if (!(error instanceof RequestError)) onDefect(error, '')
        const found = error instanceof RequestError ? badTarget : defect
        return Response.json({ error: found.error }, { status: found.status })
      },
    },
  )
  return {
    admit: (asked) => admit(asked, guard),
    answer(request, response, exchange) {
      exchanges.set(request, exchange)
      void listener(request, response)
    },
  }
}
