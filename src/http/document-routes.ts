import { limits } from '../protocol/limits.ts'
import type { ApiPart } from './api-part.ts'
import { apiPage } from './api-page.ts'
import type { CurlParts } from './curl-line.ts'
import type { Page } from './html.ts'
import { openApi, type OpenApi } from './openapi.ts'
import { guardPage } from './page-routes.ts'
import { only, type RouteFamily } from './routes.ts'

/** What describes all the others: a document for programs, and a page of it for people. */

export interface DocumentParts {
  readonly version: string
  /** Asked for once somebody looks: to make it takes longer than to serve it. */
  parts(): readonly ApiPart[]
  /** Does somebody on this machine need a token? */
  needsToken(): boolean
}

type Bytes = Uint8Array<ArrayBuffer>
const bytesOf = (text: string): Bytes => new TextEncoder().encode(text)

/** A page as it is sent. */
interface Kept extends Pick<Page, 'policy'> {
  readonly body: Bytes
}
const keep = ({ text, policy }: Page): Kept => ({ body: bytesOf(text), policy })

/** What may be the service of the examples; whatever else is asked for is not shown. */
const serviceName = /^[\w.@:-]{1,64}$/

export function documentRoutes({ version, parts, needsToken }: DocumentParts): RouteFamily {
  let made: { readonly document: OpenApi; readonly page: ReturnType<typeof apiPage> } | undefined
  const make = () => {
    const document = openApi(version, parts())
    return { document, page: apiPage(document) }
  }
  const described = () => (made ??= make())
  // Anybody may ask for them as often as he likes, so neither is made for each who asks.
  let bytes: Bytes | undefined
  const pages = new Map<string, Kept>()
  const page = (parts: CurlParts): Kept => {
    const key = JSON.stringify(parts)
    const found = pages.get(key) ?? keep(described().page(parts))
    pages.delete(key)
    pages.set(key, found)
    const [oldest] = pages.keys()
    if (pages.size > limits.keptPages && oldest !== undefined) pages.delete(oldest)
    return found
  }
  return {
    open: ['/openapi.json', '/api', '/api/'],
    add(app) {
      app.get('/openapi.json', (context) =>
        context.body((bytes ??= bytesOf(JSON.stringify(described().document))), 200, { 'content-type': 'application/json' }),
      )
      only(app, '/openapi.json', 'GET, HEAD')
      app.get('/api', (context) => {
        const service = context.req.query('service') ?? ''
        // The guard has seen to it that the host is one of ours.
        const origin = `${new URL(context.req.url).protocol}//${context.req.header('host') ?? ''}`
        const curl = { origin, service: serviceName.test(service) ? service : 'web', token: needsToken() }
        const { body, policy } = page(curl)
        guardPage(context, policy)
        return context.body(body, 200, { 'content-type': 'text/html; charset=utf-8' })
      })
      only(app, '/api', 'GET, HEAD')
      app.get('/api/', (context) => context.redirect('/api'))
      only(app, '/api/', 'GET, HEAD')
    },
  }
}
