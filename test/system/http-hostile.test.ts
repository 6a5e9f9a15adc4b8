import { createServer } from 'node:net'
import process from 'node:process'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'
import { ask, connectionsOf, dial, exchange, httpFleet, json, post, raw, type HttpFleet } from '../support/http.ts'
import { specOf } from '../support/specs.ts'

/** HTTP clients that are slow, mistaken or hostile. */

let fleet: HttpFleet | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})
const start = async (...given: Parameters<typeof httpFleet>): Promise<HttpFleet> => {
  fleet = await httpFleet(...given)
  return fleet
}
const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'system.status' })
/** The lines of a request; its body is right. */
const request = (...headers: string[]): string =>
  ['POST /rpc HTTP/1.1', ...headers, 'Content-Type: application/json', `Content-Length: ${body.length}`, '', body].join('\r\n')
const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])
const access = { token: 'sesame', allowedCommands: null }

describe('pages and names of others', () => {
  test('two Hosts, a name that was made to lead here, and no Host at all', async () => {
    const { port } = await start()
    const twice = await exchange(port, request('Host: localhost', 'Host: evil.example'))
    expect([statusOf(twice), twice]).toEqual([400, expect.stringContaining('host: expected one header')])
    expect(statusOf(await exchange(port, request('Host: evil.example')))).toBe(403)
    expect(statusOf(await exchange(port, request('Host: evil.example', 'Origin: http://evil.example')))).toBe(403)
    expect(statusOf(await exchange(port, request()))).toBe(400)
    expect(statusOf(await exchange(port, 'GET /healthz HTTP/1.0\r\n\r\n'))).toBe(400)
    expect(statusOf(await exchange(port, 'GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'))).toBe(400)
    // Addresses that are none, or that no URL is made of: refused in our words, and no defect of ours.
    for (const host of ['127.999.9.9', '127.300.1.1:1', '[::ffff:127.0.0.1]'])
      for (const path of ['/', '/api', '/healthz']) {
        const told = await exchange(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
        expect([statusOf(told), told], host).toEqual([400, expect.stringContaining('"code":"invalid_request"')])
      }
    expect(connectionsOf(fleet as HttpFleet)).toEqual([])
  })

  test('foreign pages get nothing, neither by a request nor by a form nor by a WebSocket', async () => {
    const one = await start({ allowedOrigins: ['http://localhost:5173'] })
    const from = async (origin: string) => (await post(one.origin, body, { ...json, origin })).status
    expect([await from('http://evil.example'), await from('null'), await from('http://localhost:1')]).toEqual([403, 403, 403])
    expect([await from('http://localhost:5173'), await from(one.origin)]).toEqual([200, 200])
    // What a form can send without asking first.
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
      expect((await post(one.origin, body, { 'content-type': type })).status).toBe(415)
    for (const origin of ['http://evil.example', 'null', 'http://localhost:1'])
      expect(await dial(one.port, { headers: { origin } }).refused()).toBe(403)
    const own = dial(one.port, { headers: { origin: 'http://localhost:5173' } })
    await own.opened()
    expect(await dial(one.port, { headers: { host: 'evil.example' } }).refused()).toBe(403)
    expect(await dial(one.port, { path: '/other' }).refused()).toBe(404)
  })

  test('a browser is told whom we let in', async () => {
    const { origin } = await start({ access, allowedOrigins: ['http://localhost:5173'] })
    const headers = { origin: 'http://localhost:5173', 'access-control-request-method': 'POST' }
    const preflight = await fetch(`${origin}/rpc`, { method: 'OPTIONS', headers })
    expect(preflight.status).toBe(204)
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': 'http://localhost:5173',
      'access-control-allow-headers': 'authorization, content-type, idempotency-key, last-event-id, prefer',
    })
    const refused = await post(origin, body, { ...json, origin: 'http://localhost:5173' })
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, 'http://localhost:5173'])
  })
})

