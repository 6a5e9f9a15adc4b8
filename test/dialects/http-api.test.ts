import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { registry } from '../../src/commands/registry.ts'
import { httpApi } from '../../src/dialects/http-api.ts'
import type { Effect, Heard } from '../../src/protocol/dialect.ts'
import type { HttpAsked, HttpHead } from '../../src/protocol/exchange.ts'
import { limits } from '../../src/protocol/limits.ts'
import { complies, fold } from './compliance.ts'

/** The API over HTTP as a fold: what a request invokes, and how it is answered. */

const dialect = httpApi({ registry })
const asked = (given: Partial<HttpAsked>): string =>
  JSON.stringify({ method: 'GET', path: '/api/v1/system/status', query: [], headers: {}, body: '', ...given })
const get = (target: string, rest: Partial<HttpAsked> = {}): string => {
  const [path = '', search = ''] = target.split('?')
  return asked({ path: `/api/v1/${path}`, query: [...new URLSearchParams(search)], ...rest })
}
const post = (path: string, body: unknown = '', headers: Record<string, string> = {}): string =>
  asked({ method: 'POST', path: `/api/v1/${path}`, body: typeof body === 'string' ? body : JSON.stringify(body), headers })

complies({
  dialect,
  request: () => asked({}),
  stream: get('events/follow'),
  garbage: [
    '',
    'nonsense',
    '{}',
    '[]',
    asked({ path: '/api/v1/no/such' }),
    post('service/restart', '{'),
    get('system/status?x=1'),
  ],
})

const run = (text: string, ...more: readonly Heard[]) => fold(dialect, [{ type: 'message', text }, ...more])
const inputOf = (text: string): unknown => {
  const [effect] = run(text).effects
  return effect?.type === 'invoke' || effect?.type === 'subscribe' ? [effect.command, effect.input] : effect
}
const headIn = (effects: readonly Effect[]) => {
  const first = effects.find((effect) => effect.type === 'write')
  return JSON.parse(first?.text ?? 'null') as HttpHead
}
interface Told {
  readonly status: number
  readonly headers: HttpHead['headers']
  readonly error: { readonly code: string; readonly message: string; readonly data: Record<string, unknown> }
}
const refused = (text: string): Told => {
  const { status, headers, body } = headIn(run(text).effects)
  return { status, headers, ...(JSON.parse(body ?? '{}') as Pick<Told, 'error'>) }
}
const ok = (output: unknown): Heard => ({ type: 'replied', corr: 'request', reply: { ok: true, output } })

describe('a query string', () => {
  test.each([
    ['system/status', ['system.status', {}]],
    ['system/status?services=web&services=api', ['system.status', { services: ['web', 'api'] }]],
    ['system/status?services=', ['system.status', { services: [''] }]],
    ['events/read?limit=5&since=2026-01-01T00:00:00Z', ['events.read', { limit: 5, since: '2026-01-01T00:00:00Z' }]],
    ['logs/read?ignore_case=true&lines=%2B3&grep=a%26b', ['logs.read', { ignore_case: true, lines: 3, grep: 'a&b' }]],
    ['actor/get?address=123', ['actor.get', { address: '123' }]],
    ['actor/watch?after={"run":"r","seq":1}', ['actor.watch', { after: { run: 'r', seq: 1 } }]],
    ['logs/follow?after={"__proto__":1,"web":7}', ['logs.follow', { after: { web: 7 } }]],
    ['service/explain?service=true', ['service.explain', { service: 'true' }]],
  ])('%s', (target, expected) => {
    expect(inputOf(get(target))).toEqual(expected)
  })

  test.each([
    ['events/read?limit=many', 'limit', 'limit: expected a whole number'],
    ['events/read?limit=1.5', 'limit', 'limit: expected a whole number'],
    ['events/read?limit=', 'limit', 'limit: expected a whole number'],
    ['events/read?limit=1&limit=2', 'limit', 'limit: expected once, not 2 times'],
    ['logs/read?ignore_case=yes', 'ignore_case', 'ignore_case: expected true or false'],
    ['actor/watch?after=7', 'after', 'after: expected a JSON object'],
    ['actor/watch?after={', 'after', 'after: expected a JSON object'],
    ['system/status?service=web', 'service', '"service": there is no such parameter; did you mean "services"?'],
    ['service/graph?x=1', 'x', '"x": there is no such parameter; it takes none'],
    ['system/status?__proto__=1', '__proto__', '"__proto__": there is no such parameter; it takes services'],
    ['status?a=b', 'a', '"a": there is no such parameter; it takes none'],
  ])('%s is refused', (target, field, message) => {
    expect(refused(get(target))).toMatchObject({ status: 400, error: { code: 'invalid_params', message, data: { field } } })
  })

  test('HEAD asks as GET does', () => {
    expect(inputOf(get('events/read?limit=5', { method: 'HEAD' }))).toEqual(['events.read', { limit: 5 }])
  })
})

