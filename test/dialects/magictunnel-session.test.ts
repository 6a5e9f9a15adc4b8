import { describe, expect, test } from 'vitest'
import type { MagicTunnelState } from '../../src/dialects/magictunnel.ts'
import type { Heard } from '../../src/protocol/dialect.ts'
import { limits } from '../../src/protocol/limits.ts'
import { fold } from './compliance.ts'
import {
  answers,
  calls,
  dialect,
  dialectOf,
  failed,
  failing,
  kinds,
  line,
  ok,
  processStatus,
  result,
  running,
  said,
  saying,
  statusOf,
  talk,
  timers,
  wait,
} from '../support/control-talk.ts'

describe('text commands', () => {
  test.each([
    ['status', 'system.status', {}],
    ['  STATUS web  ', 'system.status', { services: ['web'] }],
    ['health web', 'system.status', { services: ['web'] }],
    ['start web', 'service.start', { services: ['web'], wait }],
    ['Stop web', 'service.stop', { services: ['web'], wait }],
    ['restart', 'service.restart', { services: ['magictunnel'], wait }],
    ['mode', 'system.mode', {}],
    ['MODE advanced', 'system.switch_mode', { mode: 'advanced', wait }],
    ['switch-mode advanced', 'system.switch_mode', { mode: 'advanced', wait }],
    ['shutdown', 'system.shutdown', { wait: false }],
  ])('%s', (text, command, input) => {
    expect(talk(text, []).calls).toEqual([{ command, input }])
    expect(talk(`${text}\r`, []).calls).toEqual([{ command, input }])
  })

  test('they are answered as JSON is, about the service that they name', () => {
    expect(talk('status web', [saying(statusOf({ ...running, pid: 8 }, 'web'))]).answer).toMatchObject({
      success: true,
      data: { pid: 8, services: { web: { pid: 8 } } },
    })
    expect(talk('start web', [saying(result('done')), saying(statusOf(running, 'web'))]).answer).toEqual(
      said(true, 'web started successfully', processStatus),
    )
    expect(talk('stop web', [saying(result('done'))]).answer).toEqual(said(true, 'web stopped successfully'))
  })

  test('a service that does not exist is told with the nearest', () => {
    const because = 'there is no service "wbe"; did you mean "web"?'
    expect(talk('status wbe', [failing('not_found', because)]).answer).toEqual(said(false, because))
    expect(talk('restart wbe', [failing('not_found', because)]).answer).toEqual(said(false, `Failed to restart wbe: ${because}`))
  })

  test('the mode is told, and what came of a switch', () => {
    const answer = { mode: 'proxy', source: 'file', modes: [] }
    expect(talk('mode', [saying(answer)]).answer).toEqual(said(true, 'The mode is proxy', answer))
    expect(talk('mode', [saying({ ...answer, mode: null })]).answer?.message).toBe('There is no mode')
    const done = { workflow: 'switch.a', outcome: 'done', mode: 'advanced' }
    expect(talk('mode advanced', [saying(done)]).answer).toEqual(said(true, 'Mode switched successfully', done))
    const late = { workflow: 'switch.a', step: 'verifying', outcome: 'accepted' }
    expect(talk('mode advanced', [saying(late)]).answer).toEqual(
      said(true, 'Mode switch is not completed yet; it goes on', { workflow: 'switch.a', step: 'verifying' }),
    )
    const failed = { ...done, outcome: 'failed', rolled_back: true }
    expect(talk('mode advanced', [failing('failed', 'web failed', failed)]).answer).toEqual(
      said(false, 'Failed to switch the mode: web failed', failed),
    )
    expect(talk('mode x', [failing('invalid_params', 'mode: there is no mode "x"')]).answer).toEqual(
      said(false, 'Failed to switch the mode: mode: there is no mode "x"'),
    )
    expect(talk('mode a b', []).answer).toEqual(said(false, 'mode: expected at most one name of a mode'))
    expect(talk('switch-mode', []).answer).toEqual(said(false, 'switch-mode: expected the name of a mode'))
  })

  test('without any service', () => {
    const none = dialectOf({ defaultService: () => null })
    expect(talk('restart', [], none).answer).toEqual(said(false, 'Failed to restart MagicTunnel: there is no service'))
    expect(talk('"HealthCheck"', [], none).answer).toEqual(said(true, 'Unhealthy', { healthy: false }))
    expect(talk('{"CustomRestart":{}}', [], none).answer?.success).toBe(false)
  })

  test('help, and too many words', () => {
    expect(talk('help', []).answer).toMatchObject({
      success: true,
      data: { commands: expect.arrayContaining(['help']) as unknown },
    })
    expect(talk('restart a b', []).answer).toEqual(said(false, 'restart: expected at most one name of a service'))
    expect(talk('shutdown now', []).answer?.success).toBe(false)
    expect(talk('shutdown now', []).calls).toEqual([])
  })
})

