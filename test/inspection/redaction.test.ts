import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSecretName, redactItem, redactText } from '../../src/inspection/redaction.ts'
import { shown, shownText } from '../../src/inspection/values.ts'

const left = '‹left out›'

describe('names', () => {
  test.each([
    'env',
    'ENV',
    'environment',
    'baseEnv',
    'token',
    'accessToken',
    'ACCESS_TOKEN',
    'x-api-key',
    'apiKey',
    'apikey',
    'secret',
    'clientSecret',
    'password',
    'DB_PASSWORD',
    'dbpassword',
    'passwd',
    'passphrase',
    'authorization',
    'Authorisation',
    'Proxy-Authorization',
    'cookie',
    'Set-Cookie',
    'credentials',
    'privateKey',
    'private_key',
    'headers',
    'webhook',
    'ticket',
    'stdout',
    'stderr',
  ])('%s is a secret', (name) => expect(isSecretName(name)).toBe(true))
  test.each(['event', 'envelope', 'name', 'key', 'author', 'pid', 'passes', 'passing', 'compass', 'service', 'spec', 'monkey'])(
    '%s is none',
    (name) => expect(isSecretName(name)).toBe(false),
  )
})

describe('texts', () => {
  test.each([
    ['Authorization: Bearer abc.def', `Authorization: ${left}`],
    ['got "Authorization: Basic dXNlcg==" from it', `got "Authorization: ${left}`],
    ['curl -H "Cookie: a=b; c=d"', `curl -H "Cookie: ${left}`],
    ['Bearer abc.def', `Bearer ${left}`],
    ['https://me:pa:ss@host/path', `https://${left}@host/path`],
    ['postgres://me:p@ss@db/x', `postgres://${left}@db/x`],
    ['https://host/?token=abc&x=1', `https://host/?token=${left}&x=1`],
    ['run --token abc --name x', `run --token ${left} --name x`],
    ['run --db-password=abc x', `run --db-password=${left} x`],
    ['DB_PASSWORD=a b c', `DB_PASSWORD=${left}`],
    ['{"password":"a b \\" c","x":1}', `{"password":${left},"x":1}`],
    ['api-key: abc', `api-key: ${left}`],
  ])('%s', (text, plain) => expect(redactText(text)).toBe(plain))
  test.each([
    'exited with code 3; restart 1 of 3, in 1 s',
    'the token was wrong',
    'stopped by token:ci',
    'token:ci-2',
    'a=b',
    'me@host',
  ])('%s stays', (text) => expect(redactText(text)).toBe(text))
  test('an entry of an environment in a list', () => {
    expect(redactItem('HOME=/root')).toBe(`HOME=${left}`)
    expect(redactItem('x=1')).toBe('x=1')
    expect(shown(['env', 'HOME=/root', '--token', 'abc', '-p', '--password=abc'])).toEqual([
      'env',
      `HOME=${left}`,
      '--token',
      left,
      '-p',
      `--password=${left}`,
    ])
  })
  test('a URL that is cut before its end shows nobody’s name', () => {
    const url = `see https://user:${'p'.repeat(5_000)}@host`
    expect(shownText(url)).toBe(`see https://${left}…`)
    expect(JSON.stringify(shown(`${'x'.repeat(990)} ${url}`))).not.toContain('ppp')
  })
})

const planted = fc.stringMatching(/^[A-Za-z0-9]{12,20}$/).map((text) => `PLANTED${text}`)
const names = [
  'token',
  'accessToken',
  'DB_PASSWORD',
  'Authorization',
  'cookie',
  'api_key',
  'PrivateKey',
  'clientSecret',
  'env',
  'ENVIRONMENT',
  'credentials',
  'passphrase',
]
const carriers: ReadonlyArray<(secret: string) => unknown> = [
  ...names.flatMap((name): Array<(secret: string) => unknown> => [
    (secret) => ({ [name]: secret }),
    (secret) => ({ [name]: { within: [secret] } }),
    (secret) => new Map([[name, secret]]),
    (secret) => new Map([[name, new Set([secret])]]),
  ]),
  ...['token', 'db-password', 'api-key', 'client-secret'].flatMap((name): Array<(secret: string) => unknown> => [
    (secret) => [`--${name}`, secret],
    (secret) => [`--${name}=${secret}`],
    (secret) => `tool --${name} ${secret} --more`,
    (secret) => `tool --${name}="${secret} ${secret}"`,
  ]),
  (secret) => [`SOME_NAME=${secret}`],
  (secret) => [`SOME_NAME=two words ${secret}`],
  (secret) => `TOKEN=${secret}`,
  (secret) => `Authorization: Bearer ${secret}`,
  (secret) => ['-H', `Authorization: Custom a b ${secret}`],
  (secret) => `Cookie: a=b; session=${secret}`,
  (secret) => `https://user:${secret}@host/`,
  (secret) => new URL(`https://user:${secret}@host/?api_key=${secret}`),
  (secret) => new Error(`cannot connect to amqp://u:${secret}@h:1`),
  (secret) => `{"password": "${secret}"}`,
  (secret) => `{'password': '${secret}'}`,
]
const around = fc.constantFrom<(value: unknown) => unknown>(
  (value) => value,
  (value) => ({ a: value }),
  (value) => [1, value],
  (value) => ({ a: { b: [value] }, c: 'text' }),
  (value) => new Map([['x', value]]),
  (value) => new Set([value]),
  (value) => ({ [`long ${'x'.repeat(300)}`]: value }),
  (value) => Object.create({ inherited: 1 }, { own: { enumerable: true, value } }) as unknown,
)

test('no secret that is planted anywhere comes out', () => {
  fc.assert(
    fc.property(planted, fc.constantFrom(...carriers), fc.array(around, { maxLength: 3 }), (secret, carry, wraps) => {
      const value = wraps.reduce<unknown>((inner, wrap) => wrap(inner), carry(secret))
      expect(JSON.stringify(shown(value)) ?? '').not.toContain('PLANTED')
      expect(JSON.stringify(shown(value, { size: 100_000, depth: 12 })) ?? '').not.toContain('PLANTED')
    }),
    { numRuns: 2_000 },
  )
})

test('whatever it is, what is shown of it is JSON and within its bound', () => {
  fc.assert(
    fc.property(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withSparseArray: true,
      }),
      fc.integer({ min: 50, max: 3_000 }),
      (value, size) => {
        const text = JSON.stringify(shown(value, { size, depth: 4 }))
        expect(JSON.parse(text)).toEqual(shown(value, { size, depth: 4 }))
        // The last text may go over it, and each level adds its summary.
        expect(text.length).toBeLessThan(2 * size + 2_000)
      },
    ),
    { numRuns: 500 },
  )
})

test('what is long or deep is summed up', () => {
  expect(shown(Array.from({ length: 64 }, (_, index) => index))).toBe('[64 items]')
  expect(shown({ a: { b: { c: { d: { e: 1 } } } } })).toEqual({ a: { b: { c: { d: '{1 field}' } } } })
  expect(shown('x'.repeat(3_000))).toBe(`${'x'.repeat(256)}… [3000 characters]`)
  expect(shown({ buffer: Buffer.alloc(5) })).toEqual({ buffer: '[5 bytes]' })
  const size = JSON.stringify(
    shown(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`name${index}`, 'value']))),
  ).length
  expect(size).toBeLessThan(1_200)
})
