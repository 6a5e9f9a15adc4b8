import { afterEach, describe, expect, test } from 'vitest'
import { commands } from '../../src/commands/registry.ts'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet } from '../support/fleet.ts'
import { specOf } from '../support/specs.ts'
import { ask, connectionsOf, dial, exchange, httpFleet, json, post, type Answer, type HttpFleet } from '../support/http.ts'

/** JSON-RPC over HTTP and over WebSockets, through a whole orchestrator. */

let fleet: HttpFleet | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})
const start = async (...given: Parameters<typeof httpFleet>): Promise<HttpFleet> => {
  fleet = await httpFleet(...given)
  return fleet
}
const stubborn = 'trap "" TERM; echo trapped; while :; do sleep 0.1; done'
const call = (id: number | undefined, method: string, params: unknown = {}) => ({ jsonrpc: '2.0', id, method, params })

describe('POST /rpc', () => {
  test('a request is answered, by an actor that has gone then', async () => {
    const { origin } = await start()
    const response = await post(origin, JSON.stringify(call(7, 'system.status')))
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    expect(['server', 'x-powered-by', 'access-control-allow-origin'].filter((name) => response.headers.has(name))).toEqual([])
    expect(await response.json()).toMatchObject({ id: 7, result: { services: { web: { state: 'healthy' } } } })
    await eventually(() => expect(connectionsOf(fleet as HttpFleet)).toEqual([]))
    const { result } = await ask(origin, 'actor.list', { kind: 'connection' })
    expect(result?.['actors']).toMatchObject([{ kind: 'connection', state: 'open' }])
  })

  test('every command is there', async () => {
    const { origin } = await start()
    const unknown: string[] = []
    for (const name of Object.keys(commands)) {
      const { error } = await ask(origin, name, { nonsense: true })
      if (error?.data['code'] !== 'invalid_params' && error?.data['code'] !== 'invalid_request') unknown.push(name)
    }
    expect(unknown).toEqual([])
  })

  test('batches, notifications, and the errors of the specification (supervisord: test_continue_request_400)', async () => {
    const { origin } = await start()
    const say = async (body: string): Promise<unknown> => (await post(origin, body)).json()
    const batch = [call(1, 'actor.get', { address: 'service.web' }), call(undefined, 'system.status'), call(2, 'no.such')]
    const answers = (await say(JSON.stringify(batch))) as Answer[]
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set([1, 2]))
    expect(answers.find(({ id }) => id === 2)).toMatchObject({ error: { code: -32601 } })

    for (const quiet of [call(undefined, 'system.status'), [call(undefined, 'system.status'), call(undefined, 'no.such')]]) {
      const response = await post(origin, JSON.stringify(quiet))
      expect([response.status, await response.text()]).toEqual([204, ''])
    }

    expect(await say('{"jsonrpc": "2.0", "method"')).toMatchObject({ id: null, error: { code: -32700 } })
    expect(await say('[]')).toMatchObject({ id: null, error: { code: -32600 } })
    expect(await say('[1,2]')).toMatchObject([{ error: { code: -32600 } }, { error: { code: -32600 } }])
    expect(await say('{"jsonrpc":"2.0","id":1,"method":1}')).toMatchObject({ id: 1, error: { code: -32600 } })
    expect(await say('{"jsonrpc":"2.0","id":1,"method":"system.status","params":[1]}')).toMatchObject({ error: { code: -32602 } })
    expect(await say('')).toMatchObject({ id: null, error: { code: -32700, message: 'the body is empty' } })
  })

  test('a stream needs more than one answer', async () => {
    const { origin } = await start()
    const { error } = await ask(origin, 'actor.watch')
    expect(error).toMatchObject({ code: -32600, message: expect.stringContaining('connection') as string })
  })

  test('a mutation is answered when it is done, and many at once each get their own answer', async () => {
    const { origin } = await start()
    expect(await ask(origin, 'service.restart', { services: ['web'] })).toMatchObject({
      result: { results: [{ outcome: 'done' }] },
    })
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(origin, 'actor.get', { address: 'service.web' })))
    expect(answers.filter(({ result }) => result?.['address'] === 'service.web')).toHaveLength(200)
    await eventually(() => expect(connectionsOf(fleet as HttpFleet)).toEqual([]))
  })

  test('a client that goes away ends its conversation', async () => {
    const one = await start({ services: [specOf({ name: 'web', command: '/bin/sh', args: ['-c', stubborn], stopGrace: 1_000 })] })
    await eventually(async () => expect((await one.call('logs.read', {})).lines).toMatchObject([{ line: 'trapped' }]))
    const controller = new AbortController()
    const body = JSON.stringify(call(1, 'service.stop', { services: ['web'] }))
    const asked = fetch(`${one.origin}/rpc`, { method: 'POST', headers: json, body, signal: controller.signal })
    const [{ address } = { address: '' }] = await eventually(() => {
      expect(connectionsOf(one)).toHaveLength(1)
      return connectionsOf(one)
    })
    controller.abort()
    await expect(asked).rejects.toThrow('aborted')
    await eventually(() => expect(connectionsOf(one)).toEqual([]))
    expect(one.orchestrator.view.actor(address)).toMatchObject({ result: 'closed by the other side' })
    // What it asked for goes on.
    await one.until('web', 'stopped')
  })

  test('what is not answered when the orchestrator ends is told so', async () => {
    const one = await start({ services: [specOf({ name: 'web', command: '/bin/sh', args: ['-c', stubborn], stopGrace: 2_000 })] })
    await eventually(async () => expect((await one.call('logs.read', {})).lines).toMatchObject([{ line: 'trapped' }]))
    const asked = post(one.origin, JSON.stringify(call(1, 'service.stop', { services: ['web'] })))
    await eventually(() => expect(connectionsOf(one)).toHaveLength(1))
    await one.leave()
    // What an earlier run left is for the next one to end.
    fleet = undefined
    await (await startFleet([], { stateDir: one.stateDir })).end()
    const response = await asked
    expect([response.status, await response.json()]).toEqual([
      503,
      { jsonrpc: '2.0', id: null, error: { code: -32015, message: 'the orchestrator ends', data: { code: 'shutting_down' } } },
    ])
  })

  test('requests in one breath are answered in order, and too many of them are refused', async () => {
    const { port } = await start()
    const one = (id: number, method = 'system.status', params = {}) => {
      const body = JSON.stringify(call(id, method, params))
      return `POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    }
    const last = one(4).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
    const text = await exchange(port, `${one(1)}${one(2)}${one(3)}${last}`)
    expect([...text.matchAll(/"id":(\d)/g)].map(([, id]) => id)).toEqual(['1', '2', '3', '4'])
    const slow = Array.from({ length: 20 }, (_, id) => one(id, 'service.restart', { services: ['web'] }))
    const flood = await exchange(port, slow.join(''))
    expect([...flood.matchAll(/HTTP\/1\.1 200/g)]).toHaveLength(limits.httpPipelined)
    expect(flood).toContain('HTTP/1.1 503')
  })

  test('Expect: 100-continue is answered once the request was admitted, and not otherwise', async () => {
    const { port } = await start()
    const body = JSON.stringify(call(1, 'actor.list'))
    const head = `Expect: 100-continue\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
    const good = await exchange(port, `POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${head}${body}`)
    expect(good).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
    const bad = await exchange(port, `POST /rpc HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/json\r\n${head}`)
    expect(bad).toMatch(/^HTTP\/1\.1 403 /)
  })
})

