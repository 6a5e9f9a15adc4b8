import { page } from './page.ts'
import { only, type RouteFamily } from './routes.ts'

/** What somebody sees who opens the port in a browser. */
export const pageRoutes = ({ version }: { readonly version: string }): RouteFamily => ({
  open: ['/'],
  add(app) {
    app.get('/', (context) => {
      context.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
      return context.html(page(version))
    })
    only(app, '/', 'GET, HEAD')
  },
})
