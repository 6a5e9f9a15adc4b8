import { expect, test } from 'vitest'
import { connect as connectInBrowser } from '../../src/client/browser.ts'
import { connect, HyphaeError } from '../../src/client/index.ts'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'
import { resultOf, webServer } from '../support/web-server.ts'

const caught = async (promise: Promise<unknown>): Promise<HyphaeError> => {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(HyphaeError)
  return error as HyphaeError
}

test.each([connect, connectInBrowser])('over HTTP each call is a POST, with the token', async (connect) => {
  await using server = await webServer({ post: (request) => resultOf(request, { echo: request.params }) })
  const client = await connect({ url: server.url, token: 's3cret' })
  expect(client.at).toBe(server.url)
  expect(await client.call('system.status', { services: ['web'] })).toEqual({ echo: { services: ['web'] } })
  expect(server.requests.at(-1)).toMatchObject({ jsonrpc: '2.0', method: 'system.status' })
  expect(server.headers.at(-1)).toMatchObject({ authorization: 'Bearer s3cret', 'content-type': 'application/json' })
  client.close()
  expect((await caught(client.call('system.status'))).message).toBe('the client was closed')
})

test('a command that fails over HTTP is its own error', async () => {
  await using server = await webServer({
    post: ({ id, method }) => ({
      status: 200,
      body: JSON.stringify(
        method === 'service.stop'
          ? { jsonrpc: '2.0', id, error: { code: -32004, message: 'no "wbe"', data: { code: 'not_found', nearest: 'web' } } }
          : { jsonrpc: '2.0', id, result: {} },
      ),
    }),
  })
  const client = await connect({ url: server.url })
  const error = await caught(client.call('service.stop', { services: ['wbe'] }))
  expect(error).toMatchObject({ code: 'not_found', message: 'no "wbe"', data: { nearest: 'web' } })
})

const refusal = (code: string) => JSON.stringify({ error: { code, message: 'because I say so' } })

