import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, expectTypeOf, test } from 'vitest'
import { connect, HyphaeError, type Output } from '../../src/client/index.ts'
import { eventually } from '../support/eventually.ts'
import { jsonRpcServer } from '../support/json-rpc-server.ts'

const caught = async (promise: Promise<unknown>): Promise<HyphaeError> => {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(HyphaeError)
  return error as HyphaeError
}

test('a call sends the method with its input and answers the result', async () => {
  await using server = await jsonRpcServer((request, peer) => peer.answer(request, { echo: request.params }))
  const client = await connect({ socket: server.path })
  expect(await client.call('system.status', { services: ['web'] })).toEqual({ echo: { services: ['web'] } })
  expect(await client.call('system.status')).toEqual({ echo: {} })
  expect(server.requests.map(({ method }) => method)).toEqual(['system.status', 'system.status'])
  client.close()
})

test('answers find their calls in whatever order they come', async () => {
  const held: Array<() => void> = []
  await using server = await jsonRpcServer((request, peer) => {
    held.push(() => peer.answer(request, request.params))
    if (held.length === 3) for (const answer of held.toReversed()) answer()
  })
  const client = await connect({ socket: server.path })
  const asked = ['a', 'b', 'c'].map((service) => client.call('service.explain', { service }))
  expect(await Promise.all(asked)).toEqual([{ service: 'a' }, { service: 'b' }, { service: 'c' }])
  client.close()
})

test('an answer may come in pieces and be as long as it likes', async () => {
  const text = '𝄞'.repeat(600_000)
  await using server = await jsonRpcServer((request, peer) => peer.answer(request, { text }))
  const client = await connect({ socket: server.path })
  expect(await client.call('system.status')).toEqual({ text })
  client.close()
})

test('an error answer is a HyphaeError with its code, message and the rest of its data', async () => {
  await using server = await jsonRpcServer((request, peer) =>
    peer.refuse(request, { code: -32004, message: 'there is no service "wbe"', data: { code: 'not_found', nearest: 'web' } }),
  )
  const client = await connect({ socket: server.path })
  const error = await caught(client.call('service.stop', { services: ['wbe'] }))
  expect(error).toMatchObject({ code: 'not_found', message: 'there is no service "wbe"', data: { nearest: 'web' } })
  client.close()
})

test.each([
  [{ code: -32601, message: 'x' }, 'unknown_command'],
  [{ code: 1, message: 'x' }, 'internal'],
  [{ code: -32603, message: 'x', data: { code: 'toString' } }, 'internal'],
])('an error without a name of ours is known by its number: %j', async (error, code) => {
  await using server = await jsonRpcServer((request, peer) => peer.refuse(request, error))
  const client = await connect({ socket: server.path })
  expect((await caught(client.call('system.status'))).code).toBe(code)
  client.close()
})

test('a call that takes too long is a timeout; its late answer disturbs nobody', async () => {
  const late: Array<() => void> = []
  await using server = await jsonRpcServer((request, peer) => {
    if (request.method === 'system.shutdown') late.push(() => peer.answer(request, {}))
    else peer.answer(request, { fine: true })
  })
  const client = await connect({ socket: server.path })
  expect((await caught(client.call('system.shutdown', {}, { timeout: 20 }))).code).toBe('timeout')
  late[0]?.()
  expect(await client.call('system.status')).toEqual({ fine: true })
  client.close()
})

test('where nobody listens the error says what to do', async () => {
  await using server = await jsonRpcServer(() => {})
  const missing = join(server.path, '..', 'none.sock')
  const stale = join(server.path, '..', 'file')
  writeFileSync(stale, '')
  for (const socket of [missing, stale, `/${'x'.repeat(200)}`]) {
    const error = await caught(connect({ socket }))
    expect(error.code).toBe('unavailable')
    expect(error.message).toBe(`no orchestrator answers at ${socket}; start one with: hyphae up`)
  }
})

