import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { TookTooLong } from '../../src/actors/look.ts'
import { lookMcp } from '../../src/actors/look-mcp.ts'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

/** Stands in for an MCP server: it answers what a test wants. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
}
const look = (url: string, signal = new AbortController().signal, headers = {}): Promise<string | null> =>
  lookMcp({ type: 'mcp', url, headers }, signal)

const result = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 'stand-in', version: '1' } }
const answer = JSON.stringify({ jsonrpc: '2.0', id: 1, result })
const json = (response: ServerResponse, body: string, headers = {}): void =>
  void response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(body)
const event = (data: string): string => `event: message\ndata: ${data}\n\n`

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const piece of request) text += String(piece)
  return text === '' ? null : JSON.parse(text)
}

describe('an MCP server passes', () => {
  test('when it answers in JSON; the request is that of a client, and its session is closed again', async () => {
    const seen: unknown[] = []
    const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      seen.push([request.method, request.headers['mcp-session-id'], request.headers['x-key'], await bodyOf(request)])
      if (request.method === 'POST') json(response, answer, { 'Mcp-Session-Id': 's-1' })
      else response.writeHead(405).end()
    }
    const url = await serve((request, response) => void take(request, response))
    expect(await look(url, undefined, { 'X-Key': 'k' })).toBeNull()
    expect(seen[0]).toMatchObject([
      'POST',
      undefined,
      'k',
      {
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: { protocolVersion: '2025-06-18', clientInfo: { name: 'hyphae-probe' } },
      },
    ])
    await eventually(() => expect(seen[1]).toEqual(['DELETE', 's-1', 'k', null]))
  })

  test('when it answers in an event stream that stays open, with other messages and half events before', async () => {
    let closed = false
    const url = await serve((_, response) => {
      response.on('close', () => (closed = true))
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
      response.write(': hello\n\n')
      response.write(event('{"jsonrpc":"2.0","method":"notifications/message"}'))
      const [half, rest] = [event(answer).slice(0, 20), event(answer).slice(20)]
      response.write(half)
      setImmediate(() => response.write(rest.replaceAll('\n', '\r\n')))
    })
    expect(await look(url)).toBeNull()
    // It is not kept waiting for us.
    await eventually(() => expect(closed).toBe(true))
  })
})

describe('it does not pass, and the reason says why', () => {
  test.each<[string, RequestListener, string]>([
    ['another status', (_, response) => void response.writeHead(503).end(), 'answered 503'],
    [
      'a redirect, which is not followed',
      (_, response) => void response.writeHead(307, { Location: '/other' }).end(),
      'answered 307',
    ],
    [
      'a web page',
      (_, response) => void response.writeHead(200, { 'Content-Type': 'text/html' }).end('hi'),
      'answered with text/html; expected application/json or text/event-stream',
    ],
    ['no content type', (_, response) => void response.writeHead(200).end('hi'), 'answered with no content type'],
    ['no JSON', (_, response) => json(response, 'oops'), 'answered no JSON-RPC to our request'],
    [
      'the answer to another request',
      (_, response) => json(response, answer.replace('"id":1', '"id":2')),
      'answered no JSON-RPC to our request',
    ],
    [
      'an error',
      (_, response) => json(response, '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no such version"}}'),
      'was refused: no such version',
    ],
    [
      'some other JSON-RPC',
      (_, response) => json(response, '{"jsonrpc":"2.0","id":1,"result":{}}'),
      'answered without protocolVersion and serverInfo; it is no MCP server',
    ],
    [
      'a stream without an answer',
      (_, response) => void response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(event('{}')),
      'ended its event stream without an answer',
    ],
    [
      'a stream that is cut before its event is whole',
      (_, response) => void response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(event(answer).trimEnd()),
      'ended its event stream without an answer',
    ],
    [
      'a flood',
      (_, response) => json(response, 'x'.repeat(limits.probeBodyBytes + 1)),
      `answered more than ${limits.probeBodyBytes} bytes`,
    ],
  ])('%s', async (_, listener, because) => {
    const url = await serve(listener)
    const said = await look(`${url}?key=secret`)
    expect(said).toContain(because)
    expect(said).toMatch(/^initialize at http:\/\/127\.0\.0\.1:\d+\/mcp\?… /)
    expect(said).not.toContain('secret')
  })

  test('a server that is not there, hangs up in the middle, or says nothing in time', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 100 }).write('{')
      setImmediate(() => response.destroy())
    })
    expect(await look(url)).toMatch(/aborted|hang up|terminated/)
    const silent = await serve(() => {})
    const limit = new AbortController()
    const waiting = look(silent, limit.signal)
    limit.abort(new TookTooLong('no answer within 1 s'))
    expect(await waiting).toBe('no answer within 1 s')
    const stream = await serve((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': nothing yet\n\n')
    })
    const late = new AbortController()
    const open = look(stream, late.signal)
    setImmediate(() => late.abort(new TookTooLong('no answer within 1 s')))
    expect(await open).toBe('no answer within 1 s')
    servers[0]?.close()
    servers[0]?.closeAllConnections()
    expect(await look(url)).toContain('ECONNREFUSED')
  })
})
