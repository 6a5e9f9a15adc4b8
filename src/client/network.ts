import { HyphaeError } from '../protocol/errors.ts'
import { createClient, type Client, type ClientOptions } from './client.ts'
import { httpWire } from './http.ts'
import type { Place } from './place.ts'
import { dialWebSocket } from './web-socket.ts'
import { openWire } from './wire.ts'

/** Over a network: calls by HTTP or WebSocket as the URL says, streams by WebSocket always. Works in browsers too. */

export interface NetworkOptions extends ClientOptions {
  /** `http://host:port` or `ws://host:port` (also https, wss; a path before `/rpc` is kept). */
  readonly url: string
  /** A token of `security.authentication` of the config; on the same machine none is needed where the config has none. */
  readonly token?: string | undefined
}

/** How the network is reached, where that is not as the platform does it. */
export interface Reach {
  fetch(
    url: string,
    init: {
      readonly method: string
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
      readonly signal: AbortSignal
      readonly redirect: 'error'
    },
  ): Promise<Response>
  open(url: string, protocols: readonly string[]): WebSocket
}

const platform: Reach = {
  fetch: (url, init) => fetch(url, init),
  open: (url, protocols) => new WebSocket(url, [...protocols]),
}

/** The same place, for both protocols. */
export interface Address {
  readonly at: string
  /** `http(s)://…/rpc` */
  readonly http: string
  /** `ws(s)://…/rpc` */
  readonly ws: string
  readonly token: string | undefined
  readonly reach: Reach
}

const schemes: ReadonlySet<string> = new Set(['http:', 'https:', 'ws:', 'wss:'])

/** Checks a URL and derives from it where to ask. */
export function addressOf(given: string, token?: string, reach: Reach = platform): Address & { readonly calls: 'http' | 'ws' } {
  const wrong = (expected: string): HyphaeError =>
    new HyphaeError('invalid_params', `url: expected ${expected}, got ${JSON.stringify(given)}`, { field: 'url', got: given })
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || !schemes.has(url.protocol)) throw wrong('http://, https://, ws:// or wss:// with a host and port')
  if (url.username !== '' || url.password !== '')
    throw new HyphaeError('invalid_params', 'url: expected none with a user in it; give the token as token', { field: 'url' })
  if (url.search !== '' || url.hash !== '') throw wrong('one without ? and #')
  const secure = url.protocol === 'https:' || url.protocol === 'wss:'
  const rest = `${url.host}${url.pathname.replace(/\/+$/, '')}/rpc`
  return {
    at: given,
    http: `http${secure ? 's' : ''}://${rest}`,
    ws: `ws${secure ? 's' : ''}://${rest}`,
    token: token === '' ? undefined : token,
    reach,
    calls: url.protocol.startsWith('http') ? 'http' : 'ws',
  }
}

export function networkPlace(url: string, token?: string, reach?: Reach): Place {
  const address = addressOf(url, token, reach)
  const open: Place['stream'] = (listener, timeout) => openWire(dialWebSocket(address), listener, timeout)
  return {
    at: url,
    calls: address.calls === 'ws' ? open : (_, timeout) => httpWire(address, timeout),
    stream: open,
  }
}

/** Connects to an orchestrator by its URL. */
export const connectOver = ({ url, token, ...options }: NetworkOptions): Promise<Client> =>
  createClient(networkPlace(url, token), options)
