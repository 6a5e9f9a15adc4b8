import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { limits } from '../../src/protocol/limits.ts'
import { dashboardFleet, request, urlOf, type DashboardFleet } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { connectionsOf, json } from '../support/http.ts'

/** Who may ask the dashboard API, and what it makes of what is no request. */

let fleet: DashboardFleet | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})
const start = async (...given: Parameters<typeof dashboardFleet>): Promise<DashboardFleet> => {
  fleet = await dashboardFleet(...given)
  return fleet
}
const echo = (words: string) => ({ command_type: 'shell', command: `echo ${words}`, is_safe: true })

describe('who may', () => {
  test('what is not among the allowed commands is refused with 403, and what is works', async () => {
    const { get, post, status } = await start({ access: { token: null, allowedCommands: ['status'] } })
    const { pid } = status('web')
    expect(await get('status')).toMatchObject({ status: 200 })
    for (const path of ['system/restart', 'services/web/stop', 'services/web/restart']) {
      expect(await post(path), path).toMatchObject({ status: 403, body: { status: 'error', rule: 'security.allowed_commands' } })
    }
    expect(await post('makefile/execute', { command: 'clean' })).toMatchObject({ status: 403, body: { status: 'error' } })
    expect(status('web').pid).toBe(pid)
  })

  test('whoever may restart alone may restart', async () => {
    const { get, post } = await start({ access: { token: null, allowedCommands: ['restart'] } })
    expect(await post('system/restart')).toMatchObject({ status: 200, body: { status: 'success' } })
    expect(await get('status')).toMatchObject({ status: 403, body: { status: 'error' } })
  })

  test('a token, where one is needed', async () => {
    const one = await start({ access: { token: 'sesame', allowedCommands: null } })
    expect((await one.get('status')).status).toBe(401)
    expect((await one.post('system/restart')).status).toBe(401)
    expect((await request(one, 'POST', 'system/restart', undefined, { authorization: 'Bearer sesame' })).status).toBe(200)
  })

  test('the page of the original calls from its own origin, and no other page does', async () => {
    const one = await start()
    const from = (origin: string) => request(one, 'POST', 'system/restart', {}, { origin })
    const allowed = await from('http://localhost:5173')
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, 'http://localhost:5173'])
    expect((await from('http://evil.example')).status).toBe(403)
    const preflight = await fetch(urlOf(one, 'system/restart'), {
      method: 'OPTIONS',
      headers: {
        origin: 'http://localhost:5173',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'GET, POST'])
  })
})

describe('what is no request', () => {
  const posts = [
    'system/restart',
    'system/custom-restart',
    'system/execute-command',
    'system/switch-mode',
    'services/web/start',
    'makefile/execute',
  ]

  test('paths and methods that there are not', async () => {
    const one = await start()
    for (const path of ['', 'nope', '../api/nope', 'services/web', 'services/a/b/restart'])
      expect((await one.get(path)).status, path).toBe(404)
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const { status, headers, body } = await request(one, method, 'system/restart')
      expect([method, status, headers.get('allow'), body['field']]).toEqual([method, 405, 'POST', 'method'])
    }
    const { status, headers } = await one.post('status')
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    const head = await request(one, 'HEAD', 'status')
    expect([head.status, head.text]).toEqual([200, ''])
  })

  test('bodies that are too large, of another type, or in pieces', async () => {
    const one = await start()
    const large = `{"service":"${'x'.repeat(limits.lineBytes)}"}`
    expect((await one.post('system/restart', large)).status).toBe(413)
    const chunked = await fetch(urlOf(one, 'system/restart'), {
      method: 'POST',
      headers: json,
      duplex: 'half',
      body: ReadableStream.from([Buffer.from(large)]),
    })
    expect([chunked.status, await chunked.json()]).toMatchObject([413, { status: 'error', field: 'body' }])
    expect(
      (await request(one, 'POST', 'system/restart', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' })).status,
    ).toBe(415)
  })

  test('junk on every route is told what is wrong with it, changes nothing and is never our fault', async () => {
    const one = await start()
    const { pid } = one.status('web')
    const junk = fc.oneof(
      fc.string({ minLength: 1 }).map((text) => `x${text}`),
      fc.constantFrom(
        '[]',
        '[{}]',
        '"make"',
        'true',
        '0',
        'null',
        '{"a":',
        '{"service":"\\u0000',
        '\u0000',
        '{}}',
        `{"x":${'['.repeat(500)}`,
      ),
      fc
        .jsonValue()
        .filter((value) => typeof value !== 'object' || value === null || Array.isArray(value))
        .map((value) => JSON.stringify(value)),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...posts), junk, async (path, body) => {
        const { status, body: said } = await one.post(path, body)
        expect([400, 413], body).toContain(status)
        expect(said, body).toMatchObject({ status: 'error', field: 'body', message: expect.stringMatching(/^body: /) as unknown })
      }),
      { numRuns: 150 },
    )
    expect(one.status('web').pid).toBe(pid)
    await eventually(() => expect(connectionsOf(one)).toEqual([]))
  })

  test('each field of another type is named', async () => {
    const one = await start()
    const wrong = fc.constantFrom<unknown>(0, 1.5, true, 'text', [1], [[]], { a: 1 }, { a: { b: [] } })
    const fields = [
      ['system/restart', 'service', (value: unknown) => typeof value === 'string', {}],
      ['system/custom-restart', 'pre_commands', () => false, {}],
      ['system/custom-restart', 'post_commands', () => false, {}],
      ['system/custom-restart', 'start_args', () => false, {}],
      ['system/custom-restart', 'args', () => false, {}],
      ['system/custom-restart', 'env_vars', () => false, {}],
      ['system/custom-restart', 'remember', (value: unknown) => typeof value === 'boolean', {}],
      ['system/execute-command', 'command', () => false, {}],
      ['system/execute-command', 'timeout_seconds', (value: unknown) => value === 0, { command: echo('x') }],
      ['system/switch-mode', 'mode', (value: unknown) => typeof value === 'string', {}],
      ['makefile/execute', 'command', (value: unknown) => typeof value === 'string', {}],
      ['makefile/execute', 'env_vars', () => false, { command: 'clean' }],
    ] as const
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fields), wrong, async ([path, field, isRight, rest], value) => {
        fc.pre(!isRight(value))
        const { status, body } = await one.post(path, { ...rest, [field]: value })
        expect([status, String(body['field']).split('.')[0]], `${path} ${field} ${JSON.stringify(value)}`).toEqual([400, field])
        expect(String(body['message'])).toMatch(new RegExp(`^${field}[.:]`))
      }),
      { numRuns: 150 },
    )
  })
})
