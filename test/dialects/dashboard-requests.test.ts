import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorCodes, type ErrorCode } from '../../src/protocol/errors.ts'
import { limits } from '../../src/protocol/limits.ts'
import { asked, dialectOf, no, ok, spec, talk } from '../support/dashboard-talk.ts'
import { fold } from './compliance.ts'

/** The dashboard API as a fold: requests of all kinds, and whatever the gateway says to them. */

describe('requests of all kinds', () => {
  const posts = [
    'system/restart',
    'system/custom-restart',
    'system/execute-command',
    'system/switch-mode',
    'services/web/restart',
    'services/web/stop',
    'services/web/start',
    'makefile/execute',
  ]
  const gets = ['system/status', 'system/services/status', 'status', 'mode', 'banner', 'banner/stream']

  test('paths that there are not, methods that a path does not have', () => {
    for (const path of ['', 'nope', 'status/x', 'services/web', 'services/a/b/restart', 'system/restart/']) {
      expect(talk(asked('GET', path)), path).toMatchObject({ calls: [], status: 404 })
    }
    for (const path of gets) expect(talk(asked('POST', path))).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
    for (const path of posts) {
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH']) {
        expect(talk(asked(method, path))).toMatchObject({
          calls: [],
          status: 405,
          headers: { allow: 'POST' },
          body: { field: 'method' },
        })
      }
    }
  })

  test.each([
    ['{', 400, 'body'],
    ['[]', 400, 'body'],
    ['"x"', 400, 'body'],
    ['null', 400, 'body'],
    ['1 2', 400, 'body'],
    [`{"x":${'['.repeat(200)}${']'.repeat(200)}}`, 413, 'body'],
    [`{"x":[${'1,'.repeat(limits.inputValues)}1]}`, 413, 'body'],
  ])('a body like %j is refused on every route that reads one', (body, status, field) => {
    for (const path of posts)
      expect(talk(asked('POST', path, body)), path).toMatchObject({ calls: [], status, body: { status: 'error', field } })
  })

  test.each([
    ['system/restart', { service: 1 }, 'service'],
    ['system/restart', { service: '' }, 'service'],
    ['system/restart', { service: ['web'] }, 'service'],
    ['system/custom-restart', { pre_commands: {} }, 'pre_commands'],
    ['system/custom-restart', { pre_commands: [1] }, 'pre_commands.0'],
    ['system/custom-restart', { pre_commands: Array.from({ length: 33 }, () => spec) }, 'pre_commands'],
    ['system/custom-restart', { post_commands: [spec, { ...spec, command: 1 }] }, 'post_commands.1.command'],
    ['system/custom-restart', { post_commands: [{ ...spec, command: 'a\0b' }] }, 'post_commands.0.command'],
    ['system/custom-restart', { start_args: 'x' }, 'start_args'],
    ['system/custom-restart', { start_args: [1] }, 'start_args.0'],
    ['system/custom-restart', { args: ['\0'] }, 'args.0'],
    ['system/custom-restart', { env_vars: [] }, 'env_vars'],
    ['system/custom-restart', { env_vars: { A: 1 } }, 'env_vars.A'],
    ['system/custom-restart', { env_vars: { 'A=B': 'x' } }, 'env_vars.A=B'],
    ['system/custom-restart', { remember: 'yes' }, 'remember'],
    ['system/execute-command', {}, 'command'],
    ['system/execute-command', { command: 'make' }, 'command'],
    ['system/execute-command', { command: { command: 'x', is_safe: true } }, 'command.command_type'],
    ['system/execute-command', { command: { command_type: 'make', is_safe: true } }, 'command.command'],
    ['system/execute-command', { command: { command_type: 'make', command: 'x' } }, 'command.is_safe'],
    ['system/execute-command', { command: { ...spec, is_safe: 'true' } }, 'command.is_safe'],
    ['system/execute-command', { command: { ...spec, command: '' } }, 'command.command'],
    ['system/execute-command', { command: { ...spec, working_dir: 7 } }, 'command.working_dir'],
    ['system/execute-command', { command: spec, timeout_seconds: -1 }, 'timeout_seconds'],
    ['system/execute-command', { command: spec, timeout_seconds: 1e9 }, 'timeout_seconds'],
    ['makefile/execute', {}, 'command'],
    ['makefile/execute', { command: ['clean'] }, 'command'],
    ['makefile/execute', { command: 'clean', env_vars: { A: null } }, 'env_vars.A'],
  ])('%s with %j: the fault is %s', (path, body, field) => {
    const { calls, status, body: said } = talk(asked('POST', path, body))
    expect([calls, status, said]).toMatchObject([[], 400, { status: 'error', field }])
    expect((said as { message: string }).message).toMatch(new RegExp(`^${field.replaceAll('.', '\\.')}: `))
  })

  test('where a body is needed its absence is told', () => {
    for (const path of ['system/custom-restart', 'system/execute-command', 'system/switch-mode', 'makefile/execute']) {
      expect(talk(asked('POST', path)), path).toMatchObject({
        calls: [],
        status: 400,
        body: { field: 'body', message: 'body: missing, expected a JSON object' },
      })
    }
  })

  test('no text whatever makes it throw, and what is not understood is never invoked', () => {
    const dialect = dialectOf()
    fc.assert(
      fc.property(fc.constantFrom(...posts, ...gets), fc.oneof(fc.string(), fc.json()), (path, body) => {
        const { status, calls } = talk(asked('POST', path, body), [], dialect)
        expect(status === undefined ? calls.length : status).toBeLessThan(500)
      }),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { effects } = fold(dialect, [{ type: 'message', text }])
        expect(effects.map(({ type }) => type)).toEqual(['write', 'close'])
      }),
    )
  })

  test('whatever the gateway says becomes an answer', () => {
    const bodies: Readonly<Record<string, unknown>> = {
      'system/custom-restart': {},
      'system/execute-command': { command: spec },
      'system/switch-mode': { mode: 'x' },
      'makefile/execute': { command: 'clean' },
    }
    const codes = Object.keys(errorCodes) as ErrorCode[]
    const output = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          supervisor: fc.jsonValue(),
          services: fc.dictionary(fc.string(), fc.jsonValue()),
          listeners: fc.array(fc.jsonValue()),
          modes: fc.array(fc.jsonValue()),
          results: fc.array(fc.jsonValue()),
          result: fc.jsonValue(),
          outcome: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
    )
    const reply = fc.oneof(
      output.map(ok),
      fc
        .tuple(fc.constantFrom(...codes), fc.string(), fc.dictionary(fc.string(), fc.jsonValue()))
        .map(([code, message, data]) => no(code, message, data)),
    )
    fc.assert(
      fc.property(fc.constantFrom(...posts, ...gets), fc.array(reply, { minLength: 4, maxLength: 4 }), (path, replies) => {
        const { status = 0, effects } = talk(asked(gets.includes(path) ? 'GET' : 'POST', path, bodies[path] ?? ''), replies)
        expect([200, 400, 401, 403, 404, 413, 500, 503]).toContain(status)
        const closed = effects.findIndex(({ type }) => type === 'close')
        expect(path === 'banner/stream' || closed === effects.length - 1).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('it says one thing: what comes after its answer changes nothing', () => {
    const { state, dialect } = talk(asked('GET', 'nope'))
    const more = [asked('POST', 'system/restart'), { type: 'ended' }, { type: 'replied', corr: '1', reply: ok({}) }] as const
    expect(fold(dialect, more, state)).toEqual({ state, effects: [] })
  })

  test('a second request, an answer to nobody, and what the codec refuses', () => {
    const dialect = dialectOf()
    const { state, effects } = fold(dialect, [asked('POST', 'system/restart'), asked('POST', 'system/restart')])
    expect(effects).toHaveLength(1)
    expect(dialect.pending(state)).toBe(1)
    expect(fold(dialect, [{ type: 'replied', corr: 'x', reply: ok({}) }], state).effects).toEqual([])
    const refused = fold(dialect, [{ type: 'malformed', code: 'timeout', because: 'it took too long' }])
    expect(refused.effects.at(-1)).toEqual({ type: 'close', because: 'it took too long' })
  })
})
