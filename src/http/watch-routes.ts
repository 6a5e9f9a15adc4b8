import { only, type RouteFamily } from './routes.ts'

/** What watches us looks at. */
export const watchRoutes: RouteFamily = {
  open: ['/healthz'],
  add(app) {
    app.get('/healthz', (context) => context.text('ok\n'))
    only(app, '/healthz', 'GET, HEAD')
  },
}
