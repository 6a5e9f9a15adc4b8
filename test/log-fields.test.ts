import { expect, test } from 'vitest'
import type { Entry } from '../src/directory.ts'
import { monotonic } from '../src/actors/proc.ts'
import { logFact, tellChecks } from '../src/log-fields.ts'
import type { Fact } from '../src/protocol/facts.ts'

function stage() {
  const lines: Array<readonly [level: string, fields: object, message: string]> = []
  const at = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message])
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } }
}
const fact = (more: Partial<Fact>): Fact => ({
  seq: 7,
  time: '2031-03-01T00:00:00.000Z',
  type: 'service.ready',
  about: 'service.web',
  because: null,
  by: null,
  data: {},
  ...more,
})
const entry = { snapshot: { context: { pid: 42, spawnedAt: monotonic() - 9_500 } } } as unknown as Entry

test.each<[Partial<Fact>, string, object]>([
  [{}, 'info', { service: 'web', pid: 42, uptime: 9 }],
  [{ type: 'service.unhealthy', because: 'answered 500' }, 'warn', { service: 'web', pid: 42, uptime: 9, error: 'answered 500' }],
  [
    { type: 'service.exited', because: 'exited with code 1', data: { pid: 41, uptime_ms: 3_900, planned: false } },
    'warn',
    { service: 'web', pid: 41, uptime: 3, error: 'exited with code 1', planned: false },
  ],
  [{ type: 'service.gaveUp', because: 'gave up' }, 'error', { error: 'gave up' }],
  [
    {
      type: 'command.accepted',
      because: 'service.restart',
      by: 'token:ci',
      data: { command: 'service.restart', request_id: 'r1' },
    },
    'info',
    { by: 'token:ci', command: 'service.restart', request_id: 'r1', service: 'web' },
  ],
  [{ type: 'access.refused', because: 'a wrong token from 10.0.0.7:5' }, 'warn', {}],
])('the fields of %j', (more, level, fields) => {
  const { lines, log } = stage()
  logFact(log, fact(more), entry)
  expect(lines).toEqual([
    [level, expect.objectContaining({ seq: 7, about: 'service.web', ...fields }), expect.stringContaining('')],
  ])
})

test('what is about no service has no fields of one', () => {
  const { lines, log } = stage()
  logFact(
    log,
    fact({ type: 'system.fault', about: 'supervisor.root', because: 'the disk is full', data: { what: 'logs' } }),
    undefined,
  )
  expect(lines).toEqual([['error', { seq: 7, about: 'supervisor.root', what: 'logs' }, 'system.fault: the disk is full']])
})

test('a health check is worth a line when it passes for the first time, fails, and passes again', () => {
  const { lines, log } = stage()
  const tell = tellChecks(log)
  for (const [ok, fields] of [
    [true, { pid: 1, uptime: 5 }],
    [true, { pid: 1, uptime: 35 }],
    [false, { error: 'no' }],
    [true, { pid: 1, uptime: 65 }],
    [true, { pid: 2, uptime: 1 }],
  ] as const)
    tell('web', ok, fields)
  expect(lines.map(([level, , message]) => `${level} ${message}`)).toEqual([
    'info Service health check passed',
    'debug Service health check passed',
    'warn Service health check failed',
    'info Service health check passed',
    'info Service health check passed',
  ])
  expect(lines[2]?.[1]).toEqual({ service: 'web', error: 'no' })
})