test('a lost connection rejects all that is pending; the next call makes a new one', async () => {
  await using server = await jsonRpcServer((request, peer) => {
    if (request.method === 'system.shutdown') peer.socket.destroy()
    if (request.method === 'service.explain') peer.answer(request, { fine: true })
  })
  const client = await connect({ socket: server.path })
  const errors = await Promise.all([
    caught(client.call('system.status')),
    caught(client.call('actor.list')),
    caught(client.call('system.shutdown')),
  ])
  for (const error of errors) {
    expect(error.code).toBe('unavailable')
    expect(error.message).toContain(`the connection to ${server.path} was lost`)
  }
  expect(await client.call('service.explain', { service: 'web' })).toEqual({ fine: true })
  client.close()
})

test('a call that is given up rejects with the reason, before or after it was asked', async () => {
  await using server = await jsonRpcServer(() => {})
  const client = await connect({ socket: server.path })
  const controller = new AbortController()
  const pending = client.call('system.status', {}, { signal: controller.signal })
  await eventually(() => expect(server.requests).toHaveLength(1))
  controller.abort(new Error('enough'))
  await expect(pending).rejects.toThrow('enough')
  await expect(client.call('system.status', {}, { signal: controller.signal })).rejects.toThrow('enough')
  expect(server.requests).toHaveLength(1)
  client.close()
})

test('a timeout of the client holds where a call has none of its own', async () => {
  await using server = await jsonRpcServer(() => {})
  const client = await connect({ socket: server.path, timeout: 20 })
  expect(await caught(client.call('system.status'))).toMatchObject({ code: 'timeout', data: { timeout: 20 } })
  expect(await caught(client.call('system.status', {}, { timeout: 10 }))).toMatchObject({ data: { timeout: 10 } })
  client.close()
})

test('what is no JSON-RPC ends the connection with a reason', async () => {
  await using server = await jsonRpcServer((_, peer) => peer.raw('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const client = await connect({ socket: server.path })
  expect((await caught(client.call('system.status'))).code).toBe('parse_error')
  await eventually(() => expect(server.peers.size).toBe(0))
})

test('an error without an id is told to everybody who waits', async () => {
  await using server = await jsonRpcServer((_, peer) =>
    peer.raw(
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32013,"message":"a line may have at most 5 bytes","data":{"code":"too_large"}}}\n',
    ),
  )
  const client = await connect({ socket: server.path })
  expect(await caught(client.call('system.status'))).toMatchObject({ code: 'too_large' })
  client.close()
})

test('close rejects what is pending and ends the connection', async () => {
  await using server = await jsonRpcServer(() => {})
  const client = await connect({ socket: server.path })
  const pending = caught(client.call('system.status'))
  await eventually(() => expect(server.requests).toHaveLength(1))
  client.close()
  expect((await pending).message).toBe('the client was closed')
  expect((await caught(client.call('system.status'))).message).toBe('the client was closed')
  expect(() => client.stream('actor.watch')).toThrow('the client was closed')
  await eventually(() => expect(server.peers.size).toBe(0))
})

test('a service is an actor to send events to, and to start, stop and restart', async () => {
  await using server = await jsonRpcServer((request, peer) => peer.answer(request, { results: [{ service: 'web' }] }))
  const client = await connect({ socket: server.path })
  const web = client.service('web')
  await web.send({ type: 'RESTART' })
  expect(await web.start()).toEqual({ service: 'web' })
  await web.stop({ wait: false })
  await web.restart()
  await web.explain()
  expect(server.requests.map(({ method, params }) => [method, params])).toEqual([
    ['actor.send', { to: 'service.web', event: { type: 'RESTART' } }],
    ['service.start', { services: ['web'], wait: true }],
    ['service.stop', { services: ['web'], wait: false }],
    ['service.restart', { services: ['web'], wait: true }],
    ['service.explain', { service: 'web' }],
  ])
  client.close()
})

test('names, inputs and outputs are those of the registry', () => {
  type Client = Awaited<ReturnType<typeof connect>>
  expectTypeOf<Output<'service.stop'>['results'][number]['pid']>().toEqualTypeOf<number | null>()
  expectTypeOf<Parameters<Client['call']>[0]>().not.toExtend<'actor.watch'>()
  expectTypeOf<Parameters<Client['stream']>[0]>().toEqualTypeOf<
    'actor.watch' | 'inspection.watch' | 'logs.follow' | 'events.follow' | 'system.banner_follow'
  >()
  // @ts-expect-error a service has to be named
  const wrong = (client: Client) => client.call('service.explain')
  expectTypeOf(wrong).toBeFunction()
})
