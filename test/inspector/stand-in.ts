import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { WebSocketServer, type WebSocket } from 'ws'
import type { ActorRow, InspectionItem, InspectionRecord } from '../../src/protocol/inspection.ts'
import { chart, type Synthetic } from './synthetic.ts'

/**
 * A stand-in for an orchestrator's HTTP port: the page as it was built, and the few commands that it needs, about a fleet that
 * there is not. It can lose its connections, be another run, and ask for a token.
 */

export const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; worker-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const built = join(import.meta.dirname, '../../dist/inspector')
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
}

export interface StandInOptions {
  readonly token?: string
  /** What a one-time login is worth. */
  readonly ticket?: string
  /** Records that happened before anybody looked. */
  readonly history?: readonly InspectionRecord[]
  readonly port?: number
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

export async function standIn(fleet: Synthetic, { token, ticket, history = [], port = 0 }: StandInOptions = {}) {
  const past = [...history]
  const watchers = new Set<(item: InspectionItem) => void>()
  const sockets = new Set<WebSocket>()
  const asked: string[] = []
  let run = 'first'
  let open = true

  const bearerOf = ({ headers }: IncomingMessage): string | undefined => {
    const given = headers.authorization?.replace('Bearer ', '')
    const [, coded] = /hyphae\.bearer\.([\w-]+)/.exec(headers['sec-websocket-protocol'] ?? '') ?? []
    return given ?? (coded === undefined ? undefined : Buffer.from(coded, 'base64url').toString())
  }
  const may = (request: IncomingMessage): boolean => token === undefined || bearerOf(request) === token

  function answer(method: string, params: Readonly<Record<string, unknown>>): unknown {
    if (method === 'system.status') return {}
    if (method === 'system.whoami')
      return { name: 'tester', via: 'http', role: 'admin', commands: ['system.status', 'inspection.watch', 'service.restart'] }
    if (method === 'inspection.chart') return chart
    if (method === 'inspection.context') {
      const ids = (params['actors'] as readonly string[] | undefined) ?? Array.from(fleet.actors.keys())
      const contexts = ids.flatMap((id) => (fleet.context(id) === undefined ? [] : [{ id, context: fleet.context(id) }]))
      return { seq: fleet.seq, contexts, left_out: ids.length - contexts.length }
    }
    return undefined
  }
  const live = (): readonly ActorRow[] => Array.from(fleet.actors.values()).filter(({ end }) => end === undefined)
  function begin(params: Readonly<Record<string, unknown>>, tell: (item: InspectionItem) => void): void {
    const after = params['after'] as { run: string; seq: number } | undefined
    const resumed = after?.run === run
    const actors = resumed ? [] : live()
    tell({ type: 'begin', run, seq: fleet.seq, at: fleet.at, resumed, actors: actors.length })
    for (let at = 0; at < actors.length; at += 500) tell({ type: 'actors', actors: actors.slice(at, at + 500) })
    const records = resumed ? past.filter(({ seq }) => seq > after.seq) : past
    for (let at = 0; at < records.length; at += 500) tell({ type: 'records', records: records.slice(at, at + 500) })
  }

  async function file(path: string, response: ServerResponse): Promise<void> {
    const name = path === '/' ? 'index.html' : normalize(path).slice(1)
    try {
      const bytes = await readFile(join(built, name))
      response.setHeader('content-type', types[extname(name)] ?? 'application/octet-stream')
      response.end(bytes)
    } catch {
      response.writeHead(404).end()
    }
  }
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('content-security-policy', policy)
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/login') {
      const given = JSON.parse(await bodyOf(request)) as { ticket: string }
      response.setHeader('content-type', 'application/json')
      if (given.ticket === ticket) response.end(JSON.stringify({ token, name: 'tester', role: 'admin', expires: null }))
      else response.writeHead(401).end(JSON.stringify({ error: { code: 'unauthorized', message: 'this ticket is used up' } }))
      return
    }
    if (pathname !== '/rpc') return file(pathname, response)
    if (!may(request)) {
      response.writeHead(401).end()
      return
    }
    const { id, method, params } = JSON.parse(await bodyOf(request)) as {
      id: number
      method: string
      params: Record<string, unknown>
    }
    asked.push(method)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: answer(method, params) }))
  }

  const server = createServer((request, response) => void serve(request, response))
  const upgrades = new WebSocketServer({ noServer: true, handleProtocols: () => 'hyphae.rpc' })
  server.on('upgrade', (request, socket, head) => {
    if (!open || !may(request)) {
      socket.destroy()
      return
    }
    upgrades.handleUpgrade(request, socket, head, (client) => {
      sockets.add(client)
      let tell: ((item: InspectionItem) => void) | undefined
      client.on('close', () => {
        sockets.delete(client)
        if (tell !== undefined) watchers.delete(tell)
      })
      client.on('message', (text: Buffer) => {
        const { id, method, params } = JSON.parse(text.toString()) as {
          id: number
          method: string
          params: Record<string, unknown>
        }
        asked.push(method)
        if (method !== 'inspection.watch')
          return client.send(JSON.stringify({ jsonrpc: '2.0', id, result: answer(method, params) }))
        client.send(JSON.stringify({ jsonrpc: '2.0', id, result: { subscription: 's1' } }))
        const say = (item: InspectionItem): void =>
          client.send(JSON.stringify({ jsonrpc: '2.0', method: 'stream.item', params: { subscription: 's1', item } }))
        tell = say
        begin(params, say)
        watchers.add(say)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const { port: bound } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${bound}`,
    port: bound,
    /** Names of the commands that were asked for. */
    asked,
    watching: () => watchers.size,
    /** Something happens. */
    tell(records: readonly InspectionRecord[]): void {
      past.push(...records)
      for (const watcher of watchers) watcher({ type: 'records', records: [...records] })
    },
    /** Loses every connection; with `false` it takes no new ones. */
    lose(takesMore = true): void {
      open = takesMore
      for (const socket of sockets) socket.terminate()
    },
    takeMore(): void {
      open = true
    },
    /** Everything anew, with other numbers. */
    anotherRun(): void {
      run = 'second'
      past.length = 0
    },
    async end(): Promise<void> {
      for (const socket of sockets) socket.terminate()
      upgrades.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
export type StandIn = Awaited<ReturnType<typeof standIn>>
