import type { IncomingMessage } from 'node:http'
import type { HttpAsked, HttpHead } from '../protocol/exchange.ts'

/** A request and the head of its answer, between Node and a dialect that speaks in requests. */

/** What proves who asks is the transport's affair, and stands in no message. */
const secret = new Set(['authorization', 'cookie', 'proxy-authorization', 'sec-websocket-protocol'])

/** The message that such a dialect hears. */
export function askedText({ method = '', url = '', rawHeaders }: IncomingMessage, body: string): string {
  const target = url.replace(/#.*$/s, '')
  const at = target.indexOf('?')
  const headers = Object.create(null) as Record<string, string>
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    if (!secret.has(name)) headers[name] = rawHeaders[index + 1] ?? ''
  }
  const asked: HttpAsked = {
    method,
    path: at < 0 ? target : target.slice(0, at),
    query: at < 0 ? [] : [...new URLSearchParams(target.slice(at + 1))],
    headers,
    body,
  }
  return JSON.stringify(asked)
}

/** What such a dialect has written first. */
export const headOf = (written: Uint8Array | string): HttpHead =>
  JSON.parse(typeof written === 'string' ? written : Buffer.from(written).toString('utf8')) as HttpHead
