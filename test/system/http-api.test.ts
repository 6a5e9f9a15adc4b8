import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Fact } from '../../src/protocol/facts.ts'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'
import { connectionsOf, exchange, httpFleet, json, raw, type HttpFleet } from '../support/http.ts'
import { listenTo } from '../support/server-sent.ts'
import { specOf } from '../support/specs.ts'

/** /api/v1 through a whole orchestrator. */

let fleet: HttpFleet | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})
const start = async (...given: Parameters<typeof httpFleet>): Promise<HttpFleet> => {
  fleet = await httpFleet(...given)
  return fleet
}

interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown> & { error?: { code: string; message: string; data: Record<string, unknown> } }
}
async function request(origin: string, path: string, init: RequestInit = {}): Promise<Answered> {
  const response = await fetch(`${origin}/api/v1/${path}`, init)
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answered['body'] }
}
const send = (origin: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answered> =>
  request(origin, path, { method: 'POST', body: JSON.stringify(body), headers: { ...json, ...headers } })

describe('a query', () => {
  test('is a GET or a POST, and its answer the output itself', async () => {
    const { origin } = await start()
    const got = await request(origin, 'system/status?services=web')
    expect([got.status, got.body]).toMatchObject([200, { services: { web: { state: 'healthy' } } }])
    expect(Object.fromEntries(got.headers)).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    const posted = await send(origin, 'system/status', { services: ['web'] })
    expect([posted.status, posted.body]).toMatchObject([200, { services: { web: { state: 'healthy' } } }])
    const head = await fetch(`${origin}/api/v1/service/explain?service=web`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(100)
    await eventually(() => expect(connectionsOf(fleet as HttpFleet)).toEqual([]))
  })

  test('/status is the fleet in figures', async () => {
    const { origin } = await start()
    const { status, body } = await request(origin, 'status')
    expect([status, body]).toEqual([
      200,
      {
        supervisor: { status: 'running', uptime: expect.any(Number) as number, managed_services: 1 },
        services: {
          web: {
            status: 'running',
            pid: expect.any(Number) as number,
            uptime: expect.any(Number) as number,
            memory_mb: expect.any(Number) as number,
            cpu_percent: expect.any(Number) as number,
            restart_count: 0,
          },
        },
      },
    ])
  })

  test('what is wrong with it is told with its field', async () => {
    const { origin } = await start()
    const told = async (path: string) => {
      const { status, body } = await request(origin, path)
      return [status, body.error?.code, body.error?.data['field']]
    }
    expect(await told('events/read?limit=-1')).toEqual([400, 'invalid_params', 'limit'])
    expect(await told('events/read?since=yesterday')).toEqual([400, 'invalid_params', 'since'])
    expect(await told('service/explain')).toEqual([400, 'invalid_params', 'service'])
    expect(await told('service/explain?service=wep')).toEqual([404, 'not_found', 'service'])
    expect(await told('actor/list?phase=lazy')).toEqual([400, 'invalid_params', 'phase'])
    const { status, body } = await send(origin, 'system/status', { service: 'web' })
    expect([status, body.error?.data['field']]).toEqual([400, 'service'])
  })
})

describe('a mutation', () => {
  test('is a POST; what is done is 200, what is begun 202, with a place to look at', async () => {
    const one = await start()
    const done = await send(one.origin, 'service/restart', { services: ['web'] })
    expect([done.status, done.body]).toMatchObject([200, { results: [{ service: 'web', outcome: 'done' }] }])

    const begun = await send(one.origin, 'service/restart', { services: ['web'] }, { prefer: 'respond-async' })
    expect([begun.status, begun.body]).toMatchObject([202, { results: [{ outcome: 'accepted' }] }])
    expect(begun.headers.get('preference-applied')).toBe('respond-async')
    const place = begun.headers.get('location')
    expect(place).toMatch(/^\/api\/v1\/actor\/get\?address=restart\./)
    await eventually(async () => {
      const run = (await (await fetch(`${one.origin}${place}`)).json()) as { live: boolean; result: { outcome: string } }
      expect([run.live, run.result.outcome]).toEqual([false, 'done'])
    })
    const got = await request(one.origin, 'service/restart')
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST'])
    const lost = await request(one.origin, 'service/restrat', { method: 'POST' })
    expect([lost.status, lost.body.error?.message]).toEqual([404, expect.stringContaining('/api/v1/service/restart')])
  })

  test('under one Idempotency-Key it is done once', async () => {
    const one = await start()
    const again = () => send(one.origin, 'service/restart', { services: ['web'] }, { 'idempotency-key': '"once"' })
    const [first, second] = [await again(), await again()]
    expect([first.status, second.status]).toEqual([200, 200])
    expect(second.body).toEqual(first.body)
    expect(one.facts.filter(({ type }) => type === 'service.ready')).toHaveLength(2)
    const other = await send(one.origin, 'service/restart', { services: ['web'], request_id: 'b' }, { 'idempotency-key': 'a' })
    expect([other.status, other.body.error?.data]).toMatchObject([400, { field: 'request_id', header: 'idempotency-key' }])
    const wrong = await send(one.origin, 'system/reload', {}, { 'idempotency-key': 'a b' })
    expect([wrong.status, wrong.body.error?.message]).toEqual([400, expect.stringMatching(/^idempotency-key: request_id: /)])
  })

  test('without a body it takes nothing', async () => {
    const { origin } = await start()
    const { status, body } = await request(origin, 'service/stop', { method: 'POST' })
    expect([status, body.error?.code, body.error?.data['field']]).toEqual([400, 'invalid_params', 'services'])
  })
})

describe('a stream', () => {
  test('is told as events, and goes on after the last that was heard', async () => {
    const one = await start()
    const first = await listenTo(`${one.origin}/api/v1/events/follow?services=web&limit=0`)
    expect([first.response.status, first.response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    await one.call('service.restart', { services: ['web'] })
    const ready = await first.find(({ data }) => (data as Fact).type === 'service.ready')
    expect(ready.id).toBe(String((ready.data as Fact).seq))
    first.close()
    await eventually(() => expect(connectionsOf(one)).toEqual([]))

    const second = await listenTo(`${one.origin}/api/v1/events/follow?services=web&limit=0`, {
      'last-event-id': first.heard[0]?.id ?? '',
    })
    await second.find(({ data }) => (data as Fact).type === 'service.ready')
    const rest = first.heard.slice(1)
    expect(second.heard.slice(0, rest.length)).toEqual(rest)
    second.close()
  })

  test('logs go on at their places', async () => {
    const count = 'n=0; while :; do n=$((n+1)); echo line $n; sleep 0.02; done'
    const one = await start({ services: [specOf({ name: 'web', command: '/bin/sh', args: ['-c', count] })] })
    const url = `${one.origin}/api/v1/logs/follow`
    const first = await listenTo(url)
    const lineOf = (data: unknown): number => Number((data as { line: string }).line.slice(5))
    await first.find(({ data }) => lineOf(data) >= 3)
    first.close()
    const { id = '', data } = first.heard.at(-1) ?? {}
    const second = await listenTo(url, { 'last-event-id': id })
    await eventually(() => expect(second.heard.length).toBeGreaterThan(2))
    expect(lineOf(second.heard[0]?.data)).toBe(lineOf(data) + 1)
    second.close()
  })

  test('is refused as any other command is, and ends with its client', async () => {
    const one = await start()
    const told = async (path: string, headers: Record<string, string> = {}) => {
      const response = await fetch(`${one.origin}/api/v1/${path}`, { headers })
      return [response.status, ((await response.json()) as Answered['body']).error?.data['field']]
    }
    expect(await told('logs/follow?services=wep')).toEqual([404, 'service'])
    expect(await told('logs/follow?grep=(')).toEqual([400, 'grep'])
    expect(await told('events/follow', { 'last-event-id': 'x' })).toEqual([400, 'last-event-id'])
    expect((await fetch(`${one.origin}/api/v1/events/follow`, { method: 'POST' })).status).toBe(405)

    const head = await fetch(`${one.origin}/api/v1/actor/watch`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    const followed = await listenTo(`${one.origin}/api/v1/actor/watch`)
    await followed.find(({ data }) => (data as { type: string }).type === 'begin')
    await eventually(() => expect(connectionsOf(one)).toHaveLength(1))
    followed.close()
    await eventually(() => expect(connectionsOf(one)).toEqual([]))
  })

  test('ends when the orchestrator does, and is not broken off', async () => {
    const one = await start()
    const followed = raw(one.port)
    followed.say('GET /api/v1/actor/watch HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    await eventually(() => expect(followed.text()).toContain('"begin"'))
    await one.end()
    fleet = undefined
    expect(await followed.answer()).toMatch(/\r\n0\r\n\r\n$/)
  })

  test('whoever closes his side has gone; what he asked for goes on', async () => {
    const one = await start()
    const followed = raw(one.port)
    followed.socket.write('GET /api/v1/actor/watch HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await eventually(() => expect(followed.text()).toContain('"begin"'))
    followed.socket.end()
    await followed.answer()
    const body = '{"services":["web"]}'
    const asking = raw(one.port)
    asking.socket.end(
      `POST /api/v1/service/restart HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await asking.answer()
    await one.fact('web', 'service.ready', 2)
    await eventually(() => expect(connectionsOf(one)).toEqual([]))
  })

  test('one of a hundred that reads nothing is cut off with one line in the log, and costs the others nothing', async () => {
    const warn = vi.fn<(fields: object, message: string) => void>()
    const log = { info() {}, warn, error() {}, debug() {} }
    const flood =
      'i=0; while [ $i -lt 60 ]; do head -c 200000 /dev/zero | tr "\\0" x | fold -w 200; i=$((i+1)); done; echo; sleep 1000'
    const talkative = specOf({ name: 'web', command: '/bin/sh', args: ['-c', flood] })
    const one = await start({ services: [talkative], log, times: { stall: 500 } })
    const deaf = raw(one.port)
    deaf.socket.pause()
    deaf.say('GET /api/v1/logs/follow?lines=10000 HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const readers = await Promise.all(Array.from({ length: 99 }, () => listenTo(`${one.origin}/api/v1/events/follow?limit=0`)))
    await eventually(() => expect(warn).toHaveBeenCalledOnce(), 20_000)
    const [[fields, message] = []] = warn.mock.calls
    expect(message).toMatch(/^a client reads too slowly: it took nothing/)
    expect((fields as { queued: number }).queued).toBeLessThan(limits.outboundBytes)
    await one.call('service.restart', { services: ['web'] })
    for (const reader of readers) await reader.find(({ data }) => (data as Fact).type === 'service.ready')
    for (const reader of readers) reader.close()
    deaf.socket.destroy()
    await eventually(() => expect(connectionsOf(one)).toEqual([]))
  })
})

describe('the hostile', () => {
  test('a body of 1 MB and one byte, with its length told and without; nothing of it is kept', async () => {
    const { origin, port } = await start()
    const long = JSON.stringify({ services: ['x'.repeat(limits.lineBytes)] }).slice(0, limits.lineBytes + 1)
    const told = await fetch(`${origin}/api/v1/service/stop`, { method: 'POST', body: long, headers: json }).catch(
      () => undefined,
    )
    expect([413, undefined]).toContain(told?.status)
    const chunk = 'x'.repeat(65_536)
    const one = raw(port)
    one.say(
      'POST /api/v1/service/stop HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    )
    for (let sent = 0; sent <= limits.lineBytes; sent += chunk.length) one.say(`${chunk.length.toString(16)}\r\n${chunk}\r\n`)
    expect(await one.answer()).toMatch(/^HTTP\/1\.1 413 [^]*"too_large"/)
  })

  test('requests in one breath are answered in order', async () => {
    const { port } = await start()
    const of = (path: string, more = '') => `GET /api/v1/${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`
    const text = await exchange(
      port,
      of('system/status') + of('nope') + of('service/graph') + of('status', 'Connection: close\r\n'),
    )
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual([200, 404, 200, 200].map((status) => `HTTP/1.1 ${status}`))
  })

  test('who needs a token and has none gets nothing, of streams neither', async () => {
    const { origin } = await start({ access: { token: 'sesame', allowedCommands: ['status'] } })
    const as = async (path: string, headers: Record<string, string> = {}) => (await fetch(`${origin}${path}`, { headers })).status
    const authorization = 'Bearer sesame'
    for (const path of ['/api/v1/status', '/api/v1/system/status', '/api/v1/actor/watch', '/api/v1/nope', '/api/v1'])
      expect(await as(path), path).toBe(401)
    expect(await as('/api/v1/status', { authorization })).toBe(200)
    const logs = await fetch(`${origin}/api/v1/logs/read`, { headers: { authorization } })
    expect([logs.status, await logs.json()]).toMatchObject([403, { error: { data: { rule: 'security.allowed_commands' } } }])
  })

  test('pages from elsewhere get nothing, links neither', async () => {
    const { origin } = await start()
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    for (const headers of [{ origin: 'http://evil.example' }, link])
      expect((await fetch(`${origin}/api/v1/status`, { headers })).status).toBe(403)
    const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } }
    expect((await fetch(`${origin}/api/v1/system/shutdown`, form)).status).toBe(415)
  })
})
