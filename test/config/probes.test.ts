import { describe, expect, test } from 'vitest'
import { serviceOf } from './parse.ts'

const http = (url: string) => ({ type: 'http', url, headers: {}, status: [] })

describe('a health check URL', () => {
  test('is a readiness and a liveness probe', () => {
    const { readiness, liveness } = serviceOf('command: x, health_check_url: "http://a/", health_check_interval: 7')
    expect(readiness).toEqual({ target: http('http://a/'), interval: 1_000, timeout: 10_000, delay: 0, failures: 3, passes: 1 })
    expect(liveness).toEqual({ target: http('http://a/'), interval: 7_000, timeout: 10_000, delay: 0, failures: 3, passes: 1 })
  })

  test("follows the supervisor's health check, and the service's before it", () => {
    const supervisor = 'health_check: { interval: 20, timeout: 2, retries: 5 }'
    expect(serviceOf('command: x, health_check_url: "http://a/"', supervisor).liveness).toMatchObject({
      interval: 20_000,
      timeout: 2_000,
      failures: 5,
    })
    const own = 'command: x, health_check_url: "http://a/", health_check: { interval: 9, timeout: 1s, retries: 1 }'
    expect(serviceOf(own, supervisor).liveness).toMatchObject({ interval: 9_000, timeout: 1_000, failures: 1 })
    expect(serviceOf(`${own}, health_check_interval: 8`, supervisor).liveness).toMatchObject({ interval: 8_000 })
  })

  test('gives way to probes that are written out', () => {
    const { readiness, liveness } = serviceOf('command: x, health_check_url: "http://a/", readiness: { log: up }')
    expect(readiness?.target).toEqual({ type: 'log', pattern: 'up' })
    expect(liveness?.target).toEqual(http('http://a/'))
  })

  test('is what makes probes: an interval alone makes none', () => {
    expect(serviceOf('command: x, health_check_interval: 7')).toMatchObject({ readiness: null, liveness: null })
  })
})

describe('a probe has defaults', () => {
  test('for readiness', () => {
    const { readiness, liveness } = serviceOf('command: x, readiness: { tcp: 80 }')
    expect(readiness).toMatchObject({ interval: 1_000, timeout: 5_000, delay: 0, passes: 1 })
    expect(liveness).toBeNull()
  })

  test('for liveness', () => {
    const { readiness, liveness } = serviceOf(
      'command: x, liveness: { tcp: 80 }',
      'health_check: { interval: 4, timeout: 3, retries: 2 }',
    )
    expect(liveness).toMatchObject({ interval: 4_000, timeout: 3_000, delay: 0, failures: 2, passes: 1 })
    expect(readiness).toBeNull()
  })

  test('which it can replace', () => {
    const own = { interval: 2_000, timeout: 300, delay: 1_000, failures: 9, passes: 2 }
    const fields = 'interval: 2, timeout: 300ms, delay: 1s, failures: 9, passes: 2'
    expect(serviceOf(`command: x, readiness: { tcp: 80, ${fields} }`).readiness).toMatchObject(own)
    expect(serviceOf(`command: x, liveness: { tcp: 80, ${fields} }`).liveness).toMatchObject(own)
  })
})

test.each([
  ['http: "http://a/"', http('http://a/')],
  [
    'http: { url: "https://a/", headers: { X-Count: 007 }, status: [200, 401] }',
    { type: 'http', url: 'https://a/', headers: { 'X-Count': '007' }, status: [200, 401] },
  ],
  ['tcp: 80', { type: 'tcp', host: '127.0.0.1', port: 80 }],
  ['tcp: "80"', { type: 'tcp', host: '127.0.0.1', port: 80 }],
  ['tcp: "db.local:5432"', { type: 'tcp', host: 'db.local', port: 5432 }],
  ['tcp: "[::1]:80"', { type: 'tcp', host: '::1', port: 80 }],
  ['tcp: { port: 80 }', { type: 'tcp', host: '127.0.0.1', port: 80 }],
  ['tcp: { host: db, port: 80 }', { type: 'tcp', host: 'db', port: 80 }],
  ['exec: [pg_isready, -p, 5432]', { type: 'exec', command: 'pg_isready', args: ['-p', '5432'] }],
  ['exec: { command: pg_isready }', { type: 'exec', command: 'pg_isready', args: [] }],
  ['exec: { command: a, args: [007] }', { type: 'exec', command: 'a', args: ['007'] }],
  ['log: "ready in \\\\d+ ms"', { type: 'log', pattern: String.raw`ready in \d+ ms` }],
])('readiness { %s }', (written, target) => {
  expect(serviceOf(`command: x, readiness: { ${written} }`).readiness?.target).toEqual(target)
})

describe('an MCP server', () => {
  const mcp = (url: string, headers = {}) => ({ type: 'mcp', url, headers })

  test('is asked to initialize at its health check URL, else at its PORT', () => {
    const named = serviceOf('command: x, kind: mcp, health_check_url: "http://a/tools"')
    expect([named.readiness?.target, named.liveness?.target]).toEqual([mcp('http://a/tools'), mcp('http://a/tools')])
    const usual = serviceOf('command: x, kind: mcp, env: { PORT: 8082 }')
    expect([usual.readiness?.target, usual.liveness?.target]).toEqual([
      mcp('http://127.0.0.1:8082/mcp'),
      mcp('http://127.0.0.1:8082/mcp'),
    ])
    expect(serviceOf('command: x, env: { PORT: 8082 }')).toMatchObject({ readiness: null, liveness: null })
  })

  test('gives way to probes that are written out, and any service may have an mcp probe', () => {
    const { readiness, liveness } = serviceOf('command: x, kind: mcp, env: { PORT: 8082 }, readiness: { log: up }')
    expect([readiness?.target.type, liveness?.target.type]).toEqual(['log', 'mcp'])
    expect(serviceOf('command: x, readiness: { mcp: "http://a/" }').readiness?.target).toEqual(mcp('http://a/'))
    expect(serviceOf('command: x, liveness: { mcp: { url: "http://a/", headers: { X: 1 } } }').liveness?.target).toEqual(
      mcp('http://a/', { X: '1' }),
    )
  })
})
