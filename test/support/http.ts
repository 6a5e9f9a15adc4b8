import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { expect } from 'vitest'
import type { OrchestratorOptions } from '../../src/options.ts'
import { eventually } from './eventually.ts'
import { startFleet, type Fleet } from './fleet.ts'
import { specOf } from './specs.ts'

/** A fleet that listens on HTTP, and clients of it as they come: polite ones and others. */

export interface Answer {
  readonly id?: unknown
  readonly result?: Record<string, unknown>
  readonly error?: { readonly code: number | string; readonly message: string; readonly data: Record<string, unknown> }
  readonly method?: string
  readonly params?: Record<string, unknown>
}

export interface HttpFleet extends Fleet {
  readonly port: number
  readonly origin: string
}

export async function httpFleet(options: Partial<OrchestratorOptions> = {}, listener = 'http'): Promise<HttpFleet> {
  const fleet = await startFleet([specOf({ name: 'web', command: '/bin/sleep', args: ['1000'] })], {
    listeners: [{ name: 'http', endpoint: 'http:127.0.0.1:0', dialect: 'jsonrpc', setting: 'http.port' }],
    ...options,
  })
  await fleet.until('web', 'healthy')
  const { address } = await eventually(() => {
    const found = fleet.orchestrator.view.listeners().find(({ name }) => name === listener)
    expect(found?.error).toBeNull()
    return found as { address: string }
  })
  return { ...fleet, port: Number(/\d+$/.exec(address)?.[0]), origin: `http://${address}` }
}

export const connectionsOf = ({ orchestrator }: Fleet) =>
  Array.from(orchestrator.view.actors()).filter(({ kind }) => kind === 'connection')

export const json = { 'content-type': 'application/json' }

export const post = (origin: string, body: string, headers: Record<string, string> = json): Promise<Response> =>
  fetch(`${origin}/rpc`, { method: 'POST', body, headers })

export async function ask(origin: string, method: string, params: unknown = {}, headers: Record<string, string> = json) {
  const response = await post(origin, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), headers)
  return (await response.json()) as Answer
}

/** A socket of which one sees everything; `answer` waits until the other side has closed. */
export function raw(port: number, host = '127.0.0.1') {
  const socket: Socket = connect({ port, host })
  let text = ''
  let closed = false
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.on('close', () => {
    closed = true
  })
  return {
    socket,
    /** Once it was connected, or was not. */
    met: new Promise<void>((resolve) => {
      socket.once('connect', resolve)
      socket.once('close', () => resolve())
    }),
    say: (said: string) => socket.write(said),
    text: () => text,
    isClosed: () => closed,
    answer: () =>
      eventually(() => {
        expect(closed, text).toBe(true)
        return text
      }),
  }
}

/** What a client hears that sends this text on a connection of its own, until it is closed. */
export function exchange(port: number, text: string): Promise<string> {
  const one = raw(port)
  one.say(text)
  return one.answer()
}

export interface Closing {
  readonly code: number
  readonly reason: string
}

export function dial(port: number, { headers = {}, protocols = ['hyphae.rpc'], path = '/rpc' } = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers, perMessageDeflate: false })
  const answers: Answer[] = []
  let closing: Closing | undefined
  let refused: number | undefined
  socket.on('message', (text: Buffer) => answers.push(JSON.parse(text.toString()) as Answer))
  socket.on('close', (code, reason) => {
    closing = { code, reason: reason.toString() }
  })
  socket.on('unexpected-response', (request, response) => {
    refused = response.statusCode
    request.destroy()
  })
  socket.on('error', () => {})
  return {
    socket,
    answers,
    opened: () => eventually(() => expect(socket.readyState).toBe(WebSocket.OPEN)),
    ask: (id: number, method: string, params: unknown = {}) =>
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params })),
    answer: (id: number) =>
      eventually(() => {
        const found = answers.find((one) => one.id === id)
        expect(found).toBeDefined()
        return found as Answer
      }),
    closed: (patience?: number) =>
      eventually(() => {
        expect(closing).toBeDefined()
        return closing as Closing
      }, patience),
    refused: () =>
      eventually(() => {
        expect(refused).toBeDefined()
        return refused
      }),
  }
}
