import { setTimeout as pause } from 'node:timers/promises'
import type { Context } from 'hono'
import { isRecord, parseJson } from '../protocol/json.ts'
import { limits } from '../protocol/limits.ts'
import { rejectionInWords, type Rejection } from '../protocol/proof.ts'
import { loginPart } from './login-part.ts'
import { only, type Env, type RouteFamily } from './routes.ts'

/** A ticket for a token, and the end of that: whoever opens what `hyphae inspect` prints has no token to type. */

export interface LoginSite {
  login(ticket: string, peer: string): Session | { readonly rejected: Rejection }
  /** Ends the login of this token; false: it is that of no login. */
  logout(token: string): boolean
}

interface Session {
  readonly token: string
  readonly name: string
  readonly role: string
  readonly expires: string
}

const refuse = (context: Context<Env>, status: 400 | 401 | 413 | 429, code: string, message: string, field?: string): Response =>
  context.json({ error: { code, message, ...(field === undefined ? {} : { data: { field } }) } }, status)

/** The body, if it is short; undefined: it is not. */
async function shortBody(request: Request): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  const body: AsyncIterable<Uint8Array> | null = request.body
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > limits.loginBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function ticketIn(body: string): string | undefined {
  try {
    const said: unknown = parseJson(body)
    const ticket = isRecord(said) ? said['ticket'] : undefined
    return typeof ticket === 'string' && Object.keys(said as object).length === 1 ? ticket : undefined
  } catch {
    return undefined
  }
}

async function turnAway(context: Context<Env>, rejected: Rejection): Promise<Response> {
  const { hold, retryAfter } = rejected
  if (hold > 0) await pause(hold, undefined, { ref: false })
  if (retryAfter === null) {
    const message = 'this login is not valid any more: it works once, and for a minute; `hyphae inspect` makes another'
    return refuse(context, 401, 'unauthorized', message)
  }
  context.header('retry-after', String(retryAfter))
  return refuse(context, 429, 'overloaded', rejectionInWords(rejected))
}

export function loginRoutes({ login, logout }: LoginSite): RouteFamily {
  return {
    open: ['/login'],
    bodies: ['/login'],
    part: loginPart,
    add(app) {
      app.post('/login', async (context) => {
        const body = await shortBody(context.req.raw)
        if (body === undefined) return refuse(context, 413, 'too_large', `a body may have at most ${limits.loginBytes} bytes`)
        const ticket = ticketIn(body)
        if (ticket === undefined) {
          return refuse(context, 400, 'invalid_params', 'ticket: expected {"ticket": "…"} and nothing else', 'ticket')
        }
        const answer = login(ticket, context.env.peer)
        if ('rejected' in answer) return turnAway(context, answer.rejected)
        const { token, name, role, expires } = answer
        return context.json({ token, name, role, expires })
      })
      only(app, '/login', 'POST')
      app.post('/logout', (context) => {
        // The guard has looked whose it is.
        const token = /^bearer +(\S+) *$/i.exec(context.req.header('authorization') ?? '')?.[1]
        if (token !== undefined && logout(token)) return context.body(null, 204)
        return refuse(
          context,
          400,
          'invalid_request',
          'authorization: expected the token of a login; no other one can be ended so',
        )
      })
      only(app, '/logout', 'POST')
    },
  }
}
