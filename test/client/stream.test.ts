import { expect, test } from 'vitest'
import { connect, HyphaeError } from '../../src/client/index.ts'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'
import { jsonRpcServer } from '../support/json-rpc-server.ts'

test('items come in order, then the reason of the end', async () => {
  await using server = await jsonRpcServer((request, peer) => {
    peer.answer(request, { subscription: '7' })
    for (const line of ['a', 'b', 'c']) peer.item('7', { line })
    peer.end('7', 'it reads too slowly')
  })
  const client = await connect({ socket: server.path })
  const seen: string[] = []
  const reading = async (): Promise<void> => {
    for await (const { line } of client.stream('logs.follow', { lines: 3 })) seen.push(line)
  }
  await expect(reading()).rejects.toThrow('the stream ended: it reads too slowly')
  expect(seen).toEqual(['a', 'b', 'c'])
  expect(server.requests).toMatchObject([{ method: 'logs.follow', params: { lines: 3 } }])
  client.close()
})

test('a break cancels the stream and closes its connection', async () => {
  await using server = await jsonRpcServer((request, peer) => {
    if (request.method === 'stream.cancel') {
      peer.answer(request, request.params)
      return
    }
    peer.answer(request, { subscription: '3' })
    peer.item('3', { type: 'snapshot' })
  })
  const client = await connect({ socket: server.path })
  const items = client.stream('actor.watch')
  for await (const item of items) {
    expect(item).toEqual({ type: 'snapshot' })
    break
  }
  expect(server.requests.at(-1)).toMatchObject({ method: 'stream.cancel', params: { subscription: '3' } })
  expect(await items.next()).toEqual({ done: true, value: undefined })
  await eventually(() => expect(server.peers.size).toBe(1))
  client.close()
})

test('return ends a reader that waits', async () => {
  await using server = await jsonRpcServer((request, peer) => peer.answer(request, { subscription: '1' }))
  const client = await connect({ socket: server.path })
  const items = client.stream('actor.watch')
  const waiting = items.next()
  await items.return()
  expect(await waiting).toEqual({ done: true, value: undefined })
  client.close()
})

test('return before anything is connected leaves nothing behind', async () => {
  await using server = await jsonRpcServer((request, peer) => peer.answer(request, { subscription: '1' }))
  const client = await connect({ socket: server.path })
  await client.stream('actor.watch').return()
  client.close()
  await eventually(() => expect(server.peers.size).toBe(0))
  expect(server.requests).toEqual([])
})

test('a refused stream throws its error', async () => {
  await using server = await jsonRpcServer((request, peer) =>
    peer.refuse(request, { code: -32004, message: 'there is no service "x"', data: { code: 'not_found' } }),
  )
  const client = await connect({ socket: server.path })
  await expect(client.stream('logs.follow', { services: ['x'] }).next()).rejects.toMatchObject({ code: 'not_found' })
  await eventually(() => expect(server.peers.size).toBe(1))
  client.close()
})

test('a lost connection throws, after what came before', async () => {
  await using server = await jsonRpcServer((request, peer) => {
    peer.answer(request, { subscription: '1' })
    peer.item('1', { line: 'last words' })
    peer.socket.end()
  })
  const client = await connect({ socket: server.path })
  const items = client.stream('logs.follow')
  expect(await items.next()).toMatchObject({ value: { line: 'last words' } })
  await expect(items.next()).rejects.toThrow(HyphaeError)
  expect(await items.next()).toEqual({ done: true, value: undefined })
  client.close()
})

test('a reader that stops reading holds the other side back, and nothing else', async () => {
  const pad = 'x'.repeat(10_000)
  const count = 2_000
  let sent = 0
  await using server = await jsonRpcServer((request, peer) => {
    if (request.method !== 'logs.follow') {
      peer.answer(request, { fine: true })
      return
    }
    peer.answer(request, { subscription: '1' })
    const fill = (): void => {
      while (sent < count) if (!peer.item('1', { line: `${sent++} ${pad}` })) return
    }
    peer.socket.on('drain', fill)
    fill()
  })
  const client = await connect({ socket: server.path })
  const items = client.stream('logs.follow')
  await items.next()
  await eventually(() => expect(sent).toBeGreaterThan(limits.unreadItems / 2))
  // Answers are not held back with the items.
  for (let i = 0; i < 20; i++) expect(await client.call('system.status')).toEqual({ fine: true })
  expect(sent).toBeLessThan(count / 2)

  for (let at = 1; at < count; at++) {
    const { value } = await items.next()
    expect(Number.parseInt(value?.line ?? '', 10)).toBe(at)
  }
  await items.return()
  client.close()
})
