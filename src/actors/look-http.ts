import { limits } from '../protocol/limits.ts'
import type { ProbeTarget } from '../protocol/service.ts'
import { reasonOf } from './look.ts'
import { shown } from './shown-url.ts'

/** Asks once. Resolves to null when the answer is what is wanted, else to why not. Follows nothing, keeps nothing open. */
export async function lookHttp(target: Extract<ProbeTarget, { type: 'http' }>, signal: AbortSignal): Promise<string | null> {
  const url = new URL(target.url)
  // Loaded with the first probe that needs it.
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  return new Promise((resolve) => {
    const headers = { ...target.headers, Connection: 'close' }
    const asked = request(url, { method: 'GET', headers, agent: false, signal }, (response) => {
      const status = response.statusCode ?? 0
      const good = target.status.length === 0 ? status >= 200 && status < 300 : target.status.includes(status)
      const verdict = good ? null : `GET ${shown(url)} answered ${status}`
      let size = 0
      // The status is the answer, so whatever ends the body ends the look. It is read for politeness, to a bound.
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > limits.probeBodyBytes) response.destroy()
      })
      response.on('error', () => undefined)
      response.once('close', () => {
        resolve(verdict)
      })
    })
    // Also after an answer: a reset then changes nothing.
    asked.on('error', (error) => {
      resolve(reasonOf(error, signal))
    })
    asked.end()
  })
}
