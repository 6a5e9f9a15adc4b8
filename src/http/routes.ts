import type { Context, Hono } from 'hono'
import type { ExchangeKind } from '../transports/site.ts'
import type { ApiPart } from './api-part.ts'

/** How a family of routes is written; app.ts lists them all. */

export interface Bindings {
  /** Makes a conversation of this request; the answer is then its own. */
  exchange(kind: ExchangeKind): Response
  /** Who asks: `127.0.0.1:40123`. */
  readonly peer: string
}
export type Env = { Bindings: Bindings }
export type App = Hono<Env>

export interface RouteFamily {
  /** Paths that anybody may look at, whoever he is. */
  readonly open?: readonly string[]
  /** Where a POST without a body means nothing. */
  readonly bodies?: readonly string[]
  /** What it is, for the document of the whole API. */
  readonly part?: ApiPart
  add(app: App): void
}

export const refusal = (context: Context<Env>, status: 404 | 405 | 500, code: string, message: string): Response =>
  context.json({ error: { code, message } }, status)

/** Every other method on this path is told which there are; it stands after the routes of those. */
export function only(app: App, path: string, methods: string): void {
  app.all(path, (context) => {
    context.header('allow', methods)
    return refusal(context, 405, 'invalid_request', `expected one of ${methods}`)
  })
}
