import { createHmac } from 'node:crypto'
import type { HookPayload, HookTarget } from '../protocol/hook.ts'
import { limits } from '../protocol/limits.ts'
import { reasonOf } from './look.ts'

/** What came of one try; `because` null: it arrived. `again`: another try may do better. */
export interface Tried {
  readonly because: string | null
  readonly again: boolean
}

/** Answers that say "later". Any other 4xx says the same however often it is asked, and so does a redirect. */
const later = new Set([408, 425, 429])

/** Posts the payload once. Any 2xx is a delivery. A redirect is not followed: what is signed and told is for this address alone. */
export async function postWebhook(
  { url: written, headers: own, secret }: Extract<HookTarget, { type: 'webhook' }>,
  payload: HookPayload,
  signal: AbortSignal,
): Promise<Tried> {
  const url = new URL(written)
  const body = JSON.stringify(payload)
  const headers: Record<string, string | number> = {
    'user-agent': `hyphae/${payload.version}`,
    ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name.toLowerCase(), value])),
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    'x-hyphae-event': payload.event,
    'x-hyphae-delivery': payload.delivery,
    ...(secret === null ? {} : { 'x-hyphae-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }),
  }
  // Loaded with the first hook that needs it.
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  return new Promise((resolve) => {
    const asked = request(url, { method: 'POST', headers, agent: false, signal }, (response) => {
      const status = response.statusCode ?? 0
      // The status is the answer; the body is read for politeness, to a bound.
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > limits.hookAnswer) response.destroy()
      })
      response.on('error', () => undefined)
      response.once('close', () => resolve(verdictOf(status, url)))
    })
    asked.on('error', (error) => resolve({ because: `${shown(url)}: ${reasonOf(error, signal)}`, again: true }))
    asked.end(body)
  })
}

function verdictOf(status: number, url: URL): Tried {
  if (status >= 200 && status < 300) return { because: null, again: false }
  const redirect = status >= 300 && status < 400 ? ', and redirects are not followed' : ''
  return { because: `${shown(url)} answered ${status}${redirect}`, again: status >= 500 || later.has(status) }
}

/** Many webhooks carry their secret in the path. */
const shown = (url: URL): string => `${url.protocol}//${url.host}/…`