describe('a body', () => {
  test('is the input; none is an empty one', () => {
    expect(inputOf(post('service/restart', { services: ['web'] }))).toEqual(['service.restart', { services: ['web'] }])
    expect(inputOf(post('system/reload'))).toEqual(['system.reload', {}])
    expect(inputOf(post('system/status', { services: ['web'] }))).toEqual(['system.status', { services: ['web'] }])
  })

  test.each([
    ['{"services":', 400, 'parse_error', 'body'],
    ['[]', 400, 'invalid_params', 'body'],
    ['"web"', 400, 'invalid_params', 'body'],
    ['null', 400, 'invalid_params', 'body'],
    ['['.repeat(1000), 413, 'too_large', 'body'],
  ])('%.20s is refused', (body, status, code, field) => {
    const told = refused(post('service/restart', body))
    expect([told.status, told.error.code, told.error.data['field']]).toEqual([status, code, field])
  })

  test('there is none with GET, and no query with POST', () => {
    expect(refused(get('system/status', { body: '{}' }))).toMatchObject({ status: 400, error: { data: { field: 'body' } } })
    const both = refused(asked({ method: 'POST', path: '/api/v1/service/stop', query: [['services', 'web']], body: '{}' }))
    expect(both).toMatchObject({ status: 400, error: { code: 'invalid_params', data: { field: 'services' } } })
  })
})

describe('headers', () => {
  test.each([
    [{ prefer: 'respond-async' }, { wait: false }],
    [{ prefer: 'return=minimal, Respond-Async; x=y' }, { wait: false }],
    [{ prefer: 'respond-async, wait=10' }, { wait: 10_000 }],
    [{ prefer: 'return=minimal' }, {}],
    [{ 'idempotency-key': 'abc' }, { request_id: 'abc' }],
    [{ 'idempotency-key': '"a\\"c"' }, { request_id: 'a"c' }],
    [{ 'idempotency-key': '"' }, { request_id: '"' }],
  ])('%j', (headers, expected) => {
    expect(inputOf(post('system/reload', {}, headers))).toEqual(['system.reload', expected])
  })

  test('and a body that says otherwise is an error that names both', () => {
    expect(
      inputOf(post('system/reload', { wait: false, request_id: 'a' }, { prefer: 'respond-async', 'idempotency-key': '"a"' })),
    ).toEqual(['system.reload', { wait: false, request_id: 'a' }])
    expect(refused(post('system/reload', { wait: true }, { prefer: 'respond-async' }))).toMatchObject({
      status: 400,
      error: { message: 'prefer and wait: the header says false, the body true', data: { field: 'wait', header: 'prefer' } },
    })
    expect(refused(post('system/reload', { request_id: 'a' }, { 'idempotency-key': 'b' }))).toMatchObject({
      status: 400,
      error: { data: { field: 'request_id', header: 'idempotency-key' } },
    })
  })

  test('a fault in what came in a header is told with its name', () => {
    const error = { code: 'invalid_params', message: 'request_id: too long', data: { field: 'request_id' } } as const
    const { effects } = run(post('system/reload', {}, { 'idempotency-key': 'x' }), {
      type: 'replied',
      corr: 'request',
      reply: { ok: false, error },
    })
    expect(JSON.parse(headIn(effects).body ?? '')).toMatchObject({ error: { message: 'idempotency-key: request_id: too long' } })
  })
})