describe('who may what', () => {
  test('a verb that is not allowed is refused by its name', () => {
    const asked: string[] = []
    const strict = dialectOf({ isAllowed: (verb) => asked.push(verb) < 0 })
    const made = [
      '"Stop"',
      '{"ExecuteCommand":{"command":{"command_type":"Make","command":"x","is_safe":true}}}',
      '{"CustomRestart":{}}',
      '{"ReloadConfig":{}}',
      'shutdown',
      'status',
      'mode',
      'mode advanced',
    ]
    for (const text of made) {
      expect(talk(text, [], strict)).toMatchObject({ calls: [], answer: { success: false } })
    }
    expect(asked).toEqual([
      'stop',
      'executecommand',
      'customrestart',
      'reloadconfig',
      'shutdown',
      'status',
      'status',
      'switchmode',
    ])
    expect(talk('stop', [], strict).answer?.message).toBe('the command "stop" is not among security.allowed_commands')
  })

  const opened: Heard = { type: 'opened', authenticated: false }
  test('without a token nothing is taken', () => {
    for (const text of ['"Status"', 'status', 'nonsense', '"Bogus"']) {
      const { effects } = fold(dialect, [opened, line(text), line('status')])
      expect(kinds(effects)).toEqual(['write', 'close'])
    }
    expect(answers(fold(dialect, [opened, line('stop')]).effects)[0]?.message).toMatch(/^authentication required: /)
    expect(kinds(fold(dialect, [opened, line('help')]).effects)).toEqual(['write'])
  })

  test.each(['auth secret', '{"Authenticate":{"token":"secret"}}'])(
    '%s proves who it is; then all is taken, in order',
    (text) => {
      const { state, effects } = fold(dialect, [opened, line(text), line('"Status"')])
      expect(effects.filter(({ type }) => type === 'authenticate')).toEqual([
        { type: 'authenticate', corr: '1', token: 'secret' },
      ])
      expect(calls(effects)).toEqual([])
      expect(dialect.pending(state)).toBe(limits.pendingRequests)
      const after = fold(dialect, [ok('1', { name: 'token:supervisor', role: 'admin' })], state)
      expect(answers(after.effects)).toEqual([said(true, 'Authenticated', { name: 'token:supervisor', role: 'admin' })])
      expect(calls(after.effects)).toEqual([{ command: 'system.status', input: {} }])
      expect(kinds(fold(dialect, [ok('2', statusOf())], after.state).effects)).toEqual(['write', 'close'])
    },
  )

  test('a wrong token closes, and what was sent with it is not taken', () => {
    const { state } = fold(dialect, [opened, line('auth wrong'), line('stop')])
    const after = fold(dialect, [failed('1', 'unauthorized', 'this token is not valid'), line('stop')], state)
    expect(kinds(after.effects)).toEqual(['write', 'close'])
    expect(answers(after.effects)).toEqual([said(false, 'Authentication failed: this token is not valid')])
  })
})

