import { apiRoot } from '../protocol/api.ts'
import type { ExchangeKind } from '../transports/site.ts'
import type { RouteFamily } from './routes.ts'

/** Every command over HTTP. Which paths there are and what they take is the dialect's. */

const exchange: ExchangeKind = {
  dialect: 'http-api',
  contentType: 'application/json',
  whole: true,
  failure: (code, message) => JSON.stringify({ error: { code, message, data: {} } }),
}

export const apiRoutes: RouteFamily = {
  add(app) {
    app.all(apiRoot, ({ env }) => env.exchange(exchange))
    app.all(`${apiRoot}/*`, ({ env }) => env.exchange(exchange))
  },
}
