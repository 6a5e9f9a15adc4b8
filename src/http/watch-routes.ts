import type { HealthReport } from '../protocol/health.ts'
import type { ExchangeKind } from '../transports/site.ts'
import type { Answer, ApiPart, Parameter, Schema } from './api-part.ts'
import { only, type App, type RouteFamily } from './routes.ts'

/**
 * What those look at who watch us: `/healthz` and `/readyz` say yes or no to anybody. What there is to say beside that,
 * `?verbose` and `/metrics`, is for those alone who may read the fleet, so it is a conversation like any other.
 */

const text = (description: string, schema: Schema): Answer => ({ description, content: { 'text/plain': { schema } } })
const details: Parameter = {
  name: 'verbose',
  in: 'query',
  description: 'what was looked at, as JSON; who asks must be allowed to read the fleet',
  schema: { type: 'string' },
}
const part: ApiPart = {
  tag: { name: 'watching', description: 'For those who watch us' },
  paths: {
    '/healthz': {
      get: {
        operationId: 'healthz',
        summary: 'Is Hyphae alive: does its event loop turn, and does its journal take what is written?',
        tags: ['watching'],
        security: [],
        parameters: [details],
        responses: {
          '200': text('it is', { type: 'string', const: 'ok\n' }),
          '503': text('it is not', { type: 'string', const: 'not live\n' }),
        },
      },
    },
    '/readyz': {
      get: {
        operationId: 'readyz',
        summary: 'Is the fleet as it should be?',
        tags: ['watching'],
        security: [],
        parameters: [details],
        responses: {
          '200': text('it is', { type: 'string', const: 'ok\n' }),
          '503': text('it is not', { type: 'string', const: 'not ready\n' }),
        },
      },
    },
    '/metrics': {
      get: {
        operationId: 'metrics',
        summary: 'What can be counted and measured, for Prometheus.',
        tags: ['watching'],
        responses: { '200': text('text exposition format 0.0.4', { type: 'string' }) },
      },
    },
  },
}

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
      context.header('cache-control', 'no-store')
      return context.text(well ? 'ok\n' : `not ${wellOf[path]}\n`, well ? 200 : 503)
    })
    only(app, path, 'GET, HEAD')
  }
  return {
    open: Object.keys(wellOf),
    part,
    add(app) {
      probe(app, '/healthz')
      probe(app, '/readyz')
      app.get('/metrics', ({ env }) => env.exchange(watch))
      only(app, '/metrics', 'GET, HEAD')
    },
  }
}
