import { describe, expect, test } from 'vitest'
import { admit, type GuardRules } from '../../src/http/guard.ts'
import { hostOf, ownNames } from '../../src/http/hosts.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { Principal } from '../../src/protocol/principal.ts'
import type { Asked, Verdict } from '../../src/transports/site.ts'

/** Who may ask at all, by the headers alone. */

const local: Principal = { name: 'local-operator', via: 'http', role: 'admin' }
const known: Principal = { name: 'token:supervisor', via: 'http', role: 'admin' }

const rules: GuardRules = {
  own: ownNames('127.0.0.1', 'box'),
  allowedOrigins: () => ['http://localhost:5173'],
  allowedHosts: () => ['fleet.example.com'],
  openPaths: new Set(['/', '/healthz']),
  bodyPaths: new Set(['/rpc']),
  socketPaths: new Map([
    ['/rpc', { dialect: 'jsonrpc' }],
    ['/inspect/xstate', { dialect: 'xstate-inspect', ticket: true }],
  ]),
  identify: () => local,
  authenticate: (token) =>
    token === 'sesame ✓' || token === 'sesame' ? { principal: known } : { rejected: { hold: 0, retryAfter: null } },
}
const needsToken: GuardRules = { ...rules, identify: () => null }

type Headers = ReadonlyArray<readonly [string, string]>
const get = (headers: Headers, rest: Partial<Asked> = {}): Asked => ({
  rawHeaders: headers.flat(),
  method: 'GET',
  target: '/rpc',
  peer: '127.0.0.1:40000',
  upgrade: false,
  ...rest,
})
const post = (headers: Headers): Asked => get([['Host', 'localhost:3001'], ...headers], { method: 'POST' })
const json = ['Content-Type', 'application/json'] as const
const socket = (headers: Headers, rest: Partial<Asked> = {}): Asked =>
  get([['Host', 'localhost:3001'], ['Sec-WebSocket-Version', '13'], ...headers], { upgrade: true, ...rest })

const told = (verdict: Verdict): number | string => (verdict.kind === 'refused' ? verdict.status : verdict.kind)
const judged = (asked: Asked, by: GuardRules = rules): number | string => told(admit(asked, by))

describe('Host', () => {
  test.each([
    ['localhost'],
    ['localhost:3001'],
    ['Fleet.Example.com:443'],
    ['LOCALHOST:9'],
    ['localhost.:3001'],
    ['127.0.0.1'],
    ['127.1.2.3:3001'],
    ['[::1]'],
    ['[::1]:3001'],
  ])('%s is ours (process-compose: TestHostAllowed)', (host) => {
    expect(judged(get([['Host', host]]))).toBe('admitted')
  })

  test.each([
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['127.0.0.1.nip.io:3001', 403],
    ['box', 403],
    ['10.0.0.7', 403],
    ['0.0.0.0:3001', 403],
    ['[::]:3001', 403],
    ['[fe80::1]', 403],
    ['', 400],
    ['localhost:', 400],
    ['localhost:99999', 400],
    ['localhost:3001:80', 400],
    ['localhost@evil.example', 400],
    ['evil.example/localhost', 400],
    ['localhost, evil.example', 400],
    ['loc alhost', 400],
    ['[::1', 400],
    ['127.999.9.9', 400],
    ['127.300.1.1:1', 400],
    ['[::1:::]', 400],
    ['löcalhost', 400],
  ])('%s is not', (host, status) => {
    expect(judged(get([['Host', host]]))).toBe(status)
  })

  test('there is exactly one', () => {
    expect(judged(get([]))).toBe(400)
    expect(
      judged(
        get([
          ['Host', 'localhost'],
          ['Host', 'localhost'],
        ]),
      ),
    ).toBe(400)
    expect(
      judged(
        get([
          ['Host', 'localhost'],
          ['hOST', 'evil.example'],
        ]),
      ),
    ).toBe(400)
  })

  test('a listener that others can reach is known by its own name, and everywhere by an address in digits', () => {
    const named = { ...rules, own: ownNames('Hub.example', 'box') }
    expect(judged(get([['Host', 'hub.example:3001']]), named)).toBe('admitted')
    expect(judged(get([['Host', '10.0.0.7']]), named)).toBe(403)
    const wild = { ...rules, own: ownNames('0.0.0.0', 'Box') }
    for (const host of ['10.0.0.7:3001', '[fe80::1]', 'box', 'localhost'])
      expect(judged(get([['Host', host]]), wild), host).toBe('admitted')
    expect(judged(get([['Host', 'evil.example']]), wild)).toBe(403)
  })

  test('hosts are read without port, brackets and final dot (process-compose: TestHostname)', () => {
    expect(['A.example.:80', '[::1]:80', '1.2.3.4', '..', 'a b'].map(hostOf)).toEqual([
      'a.example',
      '::1',
      '1.2.3.4',
      '.',
      undefined,
    ])
  })
})

