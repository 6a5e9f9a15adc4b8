import type { ErrorCode } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import type { Principal } from '../protocol/principal.ts'
import { rejectionInWords, type Proof, type Rejection } from '../protocol/proof.ts'
import type { Asked, Verdict } from '../transports/site.ts'
import { hostOf, isOwn, isOwnOrigin, type OwnNames } from './hosts.ts'

/** Who may ask at all, judged by the headers alone: nothing of a body is read for anybody else. */

export interface GuardRules {
  readonly own: OwnNames
  /** Origins of pages that may call, beside our own. */
  allowedOrigins(): readonly string[]
  /** Names of ours beside `own`, in lower case. */
  allowedHosts(): readonly string[]
  /** What anybody may look at. */
  readonly openPaths: ReadonlySet<string>
  /** Where a POST without a body means nothing; elsewhere it needs no type of what it does not bring. */
  readonly bodyPaths: ReadonlySet<string>
  /** Where WebSockets are, and what is spoken on them. */
  readonly socketPaths: ReadonlyMap<string, SocketPath>
  /** Who it is without a token; null: a token is needed. */
  identify(peer: string): Principal | null
  authenticate(token: string, peer: string): Proof
}

export interface SocketPath {
  readonly dialect: string
  /** May a token stand in the address (`?ticket=`)? Only where clients can show it in no other way: addresses are written to logs. */
  readonly ticket?: true
}

/** A page cannot set the Authorization of its WebSocket, but a subprotocol: this, then the token in base64url. */
export const bearerProtocol = 'hyphae.bearer.'

const statusOf = { invalid_request: 400, unauthorized: 401, forbidden: 403, not_found: 404, too_large: 413 } as const

