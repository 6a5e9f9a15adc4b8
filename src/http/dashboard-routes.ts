import type { ExchangeKind } from '../transports/site.ts'
import { dashboardPart } from './dashboard-part.ts'
import type { RouteFamily } from './routes.ts'

/** MagicTunnel's dashboard API: which of its routes there are, and by which method, its dialect knows. */

const kind: ExchangeKind = {
  dialect: 'dashboard',
  contentType: 'application/json',
  whole: true,
  failure(code, message) {
    const status = code === 'shutting_down' || code === 'unavailable' ? 'supervisor_unavailable' : 'error'
    return JSON.stringify({ status, code, message, ...(code === 'too_large' ? { field: 'body' } : {}) })
  },
}

export const dashboardRoutes: RouteFamily = {
  part: dashboardPart,
  add(app) {
    app.all('/dashboard/api', ({ env }) => env.exchange(kind))
    app.all('/dashboard/api/*', ({ env }) => env.exchange(kind))
  },
}