describe('Origin', () => {
  const from = (origin: string, host = 'localhost:3001', rest: Partial<Asked> = {}) =>
    judged(
      get(
        [
          ['Host', host],
          ['Origin', origin],
        ],
        rest,
      ),
    )

  test.each([
    ['http://localhost:3001', 'localhost:3001'],
    ['https://localhost:3001', 'localhost:3001'],
    ['http://127.0.0.1', '127.0.0.1:80'],
    ['https://localhost', 'localhost'],
    ['http://localhost:5173', 'localhost:3001'],
    ['http://[::1]:3001', '[::1]:3001'],
  ])('%s may call %s', (origin, host) => {
    expect(from(origin, host)).toBe('admitted')
  })

  test.each([
    ['null'],
    [''],
    ['http://localhost:3002'],
    ['http://127.0.0.1:3001'],
    ['http://evil.example'],
    ['http://localhost:5173.evil.example'],
    ['http://localhost:3001/'],
    ['http://localhost:3001@evil.example'],
    ['file://'],
    ['chrome-extension://localhost:3001'],
    ['http://localhost:5173, http://localhost:5173'],
  ])('%s may not (process-compose: TestSSESecurityMiddleware_HostAndOrigin)', (origin) => {
    expect(from(origin)).toBe(403)
    expect(judged(socket([['Origin', origin]]))).toBe(403)
  })

  test('two of them are refused', () => {
    expect(judged(post([['Origin', 'http://localhost:5173'], ['Origin', 'http://localhost:5173'], json]))).toBe(400)
  })

  test('a page from elsewhere that hides its origin is known by what its browser says', () => {
    const site = (value: string, ...more: Headers) => judged(get([['Host', 'localhost'], ['Sec-Fetch-Site', value], ...more]))
    expect(['none', 'same-origin', 'same-site'].map((value) => site(value))).toEqual(['admitted', 'admitted', 'admitted'])
    expect(site('cross-site')).toBe(403)
    expect(site('cross-site', ['Origin', 'http://localhost:5173'])).toBe('admitted')
  })

  test('a link on another page leads to what anybody may look at, and nothing else does', () => {
    const follow = (target: string, rest: Partial<Asked> = {}, ...more: Headers) => {
      const link = [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Sec-Fetch-Mode', 'navigate'],
        ['Sec-Fetch-Dest', 'document'],
      ] as const
      const given = link.filter(([name]) => !more.some(([other]) => other === name))
      return judged(get([['Host', 'localhost'], ...given, ...more], { target, ...rest }))
    }
    expect([follow('/'), follow('/?a=b'), follow('/', { method: 'HEAD' })]).toEqual(['admitted', 'admitted', 'admitted'])
    expect(follow('/rpc')).toBe(403)
    expect(follow('/', { method: 'POST' })).toBe(403)
    expect(follow('/', {}, ['Origin', 'null'])).toBe(403)
    expect(follow('/', {}, ['Sec-Fetch-Dest', 'iframe'])).toBe(403)
    expect(follow('/', {}, ['Sec-Fetch-Mode', 'no-cors'])).toBe(403)
  })

  test('an allowed page is told so, and nobody else', () => {
    const preflight = (origin: string) =>
      admit(
        get(
          [
            ['Host', 'localhost'],
            ['Origin', origin],
            ['Access-Control-Request-Method', 'POST'],
          ],
          { method: 'OPTIONS' },
        ),
        needsToken,
      )
    expect(preflight('http://localhost:5173')).toEqual({
      kind: 'preflight',
      headers: {
        vary: 'origin',
        'access-control-allow-origin': 'http://localhost:5173',
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': 'authorization, content-type, idempotency-key, last-event-id, prefer',
        'access-control-max-age': String(limits.corsAge),
      },
    })
    expect(preflight('http://evil.example')).toMatchObject({ kind: 'refused', status: 403, headers: { vary: 'origin' } })
    expect(preflight('http://evil.example').kind === 'refused' && admit(post([json]), rules)).toMatchObject({ headers: {} })
    // Without a preflight's headers it is a request like any other.
    expect(judged(get([['Host', 'localhost']], { method: 'OPTIONS' }), needsToken)).toBe(401)
  })
})