describe('tokens', () => {
  test('a request with the token is served, one without it is not read', async () => {
    const { origin, port } = await start({ access })
    expect((await ask(origin, 'system.status', {}, { ...json, authorization: 'Bearer sesame' })).result).toBeDefined()
    const wrong = await post(origin, body, { ...json, authorization: 'Bearer nope' })
    expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="hyphae"'])
    expect((await fetch(`${origin}/healthz`)).status).toBe(200)

    const head = `POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${limits.lineBytes}\r\n\r\n`
    const silent = raw(port)
    silent.say(head)
    const answer = await silent.answer()
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
    expect(answer.toLowerCase()).toContain('connection: close')
    expect(answer).not.toMatch(/\.ts:|node_modules/)
  })

  test('a WebSocket with it, in a header or in a subprotocol', async () => {
    const { port } = await start({ access })
    expect(await dial(port).refused()).toBe(401)
    const bearer = (token: string) => `hyphae.bearer.${Buffer.from(token).toString('base64url')}`
    expect(await dial(port, { protocols: ['hyphae.rpc', bearer('nope')] }).refused()).toBe(401)
    const page = dial(port, { protocols: ['hyphae.rpc', bearer('sesame')] })
    await page.opened()
    expect(page.socket.protocol).toBe('hyphae.rpc')
    const program = dial(port, { headers: { authorization: 'Bearer sesame' } })
    await program.opened()
    program.ask(1, 'actor.list', { kind: 'connection' })
    expect((await program.answer(1)).result?.['actors']).toHaveLength(2)
  })

  test('what callers over the network may use is bounded here as well', async () => {
    const { origin } = await start({ access: { token: null, allowedCommands: ['status'] } })
    expect((await ask(origin, 'system.status')).result).toBeDefined()
    expect((await ask(origin, 'service.stop', { services: ['web'] })).error?.data['code']).toBe('forbidden')
  })
})

