import type { Context } from 'hono'
import { homePage } from './home-page.ts'
import type { Page } from './html.ts'
import { only, type Env, type RouteFamily } from './routes.ts'

/** What somebody sees who opens the port in a browser. */

export function guardPage(context: Context<Env>, policy: string): void {
  context.header('content-security-policy', policy)
  context.header('referrer-policy', 'no-referrer')
}

function showPage(context: Context<Env>, { text, policy }: Page): Response {
  guardPage(context, policy)
  return context.html(text)
}

/** Where the page of the original was. */
const formerly = ['/dashboard', '/dashboard/']

export function pageRoutes({ version }: { readonly version: string }): RouteFamily {
  const home = homePage(version)
  return {
    open: ['/', ...formerly],
    add(app) {
      app.get('/', (context) => showPage(context, home))
      only(app, '/', 'GET, HEAD')
      for (const path of formerly) {
        app.get(path, (context) => context.redirect('/'))
        only(app, path, 'GET, HEAD')
      }
    },
  }
}