describe('tokens', () => {
  const by = (authorization: string, rest: GuardRules = needsToken) =>
    judged(
      get([
        ['Host', 'localhost'],
        ['Authorization', authorization],
      ]),
      rest,
    )

  test('without one: who is on this machine, where no token is needed', () => {
    expect(admit(get([['Host', 'localhost']]), rules)).toMatchObject({ principal: local })
    expect(admit(get([['Host', 'localhost']]), needsToken)).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="hyphae"' },
    })
  })

  test('a right one, and wrong ones in every form (process-compose: TestSSESecurityMiddleware_Token)', () => {
    expect(
      admit(
        get([
          ['Host', 'localhost'],
          ['authorization', 'bearer sesame'],
        ]),
        needsToken,
      ),
    ).toMatchObject({ principal: known })
    for (const wrong of ['Bearer wrong', 'Bearer', 'Bearer ', 'Basic c2VzYW1l', 'sesame', '', 'Bearer sesame x', 'Bearersesame'])
      expect(by(wrong), wrong).toBe(401)
    expect(by('Bearer wrong', rules)).toBe(401)
    expect(
      judged(
        get([
          ['Host', 'localhost'],
          ['Authorization', 'Bearer sesame'],
          ['Authorization', 'Bearer x'],
        ]),
        needsToken,
      ),
    ).toBe(400)
  })

  test('in a subprotocol, as pages send it', () => {
    const offered = (token: string) => ['Sec-WebSocket-Protocol', `hyphae.rpc, hyphae.bearer.${token}`] as const
    const right = Buffer.from('sesame ✓').toString('base64url')
    expect(admit(socket([offered(right)]), needsToken)).toMatchObject({ kind: 'admitted', principal: known })
    expect(judged(socket([offered('d3Jvbmc')]), needsToken)).toBe(401)
    expect(judged(socket([offered('')]), needsToken)).toBe(401)
    expect(judged(socket([['Sec-WebSocket-Protocol', 'hyphae.rpc']]), needsToken)).toBe(401)
    expect(judged(socket([offered(right), ['Authorization', 'Bearer wrong']]), needsToken)).toBe(401)
  })

  test('a ticket in the address is looked at where clients can show it in no other way, and nowhere else', () => {
    const at = (target: string, headers: Headers = []) => judged(socket(headers, { target }), needsToken)
    expect(at('/inspect/xstate?ticket=sesame')).toBe('admitted')
    expect(at('/inspect/xstate?a=1&ticket=sesame%20%E2%9C%93')).toBe('admitted')
    expect(at('/inspect/xstate')).toBe(401)
    for (const query of ['ticket=', 'ticket=wrong', 'ticket', 'Ticket=sesame', 'ticket=%E2%9C', 'ticket=wrong&ticket=sesame'])
      expect([query, at(`/inspect/xstate?${query}`)]).toEqual([query, 401])
    expect(at('/rpc?ticket=sesame')).toBe(401)
    expect(judged(get([['Host', 'localhost:3001']], { target: '/inspect/xstate?ticket=sesame' }), needsToken)).toBe(401)
    // What a header says goes before.
    expect(at('/inspect/xstate?ticket=sesame', [['Authorization', 'Bearer wrong']])).toBe(401)
  })

  test('each path has its own dialect', () => {
    expect(admit(socket([]), rules)).toMatchObject({ dialect: 'jsonrpc' })
    expect(admit(socket([], { target: '/inspect/xstate' }), rules)).toMatchObject({ dialect: 'xstate-inspect' })
    expect(admit(get([['Host', 'localhost:3001']]), rules)).not.toHaveProperty('dialect')
  })

  test('anybody may see that we are there, and that alone', () => {
    const see = (target: string, rest: Partial<Asked> = {}) =>
      judged(get([['Host', 'localhost']], { target, ...rest }), needsToken)
    expect(['/', '/healthz', '/?a=b'].map((target) => see(target))).toEqual(['admitted', 'admitted', 'admitted'])
    expect(['/rpc', '/nope', '//', '/healthz/', '/./'].map((target) => see(target))).toEqual([401, 401, 401, 401, 401])
    expect(see('/', { upgrade: true })).toBe(401)
  })
})