test.each([
  [401, refusal('unauthorized'), undefined, 'unauthorized', /wants a token; give it as token \(or HYPHAE_TOKEN, or --token\)$/],
  [401, '', 'wrong', 'unauthorized', /does not accept this token/],
  [403, refusal('forbidden'), undefined, 'forbidden', /refuses it \(HTTP 403\): because I say so/],
  [413, '', undefined, 'too_large', /HTTP 413/],
  [404, 'not here', undefined, 'unavailable', /HTTP 404: not here; is that where the orchestrator's http listener is\?/],
  [200, 'hello', undefined, 'parse_error', /cannot understand what http/],
  [200, '[]', undefined, 'parse_error', /no JSON object/],
] as const)(
  'a server that answers %i %j is told in words, by HTTP and by WebSocket',
  async (status, body, token, code, words) => {
    await using server = await webServer({ post: () => ({ status, body }), refuse: status })
    for (const url of [server.url, server.ws]) {
      const error = await caught(connect({ url, token }))
      expect(error).toMatchObject({ code })
      expect(error.message.replaceAll('ws:', 'http:')).toMatch(words)
    }
  },
)

test('where nobody listens the error says so', async () => {
  const server = await webServer({})
  await server[Symbol.asyncDispose]()
  for (const url of [server.url, server.ws]) {
    const error = await caught(connect({ url }))
    expect(error.code).toBe('unavailable')
    expect(error.message).toContain(`no orchestrator answers at ${url} (`)
  }
})

test('a server that never answers is given up, by HTTP and by WebSocket', async () => {
  await using server = await webServer({ post: () => undefined })
  expect(await caught(connect({ url: server.url, timeout: 50 }))).toMatchObject({ code: 'unavailable' })
  expect(await caught(connect({ url: server.ws, timeout: 50 }))).toMatchObject({ code: 'unavailable' })
  await eventually(() => expect(server.sockets.size).toBe(0))
})

test.each(['here', 'ftp://x', 'http://', 'http://me:secret@x', 'http://x/?a=b'])('%s is no such URL', async (url) => {
  expect(await caught(connect({ url }))).toMatchObject({ code: 'invalid_params', data: { field: 'url' } })
})

test('a socket and a url at once are too much', async () => {
  expect(await caught(connect({ url: 'http://x', socket: '/x' }))).toMatchObject({ code: 'invalid_params' })
})

test('a call by HTTP that is given up, or takes too long, leaves nothing behind', async () => {
  await using server = await webServer({
    post: (request) => (request.method === 'system.status' ? resultOf(request, {}) : undefined),
  })
  const client = await connect({ url: server.url })
  const controller = new AbortController()
  const given = client.call('actor.list', {}, { signal: controller.signal })
  await eventually(() => expect(server.requests.at(-1)?.method).toBe('actor.list'))
  const late = caught(client.call('actor.list', {}, { timeout: 20 }))
  controller.abort(new Error('enough'))
  await expect(given).rejects.toThrow('enough')
  await expect(client.call('actor.list', {}, { signal: controller.signal })).rejects.toThrow('enough')
  expect(await late).toMatchObject({ code: 'timeout', data: { method: 'actor.list' } })
  const pending = caught(client.call('actor.list'))
  client.close()
  expect((await pending).message).toBe('the client was closed')
  // Only the one that is kept for the next call may stay.
  await eventually(() => expect(server.sockets.size).toBeLessThanOrEqual(1))
})

test.each([connect, connectInBrowser])('over a WebSocket the token goes as a subprotocol', async (connect) => {
  await using server = await webServer({ asked: (request, peer) => peer.answer(request, { echo: request.params }) })
  const client = await connect({ url: server.ws, token: 'gehöft?>' })
  const bearer = Buffer.from('gehöft?>').toString('base64url')
  expect(server.headers[0]?.['sec-websocket-protocol']).toMatch(new RegExp(`^hyphae.rpc, ?hyphae.bearer.${bearer}$`))
  expect(await client.call('system.status', { services: ['web'] })).toEqual({ echo: { services: ['web'] } })
  client.close()
  await eventually(() => expect(server.peers.size).toBe(0))
})

test('by HTTP a stream has a WebSocket of its own; a break closes it', async () => {
  await using server = await webServer({
    asked(request, peer) {
      if (request.method !== 'logs.follow') return peer.answer(request, {})
      peer.answer(request, { subscription: '1' })
      peer.item('1', { line: 'one' })
      peer.item('1', { line: 'two' })
    },
  })
  const client = await connect({ url: server.url })
  const seen: string[] = []
  for await (const { line } of client.stream('logs.follow')) {
    seen.push(line)
    if (seen.length === 2) break
  }
  expect(seen).toEqual(['one', 'two'])
  expect(server.requests.at(-1)).toMatchObject({ method: 'stream.cancel', params: { subscription: '1' } })
  await eventually(() => expect(server.peers.size).toBe(0))
})

test.each([
  [1001, '', 'unavailable', 'the orchestrator ends'],
  [1013, '', 'overloaded', 'was read too slowly'],
  [1011, 'a defect', 'unavailable', 'a defect'],
])('a WebSocket closed with %i %s', async (close, reason, code, words) => {
  await using server = await webServer({ asked: (_, peer) => peer.close(close, reason) })
  const client = await connect({ url: server.ws })
  const error = await caught(client.call('system.status'))
  expect(error.code).toBe(code)
  expect(error.message).toContain(words)
})

test('a WebSocket that says what is no text, or no JSON-RPC', async () => {
  await using server = await webServer({
    asked: ({ method }, peer) => peer.frame(method === 'actor.list' ? 2 : 1, Buffer.from('hello')),
  })
  const client = await connect({ url: server.ws })
  expect(await caught(client.call('actor.list'))).toMatchObject({ code: 'parse_error' })
  expect(await caught(client.call('system.status'))).toMatchObject({ code: 'parse_error' })
  await eventually(() => expect(server.peers.size).toBe(0))
})

test('after its connection was lost the next call makes a new one', async () => {
  await using server = await webServer({
    asked: (request, peer) => (request.method === 'system.shutdown' ? peer.close(1001) : peer.answer(request, { fine: true })),
  })
  const client = await connect({ url: server.ws })
  await caught(client.call('system.shutdown'))
  expect(await client.call('system.status')).toEqual({ fine: true })
  client.close()
})

test('HTTP answers and no WebSocket is taken: a proxy may be in between', async () => {
  await using server = await webServer({})
  const client = await connect({ url: server.url })
  await expect(client.stream('actor.watch').next()).rejects.toThrow('takes no WebSocket')
})

test('nothing holds a WebSocket back, so unread items have a bound: then the stream fails, after what came before', async () => {
  await using server = await webServer({
    asked(request, peer) {
      peer.answer(request, { subscription: '1' })
      for (let n = 0; n < limits.unheldItems + 10; n++) peer.item('1', { line: String(n) })
    },
  })
  const client = await connect({ url: server.ws })
  const items = client.stream('logs.follow')
  await eventually(() => expect(server.requests).toHaveLength(1))
  // Its own connection is closed; that of the calls stays.
  await eventually(() => expect(server.peers.size).toBe(1))
  let read = 0
  const reading = async (): Promise<void> => {
    for await (const { line } of items) expect(line).toBe(String(read++))
  }
  const error = await caught(reading())
  expect(error.code).toBe('overloaded')
  expect(read).toBe(limits.unheldItems)
  client.close()
})