describe('how long it stays', () => {
  const opened: Heard = { type: 'opened', authenticated: true }
  const timer = (id: string): Heard => ({ type: 'timer', id })
  const closes = (heard: readonly Heard[], from?: MagicTunnelState): boolean =>
    kinds(fold(dialect, heard, from).effects).includes('close')

  test('one early line of text is let go after a second of silence', () => {
    const { state, effects } = fold(dialect, [opened, line('status')])
    expect(timers(effects)).toEqual([{ id: 'early', ms: 200 }])
    const after = fold(dialect, [timer('early'), ok('1', statusOf())], state)
    expect(timers(after.effects)).toEqual([{ id: 'silence', ms: 1_000 }])
    expect(kinds(after.effects)).toEqual(['write'])
    expect(closes([timer('silence')], after.state)).toBe(true)
  })

  test('so are several that came at once, and not while one of them waits', () => {
    expect(closes([opened, line('help'), line('help'), timer('early'), timer('silence')])).toBe(true)
    const { state } = fold(dialect, [opened, line('help'), line('status'), timer('early')])
    expect(closes([timer('silence')], state)).toBe(false)
    expect(closes([timer('silence'), ok('2', statusOf()), timer('silence')], state)).toBe(true)
  })

  test('a line that comes later makes it a session', () => {
    expect(closes([opened, line('help'), timer('early'), line('help'), timer('silence')])).toBe(false)
    expect(closes([opened, timer('early'), line('help'), timer('silence')])).toBe(false)
  })

  test('a token does not count as a line', () => {
    const { state } = fold(dialect, [{ type: 'opened', authenticated: false }, line('auth x'), line('help'), ok('1', {})])
    expect(closes([timer('silence')], state)).toBe(true)
  })

  test('a session that says nothing ends, but not while something is under way', () => {
    expect(closes([opened, timer('early'), timer('idle')])).toBe(true)
    const { state, effects } = fold(dialect, [opened, timer('early'), line('restart'), timer('idle')])
    expect(kinds(effects)).toEqual(['invoke'])
    expect(effects.at(-1)).toEqual({ type: 'timer', id: 'idle', ms: limits.controlIdleTime })
    expect(closes([ok('1', result('accepted')), timer('idle')], state)).toBe(true)
  })

  test('JSON that was asked before the first answer is answered too, in order, then it closes', () => {
    const { state, effects } = fold(dialect, [line('"Stop"'), line('"HealthCheck"')])
    expect(kinds(effects)).toEqual(['invoke', 'invoke'])
    const second = fold(dialect, [ok('2', statusOf())], state)
    expect(second.effects).toEqual([])
    const first = fold(dialect, [ok('1', result('done')), line('"Stop"'), ok('1', result('done'))], second.state)
    expect(answers(first.effects).map(({ message: text }) => text)).toEqual(['MagicTunnel stopped successfully', 'Healthy'])
    expect(kinds(first.effects)).toEqual(['write', 'write', 'close'])
  })

  test('nobody who said nothing is answered', () => {
    expect(kinds(fold(dialect, [opened, { type: 'ended' }]).effects)).toEqual(['close'])
  })
})

describe('other languages', () => {
  test.each([
    'POST / HTTP/1.1',
    'get /status http/1.0',
    'GET /',
    'PRI * HTTP/2.0',
    'PROPFIND /x HTTP/1.1',
    ' OPTIONS * HTTP/1.1',
    'stop magictunnel HTTP/1.1',
    'status\0',
  ])('%j is refused, and nothing after it is taken', (first) => {
    const { effects } = fold(dialect, [line(first), line('"Stop"'), line('stop'), line('')])
    expect(kinds(effects)).toEqual(['write', 'close'])
    expect(answers(effects)[0]).toMatchObject({ success: false, data: null })
  })

  test('what was asked before is answered first', () => {
    const { state, effects } = fold(dialect, [line('status'), line('GET / HTTP/1.1'), line('stop')])
    expect(kinds(effects)).toEqual(['invoke'])
    expect(kinds(fold(dialect, [ok('1', statusOf())], state).effects)).toEqual(['write', 'write', 'close'])
  })
})