describe('the other paths', () => {
  test('a page, a health check, and what is not there', async () => {
    const { origin } = await start()
    const told = async (path: string, method = 'GET') => {
      const response = await fetch(`${origin}${path}`, { method, ...(method === 'POST' ? { headers: json, body: '{}' } : {}) })
      return [response.status, response.headers.get('allow'), await response.text()]
    }
    expect(await told('/')).toEqual([200, null, expect.stringContaining('<title>Hyphae</title>')])
    expect(await told('/healthz')).toEqual([200, null, 'ok\n'])
    expect(await told('/healthz', 'HEAD')).toEqual([200, null, ''])
    expect(await told('/nope?a=b')).toEqual([404, null, expect.stringContaining('"not_found"')])
    expect(await told('/nope', 'POST')).toEqual([404, null, expect.stringContaining('"not_found"')])
    expect(await told('/rpc')).toEqual([405, 'POST', expect.stringContaining('"invalid_request"')])
    expect(await told('/healthz', 'POST')).toEqual([405, 'GET, HEAD', expect.any(String)])
    expect(await told('/rpc', 'DELETE')).toEqual([405, 'POST', expect.any(String)])
  })
})

describe('a WebSocket', () => {
  test('requests, batches, streams and their end', async () => {
    const one = await start()
    const { opened, ask, answer, answers, socket } = dial(one.port)
    await opened()
    expect(socket.protocol).toBe('hyphae.rpc')
    ask(1, 'actor.watch', { filter: 'service.web', facts: true })
    const subscription = (await answer(1)).result?.['subscription']
    ask(2, 'logs.follow', { services: ['web'] })
    await answer(2)
    expect(connectionsOf(one)).toMatchObject([{ state: 'open', phase: 'active' }])
    ask(3, 'service.restart', { services: ['web'] })
    expect((await answer(3)).result).toMatchObject({ results: [{ outcome: 'done' }] })
    await eventually(() => expect(answers.some(({ method }) => method === 'stream.item')).toBe(true))
    ask(4, 'stream.cancel', { subscription })
    expect((await answer(4)).result).toEqual({ subscription })
    socket.send(JSON.stringify([call(5, 'actor.list'), call(6, 'no.such')]))
    await eventually(() => expect(answers.find((found) => Array.isArray(found))).toHaveLength(2))
    socket.close()
    await eventually(() => expect(connectionsOf(one)).toEqual([]))
  })

  test('binary messages, too long ones and too many parts are refused, each with its code', async () => {
    const { port } = await start()
    const binary = dial(port)
    await binary.opened()
    binary.socket.send(Buffer.from('{}'), { binary: true })
    expect(await binary.closed()).toEqual({ code: 1003, reason: 'messages are text' })
    const long = dial(port)
    await long.opened()
    long.socket.send('x'.repeat(limits.lineBytes + 1))
    expect((await long.closed()).code).toBe(1009)
    const parts = dial(port)
    await parts.opened()
    for (let n = 0; n <= limits.webSocketFragments + 1; n++) parts.socket.send('x', { fin: false })
    expect((await parts.closed()).code).toBe(1008)
  })

  test('one that does not answer a ping is cut off', async () => {
    const one = await start({ times: { http: { ping: 50 } } })
    const alive = dial(one.port)
    await alive.opened()
    const dead = dial(one.port)
    await dead.opened()
    await eventually(() => expect(connectionsOf(one)).toHaveLength(2))
    // It reads no more, so it answers no more.
    dead.socket.pause()
    await eventually(() => expect(connectionsOf(one)).toHaveLength(1))
    alive.ask(1, 'actor.list')
    expect((await alive.answer(1)).result).toBeDefined()
    dead.socket.terminate()
  })

  test('the end of the orchestrator closes it with 1001', async () => {
    const one = await start()
    const { opened, closed } = dial(one.port)
    await opened()
    await eventually(() => expect(connectionsOf(one)).toHaveLength(1))
    await one.end()
    fleet = undefined
    expect(await closed()).toEqual({ code: 1001, reason: 'the orchestrator ends' })
  })
})
