import type { Context } from 'hono'
import { html, pageOf, type Page } from './html.ts'
import type { PageFile, PageFiles } from './inspector-files.ts'
import { style } from './page-style.ts'
import { only, type Env, type RouteFamily } from './routes.ts'

/** What somebody sees who opens the port in a browser: the inspector. */

export interface PageSite {
  readonly version: string
  /** null: it was not built. */
  readonly page: PageFiles | null
}

export function guardPage(context: Context<Env>, policy: string): void {
  context.header('content-security-policy', policy)
  context.header('referrer-policy', 'no-referrer')
}

/** Nothing runs, and nothing is loaded or asked, but what is here; `'self'` has the WebSockets of this origin in it. */
const inspectorPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "worker-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** What the inspector never asks the browser for. */
const permissions = ['camera', 'display-capture', 'geolocation', 'microphone', 'payment', 'publickey-credentials-get', 'usb']
  .map((feature) => `${feature}=()`)
  .join(', ')

/** A year, s: such a name never stands for other bytes. */
const forever = 'public, max-age=31536000, immutable'

async function showFile(context: Context<Env>, file: PageFile): Promise<Response> {
  const headers: Record<string, string> = {
    etag: file.etag,
    vary: 'origin, accept-encoding',
    'cache-control': file.isHashed ? forever : 'no-cache',
    'content-security-policy': inspectorPolicy,
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': permissions,
  }
  if (isKnown(file.etag, context.req.header('if-none-match'))) return context.body(null, 304, headers)
  let small: Awaited<ReturnType<PageFile['gzipped']>>
  let body: Awaited<ReturnType<PageFile['whole']>>
  try {
    small = takesGzip(context.req.header('accept-encoding')) ? await file.gzipped() : null
    body = small ?? (await file.whole())
  } catch {
    // Another page was built meanwhile.
    return context.text('it is not there any more: the page was built anew; start Hyphae anew\n', 404)
  }
  return context.body(body, 200, {
    ...headers,
    'content-type': file.type,
    'content-length': String(body.length),
    ...(small === null ? {} : { 'content-encoding': 'gzip' }),
  })
}

const listOf = (header: string | undefined): readonly string[] => header?.split(',').map((one) => one.trim()) ?? []

const isKnown = (etag: string, wanted: string | undefined): boolean =>
  listOf(wanted).some((one) => one === '*' || one.replace(/^W\//, '') === etag.replace(/^W\//, ''))

/** `gzip`, `gzip;q=0.5` and `*`, but not `gzip;q=0`. */
function takesGzip(accepted: string | undefined): boolean {
  const codings = listOf(accepted).map((one) => one.toLowerCase().split(';'))
  const [, ...more] = codings.find(([name]) => name?.trim() === 'gzip') ?? codings.find(([name]) => name?.trim() === '*') ?? []
  const weight = more.map((one) => one.trim()).find((one) => one.startsWith('q='))
  return codings.some(([name]) => /^(?:gzip|\*)$/.test(name?.trim() ?? '')) && !/^q=0(?:\.0*)?$/.test(weight ?? 'q=1')
}

/** Where the page of the original was. */
const formerly = ['/dashboard', '/dashboard/']

export function pageRoutes({ version, page }: PageSite): RouteFamily {
  const files = Array.from(page?.values() ?? [])
  const absent = page === null ? absentPage(version) : null
  return {
    open: ['/', ...formerly, ...files.map(({ path }) => path)],
    add(app) {
      if (absent !== null) {
        app.get('/', (context) => {
          guardPage(context, absent.policy)
          return context.html(absent.text, 503)
        })
        only(app, '/', 'GET, HEAD')
      }
      for (const file of files) {
        app.get(file.path, (context) => showFile(context, file))
        only(app, file.path, 'GET, HEAD')
      }
      for (const path of formerly) {
        app.get(path, (context) => context.redirect('/'))
        only(app, path, 'GET, HEAD')
      }
    },
  }
}

const absentPage = (version: string): Page =>
  pageOf({
    title: 'Hyphae',
    style,
    body: html`<header>
        <h1>Hyphae ${version}</h1>
        <p>An actor-system orchestrator is running here.</p>
      </header>
      <main>
        <p>
          The inspector is not here: its page was not built. In a checkout <code>npm run build</code> makes it, then start anew.
        </p>
        <h2>Where else to look</h2>
        <ul>
          <li><code>hyphae status</code> and <code>hyphae top</code> in a terminal</li>
          <li><a href="/api">/api</a>: every command over HTTP, with lines to copy</li>
          <li><a href="/openapi.json">/openapi.json</a>: the same for programs (OpenAPI 3.1)</li>
          <li><a href="/api/v1/status">/api/v1/status</a>: the fleet in figures</li>
          <li><a href="/readyz?verbose">/readyz</a>, <a href="/healthz">/healthz</a>: is the fleet ready, does Hyphae live</li>
          <li><a href="/metrics">/metrics</a>: for Prometheus</li>
        </ul>
      </main>`,
  })
