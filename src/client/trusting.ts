import { request } from 'node:https'
import { Readable } from 'node:stream'
import type { Reach } from './network.ts'

/** To orchestrators whose certificate is of an authority of one's own. What a platform offers takes none. */

/** Trusts these authorities, PEM, and no others. */
export async function trusting(ca: string): Promise<Reach> {
  const { WebSocket: Socket } = await import('ws')
  return {
    open: (url, protocols) => new Socket(url, [...protocols], { ca, perMessageDeflate: false }) as unknown as WebSocket,
    fetch: (url, { method, headers, body, signal }) =>
      new Promise((resolve, reject) => {
        const asked = request(url, { method, headers, ca, signal }, (response) => {
          const { statusCode: status = 502 } = response
          // The standard has none for these, and so says nothing of theirs.
          const bare = status === 204 || status === 304
          if (bare) response.resume()
          resolve(new Response(bare ? null : (Readable.toWeb(response) as ReadableStream), { status: Math.max(200, status) }))
        })
        asked.on('error', reject)
        asked.end(body)
      }),
  }
}
