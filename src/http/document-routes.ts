import type { ApiPart } from './api-part.ts'
import { apiPage } from './api-page.ts'
import { openApi } from './openapi.ts'
import { showPage } from './page-routes.ts'
import { only, type RouteFamily } from './routes.ts'

/** What describes all the others: a document for programs, and a page of it for people. */

export interface DocumentParts {
  readonly version: string
  /** Asked for once somebody looks: to make it takes longer than to serve it. */
  parts(): readonly ApiPart[]
  /** Does somebody on this machine need a token? */
  needsToken(): boolean
}

/** What may be the service of the examples; whatever else is asked for is not shown. */
const serviceName = /^[\w.@:-]{1,64}$/

export function documentRoutes({ version, parts, needsToken }: DocumentParts): RouteFamily {
  let made: { readonly text: string; readonly page: ReturnType<typeof apiPage> } | undefined
  const make = () => {
    const document = openApi(version, parts())
    return { text: JSON.stringify(document), page: apiPage(document) }
  }
  const described = () => (made ??= make())
  return {
    open: ['/openapi.json', '/api', '/api/'],
    add(app) {
      app.get('/openapi.json', (context) => context.body(described().text, 200, { 'content-type': 'application/json' }))
      only(app, '/openapi.json', 'GET, HEAD')
      app.get('/api', (context) => {
        const service = context.req.query('service') ?? ''
        // The guard has seen to it that the host is one of ours.
        const origin = `${new URL(context.req.url).protocol}//${context.req.header('host') ?? ''}`
        const curl = { origin, service: serviceName.test(service) ? service : 'web', token: needsToken() }
        return showPage(context, described().page(curl))
      })
      only(app, '/api', 'GET, HEAD')
      app.get('/api/', (context) => context.redirect('/api'))
      only(app, '/api/', 'GET, HEAD')
    },
  }
}
