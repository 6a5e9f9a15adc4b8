import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono, type Context } from 'hono'
import { errorCodes } from '../protocol/errors.ts'
import type { ExchangeKind, Site } from '../transports/site.ts'
import { admit, type GuardRules } from './guard.ts'
import { page } from './page.ts'

/** What is served over HTTP, as routes. Each request has passed the guard when it comes here. */

export interface SiteParts extends Omit<GuardRules, 'openPaths' | 'socketPaths'> {
  readonly version: string
  /** A defect of ours, for the log: callers only hear that there is one. */
  onDefect(error: unknown, path: string): void
}

/** What every request brings with it. */
interface Bindings {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** Makes a conversation of this request; the answer is then its own. */
  exchange(kind: ExchangeKind): void
}
type Env = { Bindings: Bindings }

/** JSON-RPC in one request and one answer. */
const rpc: ExchangeKind = {
  dialect: 'jsonrpc-exchange',
  contentType: 'application/json',
  failure: (code, message) =>
    JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: errorCodes[code].rpc, message, data: { code } } }),
}

const refusal = (context: Context<Env>, status: 404 | 405 | 500, code: string, message: string): Response =>
  context.json({ error: { code, message } }, status)

function createApp({ version, onDefect }: Pick<SiteParts, 'version' | 'onDefect'>): Hono<Env> {
  const app = new Hono<Env>()
  const only = (path: string, methods: string): void => {
    app.all(path, (context) => {
      context.header('allow', methods)
      return refusal(context, 405, 'invalid_request', `expected one of ${methods}`)
    })
  }
  app.post('/rpc', (context) => {
    context.env.exchange(rpc)
    return RESPONSE_ALREADY_SENT
  })
  only('/rpc', 'POST')
  app.get('/healthz', (context) => context.text('ok\n'))
  only('/healthz', 'GET, HEAD')
  app.get('/', (context) => {
    context.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
    return context.html(page(version))
  })
  only('/', 'GET, HEAD')
  app.notFound((context) => refusal(context, 404, 'not_found', 'there is nothing at this path'))
  app.onError((error, context) => {
    onDefect(error, context.req.path)
    return refusal(context, 500, 'internal', 'something went wrong inside; the log has the details')
  })
  return app
}

/** The site of one listener. */
export function createSite({ version, onDefect, ...rules }: SiteParts): Site {
  const app = createApp({ version, onDefect })
  const guard: GuardRules = { ...rules, openPaths: new Set(['/', '/healthz']), socketPaths: new Set(['/rpc']) }
  // What a request brings beside itself, until the application asks for it.
  const exchanges = new WeakMap<object, Bindings['exchange']>()
  const listener = getRequestListener(
    (request, { incoming, outgoing }) => app.fetch(request, { incoming, outgoing, exchange: exchanges.get(incoming) }),
    { overrideGlobalObjects: false, autoCleanupIncoming: false },
  )
  return {
    admit: (asked) => admit(asked, guard),
    answer(request, response, exchange) {
      exchanges.set(request, exchange)
      void listener(request, response)
    },
  }
}