describe('what is asked', () => {
  test('a body is JSON, of a bounded length', () => {
    expect(judged(post([json]))).toBe('admitted')
    expect(judged(post([['content-type', 'Application/JSON; charset=utf-8']]))).toBe('admitted')
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/jsonp',
      '',
      'text/plain; application/json',
    ])
      expect(judged(post([['Content-Type', type]])), type).toBe(415)
    expect(judged(post([]))).toBe(415)
    expect(judged(post([json, json]))).toBe(400)
    expect(judged(post([json, ['Content-Encoding', 'gzip']]))).toBe(415)
    expect(judged(post([json, ['Content-Length', String(limits.lineBytes)]]))).toBe('admitted')
    expect(judged(post([json, ['Content-Length', String(limits.lineBytes + 1)]]))).toBe(413)
  })

  test('what has no body needs no type of it, except where there must be one', () => {
    const empty = (headers: Headers, target = '/api/v1/service/restart') =>
      judged(get([['Host', 'localhost'], ...headers], { method: 'POST', target }))
    expect([empty([]), empty([['Content-Length', '0']])]).toEqual(['admitted', 'admitted'])
    expect([empty([['Content-Length', '1']]), empty([['Transfer-Encoding', 'chunked']])]).toEqual([415, 415])
    expect([empty([['Content-Type', 'text/plain']]), empty([['Content-Type', '']]), empty([], '/rpc')]).toEqual([415, 415, 415])
  })

  test('a WebSocket: its path, its method, its version', () => {
    expect(judged(socket([]))).toBe('admitted')
    expect(judged(socket([], { target: '/rpc?x=1' }))).toBe('admitted')
    expect(judged(socket([], { target: '/' }))).toBe(404)
    expect(judged(socket([], { method: 'POST' }))).toBe(405)
    expect(
      judged(
        get(
          [
            ['Host', 'localhost'],
            ['Sec-WebSocket-Version', '8'],
          ],
          { upgrade: true },
        ),
      ),
    ).toBe(426)
    expect(judged(get([['Host', 'localhost']], { upgrade: true }))).toBe(426)
  })

  test('a path, and not too many headers', () => {
    for (const target of ['http://localhost/rpc', '*', 'localhost:80', ''])
      expect(judged(get([['Host', 'localhost']], { target })), target).toBe(400)
    const many = Array.from({ length: limits.httpHeaders }, (_, n) => [`x-${n}`, ''] as const)
    expect(judged(get([['Host', 'localhost'], ...many]))).toBe(431)
  })
})