export function admit(asked: Asked, rules: GuardRules): Verdict {
  const headers: Record<string, string> = {}
  const refused = (code: keyof typeof statusOf, message: string, status: number = statusOf[code]): Verdict => ({
    kind: 'refused',
    status,
    code: code satisfies ErrorCode,
    message,
    headers,
  })
  const all = (name: string): string[] =>
    asked.rawHeaders.filter((_, index, list) => index % 2 === 1 && list[index - 1]?.toLowerCase() === name)
  const one = (name: string): string | undefined => all(name)[0]

  const path = pathOf(asked.target)
  const socketPath = asked.upgrade ? rules.socketPaths.get(path) : undefined
  /** Somebody follows a link to what anybody may look at: the page that has the link sees nothing of it. */
  const isLink = (): boolean =>
    rules.openPaths.has(path) &&
    (asked.method === 'GET' || asked.method === 'HEAD') &&
    one('sec-fetch-mode') === 'navigate' &&
    one('sec-fetch-dest') === 'document'
  const bodyless = (): boolean =>
    !rules.bodyPaths.has(path) &&
    all('content-type').length === 0 &&
    all('transfer-encoding').length === 0 &&
    Number(one('content-length') ?? 0) === 0

  if (asked.rawHeaders.length > 2 * limits.httpHeaders) return refused('too_large', 'too many headers', 431)
  for (const name of ['host', 'origin', 'authorization', 'content-type', 'transfer-encoding', 'sec-websocket-version']) {
    if (all(name).length > 1) return refused('invalid_request', `${name}: expected one header`)
  }
  if (!asked.target.startsWith('/')) return refused('invalid_request', 'expected a path')

  const written = one('host')
  const host = written === undefined ? undefined : hostOf(written)
  if (written === undefined || host === undefined) return refused('invalid_request', 'host: expected one header with a host')
  if (!isOwn(host, rules.own) && !rules.allowedHosts().includes(host))
    return refused('forbidden', 'host: this name is not one of ours; http.allowed_hosts may list it')

  const origin = one('origin')
  if (origin !== undefined) {
    headers['vary'] = 'origin'
    if (rules.allowedOrigins().includes(origin)) headers['access-control-allow-origin'] = origin
    else if (!isOwnOrigin(origin, written))
      return refused('forbidden', 'origin: pages from there may not call; http.allowed_origins may list it')
  } else if (one('sec-fetch-site') === 'cross-site' && !isLink()) return refused('forbidden', 'pages from elsewhere may not call')

  if (asked.method === 'OPTIONS' && origin !== undefined && one('access-control-request-method') !== undefined) {
    const may = {
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, content-type, idempotency-key, last-event-id, prefer',
      'access-control-max-age': String(limits.corsAge),
    }
    return { kind: 'preflight', headers: { ...headers, ...may } }
  }

  let principal: Principal | null = null
  if (asked.upgrade || !rules.openPaths.has(path) || asksForDetails(asked.target)) {
    const authorization = one('authorization')
    const offered = (): string | undefined =>
      offeredToken(all('sec-websocket-protocol')) ?? (socketPath?.ticket === true ? ticketIn(asked.target) : undefined)
    const token = authorization === undefined ? offered() : bearerOf(authorization)
    const proof: Proof | null = token === undefined ? null : rules.authenticate(token, asked.peer)
    if (proof !== null && 'rejected' in proof) return turnedAway(proof.rejected, headers)
    principal = proof === null ? rules.identify(asked.peer) : proof.principal
    if (principal === null) {
      headers['www-authenticate'] = challenge
      return refused('unauthorized', 'a token is needed: authorization: Bearer <token>')
    }
  }

  if (asked.upgrade) {
    if (socketPath === undefined) return refused('not_found', 'there is no WebSocket at this path')
    if (asked.method !== 'GET') return refused('invalid_request', 'a WebSocket begins with GET', 405)
    if (one('sec-websocket-version') !== '13') {
      headers['sec-websocket-version'] = '13'
      return refused('invalid_request', 'sec-websocket-version: expected 13', 426)
    }
  } else if (asked.method === 'POST') {
    if (!bodyless() && !/^application\/json\s*(?:;|$)/i.test(one('content-type') ?? ''))
      return refused('invalid_request', 'content-type: expected application/json', 415)
    // Node reads on as if there were no other coding than chunks.
    if (one('transfer-encoding') !== undefined && one('transfer-encoding')?.toLowerCase() !== 'chunked')
      return refused('invalid_request', 'transfer-encoding: expected chunked', 501)
    if (one('content-encoding') !== undefined) return refused('invalid_request', 'content-encoding: expected none', 415)
    if (Number(one('content-length') ?? 0) > limits.lineBytes)
      return refused('too_large', `a body may have at most ${limits.lineBytes} bytes`)
  }
  return { kind: 'admitted', principal, headers, ...(socketPath === undefined ? {} : { dialect: socketPath.dialect }) }
}

/** What an open path says beside yes or no is not for everybody. */
const asksForDetails = (target: string): boolean => /[?&]verbose(?:[=&#]|$)/.test(target)
const challenge = 'Bearer realm="hyphae"'

/** Of somebody whose tokens were wrong too often nothing more is said than when to come back. */
function turnedAway(rejected: Rejection, headers: Record<string, string>): Verdict {
  const { hold, retryAfter } = rejected
  const message = rejectionInWords(rejected)
  if (retryAfter === null) {
    const all = { ...headers, 'www-authenticate': challenge }
    return { kind: 'refused', status: 401, code: 'unauthorized', message, headers: all, hold }
  }
  return { kind: 'refused', status: 429, code: 'overloaded', message, headers: { ...headers, 'retry-after': String(retryAfter) } }
}

const pathOf = (target: string): string => target.replace(/[?#].*$/s, '')

/** An empty token where there is none to read: it is nobody's. */
const bearerOf = (authorization: string): string => /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? ''

/** An empty ticket where there is one that cannot be read: it is nobody's. */
function ticketIn(target: string): string | undefined {
  const [, query = ''] = /\?([^#]*)/.exec(target) ?? []
  return new URLSearchParams(query).get('ticket') ?? undefined
}

function offeredToken(protocols: readonly string[]): string | undefined {
  const offered = protocols.flatMap((list) => list.split(',')).map((protocol) => protocol.trim())
  const bearer = offered.find((protocol) => protocol.startsWith(bearerProtocol))
  return bearer === undefined ? undefined : Buffer.from(bearer.slice(bearerProtocol.length), 'base64url').toString('utf8')
}