describe('what is not there', () => {
  test.each([
    ['service/restrat', '/api/v1/service/restart'],
    ['service.restart', '/api/v1/service/restart'],
    ['service/restart/', '/api/v1/service/restart'],
    ['zzzzzzzzzzzzzzz', '/api lists'],
    ['', '/api lists'],
    ['constructor', '/api lists'],
  ])('%s', (path, hint) => {
    const told = refused(asked({ path: `/api/v1/${path}` }))
    expect(told).toMatchObject({ status: 404, error: { code: 'unknown_command' } })
    expect(told.error.message).toContain(hint)
  })

  test.each([
    ['GET', 'service/restart', 'POST'],
    ['DELETE', 'system/status', 'GET, HEAD, POST'],
    ['POST', 'events/follow', 'GET, HEAD'],
    ['POST', 'status', 'GET, HEAD'],
    ['OPTIONS', 'system/status', 'GET, HEAD, POST'],
  ])('%s %s is told the methods there are', (method, path, allow) => {
    expect(refused(asked({ method, path: `/api/v1/${path}` }))).toMatchObject({ status: 405, headers: { allow } })
  })
})

describe('an answer', () => {
  const restart = (body: object, output: unknown, headers: Record<string, string> = {}) =>
    headIn(run(post('service/restart', body, headers), ok(output)).effects)
  const one = (outcome: string) => ({ service: 'web', outcome, workflow: 'restart.a b' })

  test('is the output itself; what is only accepted has another status, and a place where it can be followed', () => {
    expect(restart({}, { results: [one('done')] })).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ results: [one('done')] }),
    })
    const accepted = { status: 202, headers: { location: '/api/v1/actor/get?address=restart.a%20b' } }
    expect(restart({ wait: 5 }, { results: [one('accepted')] })).toMatchObject(accepted)
    expect(restart({ wait: 5 }, one('accepted'))).toMatchObject(accepted)
    expect(restart({}, { results: [one('accepted'), one('accepted')] }).headers).not.toHaveProperty('location')
    expect(restart({}, { pid: 1 }, { prefer: 'respond-async' })).toMatchObject({
      status: 202,
      headers: { 'preference-applied': 'respond-async' },
    })
  })

  test('of /status is the fleet in figures', () => {
    const web = { status: 'running', pid: 1, uptime: 2, memory_mb: 3, cpu_percent: 4, restart_count: 5, state: 'healthy' }
    const { effects } = run(
      get('status'),
      ok({ supervisor: { status: 'running', uptime: 9, managed_services: 1, pid: 7 }, services: { web } }),
    )
    expect(JSON.parse(headIn(effects).body ?? '')).toEqual({
      supervisor: { status: 'running', uptime: 9, managed_services: 1 },
      services: { web: { status: 'running', pid: 1, uptime: 2, memory_mb: 3, cpu_percent: 4, restart_count: 5 } },
    })
  })

  test('an error has the status of its code', () => {
    for (const [code, status] of [
      ['forbidden', 403],
      ['busy', 409],
      ['storage', 507],
    ] as const) {
      const reply = { ok: false, error: { code, message: 'no', data: { rule: 'x' } } } as const
      const { effects } = run(post('system/reload'), { type: 'replied', corr: 'request', reply })
      expect(headIn(effects)).toMatchObject({
        status,
        body: JSON.stringify({ error: { code, message: 'no', data: { rule: 'x' } } }),
      })
    }
  })
})

