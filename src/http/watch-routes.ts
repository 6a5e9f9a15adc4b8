import type { HealthReport } from '../protocol/health.ts'
import type { ExchangeKind } from '../transports/site.ts'
import { watchPart } from './watch-part.ts'
import { only, type App, type RouteFamily } from './routes.ts'

/**
 * What those look at who watch us: `/healthz` and `/readyz` say yes or no to anybody. What there is to say beside that,
 * `?verbose` and `/metrics`, is for those alone who may read the fleet, so it is a conversation like any other.
 */

export interface WatchSite {
  health(): Promise<HealthReport>
}

const watch: ExchangeKind = {
  dialect: 'watch',
  contentType: 'application/json',
  whole: true,
  failure: (code, message) => `${JSON.stringify({ error: { code, message } })}\n`,
}

const wellOf = { '/healthz': 'live', '/readyz': 'ready' } as const

export function watchRoutes({ health }: WatchSite): RouteFamily {
  const probe = (app: App, path: keyof typeof wellOf): void => {
    app.get(path, async (context) => {
      if (context.req.query('verbose') !== undefined) return context.env.exchange(watch)
      const well = (await health())[wellOf[path]]
      return context.text(well ? 'ok\n' : `not ${wellOf[path]}\n`, well ? 200 : 503)
    })
    only(app, path, 'GET, HEAD')
  }
  return {
    open: Object.keys(wellOf),
    part: watchPart,
    add(app) {
      probe(app, '/healthz')
      probe(app, '/readyz')
      app.get('/metrics', ({ env }) => env.exchange(watch))
      only(app, '/metrics', 'GET, HEAD')
    },
  }
}