describe('another protocol', () => {
  const tlsHello = '\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000\u00a1\u0003\u0003'
  test.each([
    ['TLS', tlsHello],
    ['a line of JSON', '{"Status": null}\n'],
    ['a line of text', 'status\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['two lengths', request('Host: localhost', 'Content-Length: 5')],
    ['a length and chunks', request('Host: localhost', 'Transfer-Encoding: chunked')],
    ['a header folded over lines', request('Host: localhost', 'X-A: a\r\n b')],
    ['a blank before a colon', request('Host : localhost')],
  ])('%s is refused, and the connection closed', async (_, text) => {
    const { port } = await start()
    expect(statusOf(await exchange(port, text))).toBe(400)
    expect(connectionsOf(fleet as HttpFleet)).toEqual([])
  })

  test('a body in another coding than chunks', async () => {
    const { port } = await start()
    const head =
      'POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'
    expect(statusOf(await exchange(port, `${head}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`))).toBe(501)
  })

  test('a WebSocket behind a request that has no answer yet is none', async () => {
    const { port } = await start()
    const wish =
      'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    const all = `${request('Host: localhost')}GET /rpc HTTP/1.1\r\nHost: localhost\r\n${wish}\r\n\r\n`
    expect(await exchange(port, all)).not.toContain('HTTP/1.1 101')
    expect(connectionsOf(fleet as HttpFleet)).toEqual([])
  })

  test('headers are bounded, in bytes and in number', async () => {
    const { port } = await start()
    expect(statusOf(await exchange(port, request('Host: localhost', `X-A: ${'a'.repeat(limits.httpHeaderBytes)}`)))).toBe(431)
    const many = Array.from({ length: limits.httpHeaders }, (_, n) => `X-${n}: a`)
    expect(statusOf(await exchange(port, request(...many, 'Host: localhost')))).toBe(431)
  })

  test('a body is bounded, with its length told and without', async () => {
    const { port } = await start()
    const head = 'POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    expect(statusOf(await exchange(port, `${head}Content-Length: ${limits.lineBytes + 1}\r\n\r\n`))).toBe(413)
    const chunked = raw(port)
    chunked.say(`${head}Transfer-Encoding: chunked\r\n\r\n`)
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    for (let sent = 0; sent <= limits.lineBytes; sent += 0x10000) chunked.say(chunk)
    const answer = await chunked.answer()
    expect([statusOf(answer), answer]).toEqual([413, expect.stringContaining('a body may have at most')])
  })
})

describe('the quick', () => {
  test('of requests in one write only as many are taken as may be under way', async () => {
    const { port, origin } = await start()
    const answers = (await exchange(port, request('Host: localhost').repeat(30))).match(/HTTP\/1\.1 \d+/g)
    const served = Array.from({ length: limits.httpPipelined }, () => 'HTTP/1.1 200')
    expect(answers).toEqual([...served, 'HTTP/1.1 503'])
    expect((await ask(origin, 'system.status')).result).toBeDefined()
  })

  test('a body in many small chunks is whole again', async () => {
    const { port } = await start()
    const head = 'POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n'
    const long = JSON.stringify({ jsonrpc: '2.0', id: 'é'.repeat(300), method: 'service.explain', params: { service: 'web' } })
    const chunks = Array.from(Buffer.from(long), (byte) => `1\r\n${String.fromCharCode(byte)}\r\n`).join('')
    const one = raw(port)
    one.socket.write(Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`, 'latin1'))
    const answer = await one.answer()
    expect([statusOf(answer), Buffer.from(answer, 'latin1').toString()]).toEqual([200, expect.stringContaining('é'.repeat(300))])
  })
})

describe('the slow', () => {
  const times = { http: { headers: 200, request: 500, check: 50, idle: 200 } }

  test('headers and bodies that take too long are cut, and so is who says nothing', async () => {
    const one = await start({ times })
    const silent = raw(one.port)
    const headers = raw(one.port)
    headers.say('POST /rpc HTTP/1.1\r\nHost: local')
    const slow = raw(one.port)
    slow.say(request('Host: localhost').slice(0, -5))
    for (const { answer } of [silent, headers, slow]) expect(await answer()).toMatch(/^HTTP\/1\.1 408 |^$/)
    expect(connectionsOf(one)).toEqual([])
    expect((await ask(one.origin, 'system.status')).result).toBeDefined()
  })

  test('hundreds of half-open connections are released, and nobody waits for them', async () => {
    const one = await start({ times })
    const silent = Array.from({ length: 300 }, () => raw(one.port))
    await eventually(() => expect(silent.filter(({ socket }) => socket.readyState === 'open').length).toBeGreaterThan(0))
    expect((await ask(one.origin, 'system.status')).result).toBeDefined()
    await Promise.all(silent.map(({ answer }) => answer()))
    expect(silent.every(({ isClosed }) => isClosed())).toBe(true)
  })

  test('more of them than we hold keep nobody out', async () => {
    const one = await start({ times: { http: { headers: 60_000, request: 60_000 } } })
    const silent: Array<ReturnType<typeof raw>> = []
    while (silent.length < limits.connections + 100) {
      const some = Array.from({ length: 100 }, () => raw(one.port))
      await Promise.all(some.map(({ met }) => met))
      silent.push(...some)
    }
    const open = () => silent.filter(({ isClosed }) => !isClosed()).length
    // The oldest went, not the newest.
    await eventually(() => expect(open()).toBe(limits.connections))
    expect([silent[0]?.isClosed(), silent.at(-1)?.isClosed()]).toEqual([true, false])
    expect((await ask(one.origin, 'system.status')).result).toBeDefined()
    for (const { socket } of silent) socket.destroy()
  })

  const talkative = specOf({ name: 'web', command: '/bin/sh', args: ['-c', 'while :; do seq 1 2000; sleep 0.01; done'] })
  const logOf = () => {
    const warn = vi.fn<(fields: object, message: string) => void>()
    return { log: { info() {}, warn, error() {}, debug() {} }, warn }
  }

  test('a WebSocket that reads nothing of its stream is closed with 1013, with one line in our log', async () => {
    const { log, warn } = logOf()
    const one = await start({ services: [talkative], log, times: { stall: 300 } })
    const slow = dial(one.port)
    await slow.opened()
    slow.ask(1, 'logs.follow', { services: ['web'], lines: 10_000 })
    await slow.answer(1)
    slow.socket.pause()
    const other = dial(one.port)
    await other.opened()
    await eventually(() => expect(connectionsOf(one)).toHaveLength(1), 20_000)
    expect(warn.mock.calls.map(([, message]) => message)).toEqual([
      expect.stringMatching(/^a client reads too slowly: it took nothing/),
    ])
    other.ask(1, 'system.status')
    expect((await other.answer(1)).result).toBeDefined()
    slow.socket.terminate()
  })

  test('one that begins to read in time is told why', async () => {
    const { log } = logOf()
    const one = await start({ services: [talkative], log, times: { stall: 300, http: { close: 20_000 } } })
    const slow = dial(one.port)
    await slow.opened()
    slow.ask(1, 'logs.follow', { services: ['web'], lines: 10_000 })
    await slow.answer(1)
    slow.socket.pause()
    const { warn } = log
    await eventually(() => expect(warn).toHaveBeenCalledOnce(), 20_000)
    slow.socket.resume()
    expect(await slow.closed()).toEqual({ code: 1013, reason: 'it reads too slowly: it took nothing for 300 ms' })
  })

  test('an answer that nobody takes does not stay', async () => {
    const { log, warn } = logOf()
    const services = Array.from({ length: 400 }, (_, n) =>
      specOf({
        name: n === 0 ? 'web' : `s${n}`,
        command: '/bin/sleep',
        args: ['1000'],
        autostart: n === 0,
        description: 'x'.repeat(500),
      }),
    )
    const one = await start({ services, log, times: { stall: 300 } })
    const greedy = raw(one.port)
    greedy.socket.pause()
    const batch = JSON.stringify(
      Array.from({ length: limits.batchRequests }, (_, id) => ({ jsonrpc: '2.0', id, method: 'system.status' })),
    )
    greedy.say(
      `POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${batch.length}\r\n\r\n${batch}`,
    )
    await eventually(() => expect(warn).toHaveBeenCalledOnce(), 20_000)
    await eventually(() => expect(connectionsOf(one)).toEqual([]))
    greedy.socket.destroy()
  })
})

test('what is under way when the orchestrator ends hears it, and no handle is left', async () => {
  const handles = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length
  const before = handles()
  const one = await start()
  const idle = raw(one.port)
  const half = raw(one.port)
  half.say('POST /rpc HTTP/1.1\r\n')
  const deaf = dial(one.port)
  await deaf.opened()
  deaf.socket.pause()
  await eventually(() => expect(connectionsOf(one)).toHaveLength(1))
  await one.end()
  fleet = undefined
  await Promise.all([idle.answer(), half.answer()])
  deaf.socket.terminate()
  await eventually(() => expect(handles()).toBe(before))
})

test('a taken port: who has it and what to do are told, and everything else runs', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await eventually(() => expect(server.listening).toBe(true))
  const { port } = server.address() as { port: number }
  const listeners = ['http', 'tcp'].map((scheme) => ({
    name: scheme,
    endpoint: `${scheme}:127.0.0.1:${port}`,
    dialect: 'jsonrpc',
    setting: `${scheme}.port`,
  }))
  const one = await start(
    { listeners: [...listeners, { name: 'other', endpoint: 'http:127.0.0.1:0', dialect: 'jsonrpc' }] },
    'other',
  )
  const { result } = await ask(one.origin, 'system.status')
  const told = (scheme: string) => ({
    name: scheme,
    address: null,
    error: expect.stringMatching(
      new RegExp(
        `^cannot listen on 127\\.0\\.0\\.1:${port}: it is in use by .+ \\(pid ${process.pid}\\); ${scheme}\\.port chooses another port$`,
      ),
    ) as string,
  })
  expect(result?.['listeners']).toMatchObject([told('http'), told('tcp'), { name: 'other', error: null }])
  server.close()
})