describe('a stream', () => {
  const follow = (text: string, ...items: readonly unknown[]) =>
    run(text, ok(null), ...items.map((item, index): Heard => ({ type: 'item', corr: 'request', seq: index + 1, item })))
  const idsIn = (effects: readonly Effect[]): (string | undefined)[] =>
    effects.flatMap((effect) =>
      effect.type === 'write' && effect.text.includes('data:') ? [/^id: ?(.*)$/m.exec(effect.text)?.[1]] : [],
    )

  test('is told as events, with a line that means nothing from time to time, and its end', () => {
    const { state, effects } = follow(get('events/follow'), { seq: 7, because: 'a\nb' })
    expect(headIn(effects)).toEqual({ status: 200, headers: { 'content-type': 'text/event-stream' }, body: null })
    expect(effects.at(-1)).toEqual({ type: 'write', text: 'id: 7\ndata: {"seq":7,"because":"a\\nb"}\n\n' })
    expect(effects).toContainEqual({ type: 'timer', id: 'request', ms: limits.streamKeepAlive })
    const later = fold(dialect, [{ type: 'timer', id: 'request' }], state).effects
    expect(later).toEqual([
      { type: 'write', text: ':\n\n' },
      { type: 'timer', id: 'request', ms: limits.streamKeepAlive },
    ])
    expect(fold(dialect, [{ type: 'streamEnded', corr: 'request', because: 'over' }], state).effects).toEqual([
      { type: 'write', text: 'event: end\ndata: {"because":"over"}\n\n' },
      { type: 'close', because: 'over' },
    ])
    expect(fold(dialect, [{ type: 'ended' }], state).effects).toEqual([])
  })

  const from = (target: string, place: string) => inputOf(get(target, { headers: { 'last-event-id': place } }))
  test('goes on where an id says', () => {
    expect(from('events/follow?services=web&after_seq=1', '7')).toEqual(['events.follow', { services: ['web'], after_seq: 7 }])
    expect(from('events/follow', '')).toEqual(['events.follow', {}])

    const items = [
      { type: 'begin', run: 'ab', seq: 3, fact: 8, resumed: false },
      { type: 'changed', seq: 4 },
      { type: 'fact', fact: { seq: 9 } },
    ]
    expect(idsIn(follow(get('actor/watch'), ...items).effects)).toEqual(['ab:3:8', 'ab:4:8', 'ab:4:9'])
    expect(from('actor/watch', 'ab:4:9')).toEqual(['actor.watch', { after: { run: 'ab', seq: 4, fact: 9 } }])

    const lines = [
      { service: 'web', offset: 10 },
      { service: 'api', offset: 20 },
      { service: 'web', offset: 30 },
    ]
    expect(idsIn(follow(get('logs/follow'), ...lines).effects)).toEqual([
      '{"web":10}',
      '{"web":10,"api":20}',
      '{"web":30,"api":20}',
    ])
    expect(from('logs/follow', '{"web":30}')).toEqual(['logs.follow', { after: { web: 30 } }])
  })

  test('a place that has become too long is none, from then on', () => {
    const lines = Array.from({ length: 500 }, (_, n) => ({ service: `service-${n % 499}`, offset: n }))
    const ids = idsIn(follow(get('logs/follow'), ...lines).effects)
    expect(ids[0]).toBe('{"service-0":0}')
    expect(ids.filter((id) => (id?.length ?? 0) > limits.streamPlace)).toEqual([])
    expect(ids.slice(-2)).toEqual(['', ''])
  })

  test.each([
    ['events/follow', 'x'],
    ['events/follow', '-1'],
    ['actor/watch', '7'],
    ['logs/follow', '[1]'],
    ['logs/follow', '{'],
  ])('%s after "%s" is refused', (target, place) => {
    const told = refused(get(target, { headers: { 'last-event-id': place } }))
    expect(told).toMatchObject({ status: 400, error: { data: { field: 'last-event-id' } } })
  })
})

test('whatever a request is made of, it is invoked or refused by name', () => {
  const name = fc.oneof(fc.constantFrom('services', 'limit', 'wait', '__proto__', 'after'), fc.string())
  const anything = fc.record({
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'x'),
    path: fc.oneof(fc.string(), fc.constantFrom(...Array.from(registry.keys(), (one) => `/api/v1/${one.replace('.', '/')}`))),
    query: fc.array(fc.tuple(name, fc.oneof(fc.string(), fc.json())), { maxLength: 5 }),
    headers: fc.dictionary(fc.constantFrom('prefer', 'idempotency-key', 'last-event-id'), fc.string()),
    body: fc.oneof(fc.string(), fc.json()),
  })
  fc.assert(
    fc.property(anything, (given) => {
      const { effects } = run(JSON.stringify(given))
      const [first] = effects
      if (first?.type === 'invoke' || first?.type === 'subscribe') return
      const { status, body } = headIn(effects)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(JSON.parse(body ?? '')).toMatchObject({ error: { code: expect.any(String) as string } })
    }),
  )
})
