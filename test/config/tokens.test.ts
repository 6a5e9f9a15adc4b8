import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/errors.ts'

/** Tokens and what commands may run, as a config says it. */

const folder = mkdtempSync(join(tmpdir(), 'hyphae-tokens-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const long = 'f'.repeat(64)

const load = (text: string, env: Record<string, string> = {}, flags = {}) => {
  const path = join(folder, 'hyphae.yaml')
  writeFileSync(path, text)
  return loadConfig(path, env, flags)
}
const problems = (text: string, env: Record<string, string> = {}): string[] => {
  try {
    load(text, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ field, message }) => `${field}: ${message}`)
    throw error
  }
  return []
}
const secured = (authentication: string, rest = ''): string =>
  `supervisor: { services: {}, security: { authentication: ${authentication}${rest} } }`

describe('tokens', () => {
  test('of the file, of the environment and of a file of their own', () => {
    writeFileSync(join(folder, 'watcher.token'), `${'w'.repeat(20)}\n`, { mode: 0o600 })
    const { supervisor, secretVariables, warnings } = load(
      secured(
        `{ enabled: true, token: "${long}", tokens: [{ name: ci, token: "\${CI}", role: operator }, { name: screen, token_file: watcher.token, role: viewer }] }`,
      ),
      { CI: 'c'.repeat(20) },
    )
    expect(supervisor.authentication).toEqual({
      enabled: true,
      token: long,
      tokens: [
        { name: 'ci', token: 'c'.repeat(20), role: 'operator' },
        { name: 'screen', token: 'w'.repeat(20), role: 'viewer' },
      ],
    })
    expect(secretVariables).toEqual(['CI'])
    expect(warnings).toEqual([])
  })

  test('the one of the guide is not needed where there are others', () => {
    const { supervisor } = load(secured(`{ enabled: true, tokens: [{ name: a, token: ${long}, role: viewer }] }`))
    expect(supervisor.authentication.token).toBeNull()
  })

  test.each([
    ['{ enabled: true }', 'authentication.token: authentication is enabled, so a token is needed'],
    ['{ enabled: true, token: "" }', 'authentication.token: authentication is enabled, so a token is needed'],
    [
      '{ enabled: true, tokens: [{ name: a, role: viewer }] }',
      'authentication.tokens[0]: expected either token or token_file; got neither',
    ],
    [
      '{ enabled: true, tokens: [{ name: a, role: viewer, token: x, token_file: y }] }',
      'authentication.tokens[0]: expected either token or token_file; got both',
    ],
    [
      '{ enabled: true, tokens: [{ name: a, role: viewer, token: "" }] }',
      'authentication.tokens[0].token: expected a token; it is empty',
    ],
    [
      '{ enabled: true, tokens: [{ name: a, role: boss, token: x }] }',
      'authentication.tokens[0].role: expected one of viewer, operator, admin',
    ],
    [
      '{ enabled: true, tokens: [{ name: a b, role: viewer, token: x }] }',
      'authentication.tokens[0].name: expected letters, digits',
    ],
    [
      '{ enabled: true, tokens: [{ name: a, role: viewer, token: one }, { name: a, role: viewer, token: two }] }',
      'authentication.tokens[1].name: there is a token with the name "a" already',
    ],
    [
      '{ enabled: true, token: one, tokens: [{ name: supervisor, role: viewer, token: two }] }',
      'authentication.tokens[0].name: there is a token with the name "supervisor" already; it is that of',
    ],
    [
      '{ enabled: true, token: one, tokens: [{ name: a, role: viewer, token: one }] }',
      'authentication.tokens[0].token: is the same token as that of "supervisor"',
    ],
    [
      '{ enabled: true, tokens: [{ name: a, role: viewer, token: "b c" }] }',
      'authentication.tokens[0].token: a token has no blanks',
    ],
    [
      '{ enabled: true, tokens: [{ name: a, role: viewer, token_file: nowhere }] }',
      'authentication.tokens[0].token_file: there is no file',
    ],
    [
      '{ enabled: true, tokens: [{ name: a, role: viewer, token: "${UNSET}" }] }',
      'authentication.tokens[0].token: the environment variable UNSET is not set',
    ],
  ])('%s', (written, expected) => {
    expect(problems(secured(written))).toEqual([expect.stringContaining(`supervisor.security.${expected}`)])
  })

  test('a file that others may read is told how to be mended, and what stands in it is never told', () => {
    const file = join(folder, 'open.token')
    writeFileSync(file, 'very-secret')
    chmodSync(file, 0o644)
    const [problem = ''] = problems(secured('{ enabled: true, tokens: [{ name: a, role: viewer, token_file: open.token }] }'))
    expect(problem).toContain(`others may read ${file}; take that from them: chmod 600 ${file}`)
    expect(problem).not.toContain('very-secret')
  })

  test('a short one is warned of, with how to make a good one', () => {
    const { warnings } = load(secured('{ enabled: true, token: hush }'))
    expect(warnings.map(({ message }) => message)).toEqual([
      'a token of 4 characters may be guessed; expected at least 16: `openssl rand -hex 32` makes a good one',
    ])
  })

  test('in the clear, where others can listen, is warned of', () => {
    const { warnings } = load(
      `supervisor: { services: {}, host: 0.0.0.0, security: { authentication: { enabled: true, token: ${long} } } }`,
    )
    expect(warnings.map(({ message }) => message)).toEqual([
      'others can reach "0.0.0.0" without TLS, so tokens travel in the clear; supervisor.tls takes a cert and a key',
    ])
  })
})

describe('what is for development alone', () => {
  const listed = `supervisor: { services: {}, ENV security: { allowed_programs: { make: [test, { command: build, allowed_in_production: false }] } } }`
  const programs = (environment: string, env: Record<string, string> = {}, flags = {}) => {
    const { supervisor, environment: now } = load(listed.replace('ENV', environment), env, flags)
    return [now, supervisor.allowedPrograms.make, supervisor.barredPrograms.make]
  }
  const development = ['development', ['test', 'build'], []]
  const production = ['production', ['test'], ['build']]

  test('is barred in production', () => {
    expect(programs('')).toEqual(development)
    expect(programs('environment: production,')).toEqual(production)
  })

  test('a flag comes before MAGICTUNNEL_ENV, that before ENVIRONMENT, and that before the file', () => {
    expect(programs('', { ENVIRONMENT: 'Production' })).toEqual(production)
    expect(programs('', { ENVIRONMENT: 'production', MAGICTUNNEL_ENV: 'development' })).toEqual(development)
    expect(programs('', { MAGICTUNNEL_ENV: 'development' }, { environment: 'production' })).toEqual(production)
    expect(programs('environment: production,', { ENVIRONMENT: 'staging' })).toEqual(production)
  })

  test('a flag with another word is an error', () => {
    expect(() => load('supervisor: { services: {} }', {}, { environment: 'staging' })).toThrow(/--environment/)
  })
})
