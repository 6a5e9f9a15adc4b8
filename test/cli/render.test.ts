import { describe, expect, test } from 'vitest'
import { actorsTable } from '../../src/cli/render/actors.ts'
import { changeLines } from '../../src/cli/render/changes.ts'
import { policyInWords, explainLines } from '../../src/cli/render/explain.ts'
import { factLine } from '../../src/cli/render/facts.ts'
import { groupLines, membersInWords } from '../../src/cli/render/groups.ts'
import { liveLines } from '../../src/cli/render/live.ts'
import { logGutter } from '../../src/cli/render/logs.ts'
import { coloured, plain } from '../../src/cli/render/paint.ts'
import { resultLines } from '../../src/cli/render/results.ts'
import { servicesTable, statusLines } from '../../src/cli/render/status.ts'
import { table } from '../../src/cli/render/table.ts'
import { shortDuration } from '../../src/cli/render/time.ts'
import type { Fact } from '../../src/protocol/facts.ts'
import type { ServiceStatus } from '../../src/protocol/service.ts'
import type { ActorStatus, FleetStatus } from '../../src/protocol/status.ts'
import { policy, specOf } from '../support/specs.ts'

const wide = { width: Infinity, paint: plain }
const narrow = (width: number) => ({ width, paint: plain })

const running: ServiceStatus = {
  status: 'running',
  pid: 4242,
  uptime: 200,
  memory_mb: 48.16,
  cpu_percent: 3.04,
  restart_count: 1,
  restart_policy: 'always',
  phase: 'active',
  state: 'healthy',
  reason: 'started by the fleet',
  containment: 'cgroup',
  generation: 1,
  desired: 'run',
  depends_on: [],
  family: null,
  args: [],
  user: null,
  memory_limit: null,
  category: 'core',
  kind: 'plain',
  next_restart: null,
  last_restart: null,
}
const failed: ServiceStatus = { ...running, status: 'failed', pid: null, phase: 'reaped', state: 'failed', reason: 'gave up' }
const fleet: FleetStatus = {
  supervisor: {
    status: 'running',
    pid: 1,
    uptime: 61,
    default_service: 'web',
    managed_services: 2,
    version: '1.2.3',
    config: null,
    mode: null,
    mode_source: 'none',
    state: '/s',
    warnings: [],
    lockdown: null,
    faults: [],
  },
  services: { web: running, worker: failed },
  groups: {},
  listeners: [{ name: 'control', scheme: 'unix', address: '/s/control.sock', error: null }],
}
const factOf = (more: Partial<Fact>): Fact => ({
  seq: 1,
  time: '2026-01-01T10:00:00.000Z',
  type: 'service.exited',
  about: 'service.web',
  because: null,
  by: null,
  data: {},
  ...more,
})

describe('a table', () => {
  const columns = [{ title: 'A' }, { title: 'N', align: 'right' as const }, { title: 'WHY' }]

  test('has columns as wide as what stands in them, and no blanks at the end of a line', () => {
    const rows = [
      [{ text: 'long name' }, { text: '7' }, { text: 'x' }],
      [{ text: 'b' }, { text: '1000' }, { text: '' }],
    ]
    expect(table(columns, rows, wide)).toEqual(['A             N  WHY', 'long name     7  x', 'b          1000'])
  })

  test.each([3, 8, 12, 20])('is never wider than %i', (width) => {
    const rows = [[{ text: 'a'.repeat(9) }, { text: '1234' }, { text: 'because of this and that' }]]
    for (const line of table(columns, rows, narrow(width))) expect(line.length).toBeLessThanOrEqual(width)
  })

  test('shows controls of what it did not write itself', () => {
    const [, line] = table([{ title: 'A' }], [[{ text: 'a\u001B[2J\r\nb\u202Ec\u0007' }]], wide)
    expect(line).toBe('a\\e[2J\\r\\nb\\u{202e}c\\u{7}')
  })
})

describe('status', () => {
  test('is a line a service', () => {
    expect(statusLines(fleet, wide)).toEqual([
      'NAME    STATUS    PID  UPTIME   CPU    MEM  RESTARTS  REASON',
      'web     running  4242   3m20s  3.0%  48.2M         1  started by the fleet',
      'worker  failed      -       -     -      -         1  gave up',
    ])
  })

  test('faults stand first below the table', () => {
    const since = '2026-01-01T10:00:00.000Z'
    const faults = [{ what: 'journal' as const, because: 'the disk is full\n', since }]
    const broken = { ...fleet, supervisor: { ...fleet.supervisor, faults, warnings: ['careful'] } }
    const line = /^fault since \d\d:00:00: the disk is full\\n$/
    const [fault, warning] = statusLines(broken, wide, Date.parse(since)).slice(3)
    expect(fault).toMatch(line)
    expect(warning).toBe('warning: careful')
    expect(statusLines(broken, { ...wide, paint: coloured })[3]).toContain('\u001B[31mfault since')
    expect(liveLines(broken, { spinner: '', remark: 'x', facts: [], over: false }, wide, 40)[1]).toContain(
      ': the disk is full\\n',
    )
  })

  test('tells what is wrong with the orchestrator itself', () => {
    const lines = statusLines(
      {
        ...fleet,
        supervisor: { ...fleet.supervisor, status: 'stopping', warnings: ['a\u001Bb'] },
        listeners: [{ name: 'http', scheme: 'http', address: null, error: 'port 3001 is taken' }],
      },
      wide,
    )
    expect(lines.slice(3)).toEqual([
      'the orchestrator (pid 1) is stopping',
      'listener http: port 3001 is taken',
      'warning: a\\eb',
    ])
  })

  test('what is wrong is never cut: what to do about it stands at its end', () => {
    const error = 'cannot listen on 127.0.0.1:3001: it is in use by nginx (pid 7); http.port chooses another port'
    const faults = [
      { what: 'journal' as const, because: 'the disk is full; free space there', since: '2026-01-01T10:00:00.000Z' },
    ]
    const broken = {
      ...fleet,
      supervisor: { ...fleet.supervisor, faults },
      listeners: [...fleet.listeners, { name: 'http', scheme: 'http', address: null, error }],
    }
    const shown = (lines: readonly string[]): string => lines.join(' ').replaceAll(/ +/g, ' ')
    for (const lines of [
      statusLines(broken, narrow(40)),
      liveLines(broken, { spinner: '', remark: '', facts: [], over: false }, narrow(40), 24),
    ]) {
      expect(lines.filter((line) => line.length > 40)).toEqual([])
      expect(shown(lines)).toContain(error)
      expect(shown(lines)).toContain('the disk is full; free space there')
    }
    expect(liveLines(broken, { spinner: '', remark: '', facts: [], over: false }, narrow(40), 24).slice(-4)).toEqual([
      'http     cannot listen on',
      '         127.0.0.1:3001: it is in use by',
      '         nginx (pid 7); http.port',
      '         chooses another port',
    ])
  })

  test('has colours by status', () => {
    const [, web, worker] = servicesTable(fleet.services, { width: Infinity, paint: coloured })
    expect(web).toContain('\u001B[32mrunning')
    expect(worker).toContain('\u001B[31mfailed')
  })

  test('tells how many do not fit', () => {
    const services = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`s${at}`, running]))
    const lines = servicesTable(services, wide, 4)
    expect(lines).toHaveLength(5)
    expect(lines.at(-1)).toBe('… and 7 more')
  })

  test.each([
    [0, '0s'],
    [59, '59s'],
    [60, '1m00s'],
    [3_600, '1h00m'],
    [90_000, '1d01h'],
  ])('%i seconds are %s', (seconds, text) => expect(shortDuration(seconds)).toBe(text))
})

describe('facts', () => {
  test.each<[Partial<Fact>, string]>([
    [{ because: 'exited with code 1' }, 'web  exited  exited with code 1'],
    [{ type: 'service.gaveUp', because: 'too many' }, 'web  gave up  too many'],
    [{ type: 'service.spawned', data: { pid: 7 } }, 'web  spawned  pid 7'],
    [{ type: 'listener.bound', about: 'listener.http', data: { address: '127.0.0.1:1' } }, 'listener.http  bound  127.0.0.1:1'],
    [{ type: 'system.stopping', about: 'supervisor.root', by: 'local:me' }, 'hyphae  stopping  by local:me'],
    [{ type: 'service.stopping', because: 'stopped by local:me', by: 'local:me' }, 'web  stopping  stopped by local:me'],
    [
      { type: 'command.accepted', because: 'service.restart', by: 'local:me', data: { command: 'service.restart' } },
      'web  asked  service.restart (by local:me)',
    ],
    [
      { type: 'command.accepted', because: 'service.start', by: 'local:me', data: { request_id: 'd-7' } },
      'web  asked  service.start (by local:me, request d-7)',
    ],
    [
      { type: 'command.accepted', about: 'supervisor.root', because: 'service.stop', by: 'local:me', data: { actors: 200 } },
      'hyphae  asked  service.stop of 200 (by local:me)',
    ],
    [{ type: 'service.adopted', because: 'found running and adopted' }, 'web  adopted  found running and adopted'],
    [{ type: 'service.left', because: 'left running' }, 'web  left running'],
    [{ type: 'system.left', about: 'supervisor.root' }, 'hyphae  left the services running'],
    [{ type: 'system.crashed', about: 'supervisor.root', because: 'boom' }, 'hyphae  crashed  boom'],
    [{ type: 'system.damaged', about: 'supervisor.root', because: 'torn' }, 'hyphae  journal damaged  torn'],
    [{ because: 'a\nb\u001B[31m' }, 'web  exited  a\\nb\\e[31m'],
  ])('%j', (more, line) => {
    expect(factLine(factOf(more), { ...wide, iso: true })).toBe(`2026-01-01T10:00:00.000Z  ${line}`)
  })

  test('have the wall clock of this machine for people, and are cut', () => {
    const now = Date.parse('2026-01-01T10:30:00.000Z')
    const line = factLine(factOf({ because: 'x'.repeat(100) }), { ...narrow(30), now })
    expect(line).toMatch(/^\d\d:00:00 {2}web {2}exited {2}x+…$/)
    expect(line).toHaveLength(30)
    const later = { ...wide, now: Date.parse('2026-01-03T10:30:00.000Z') }
    expect(factLine(factOf({}), later)).toMatch(/^2026-01-0\d \d\d:00:00 {2}web {2}exited$/)
  })
})

describe('actors', () => {
  const actor = (address: string, parent: string | null, more: Partial<ActorStatus> = {}): ActorStatus => ({
    address,
    kind: address.split('.')[0] ?? '',
    phase: 'active',
    state: 'open',
    since: '2026-01-01T10:00:00.000Z',
    reason: null,
    parent,
    accepts: [],
    live: true,
    ...more,
  })
  const now = Date.parse('2026-01-01T10:01:05.000Z')

  test('stand below their parents, wherever they are in the list', () => {
    const lines = actorsTable(
      [actor('process.web', 'service.web', { reason: 'why' }), actor('service.web', 'supervisor.services'), actor('z', null)],
      now,
      wide,
    )
    expect(lines).toEqual([
      'ADDRESS        PHASE   STATE  SINCE          REASON',
      'service.web    active  open   1 min 5 s ago',
      '  process.web  active  open   1 min 5 s ago  why',
      'z              active  open   1 min 5 s ago',
    ])
  })
})

describe('explain', () => {
  test.each([
    [{ policy: 'never' as const }, 'never restarts by itself'],
    [{}, 'restarts always, 2 of 3 restarts used, delays from 1 s, ×2 each, at most 8 s, anew after 10 s of being ready'],
    [
      { policy: 'on_failure' as const, maxRestarts: 1, window: 60_000, factor: 1 },
      'restarts when it fails, 2 of 1 restart used within 1 min, delay 1 s, anew after 10 s of being ready',
    ],
    [
      { maxRestarts: null, maxDelay: 1_000 },
      'restarts always, without a limit (2 so far), delay 1 s, anew after 10 s of being ready',
    ],
  ])('a policy in words: %j', (more, words) => expect(policyInWords({ ...policy, ...more }, 2)).toBe(words))

  test('tells state, reason, policy, dependencies and history', () => {
    const { env: _, ...spec } = specOf({ command: '/bin/sh', args: ['-c', 'exit 1\n'] })
    const lines = explainLines(
      {
        service: 'web',
        status: { ...failed, reason: 'gave up after 3 restarts' },
        last_exit: 'exited with code 1',
        restarts_in_window: 3,
        pending_change: true,
        overridden: ['args', 'env.FLAVOUR'],
        operation: { id: 'x-1', by: 'local:me' },
        dependencies: [
          { service: 'db', condition: 'healthy', state: 'healthy', met: true },
          { service: 'cache', condition: 'started', state: 'failed', met: false },
        ],
        dependants: ['proxy'],
        group: null,
        spec: { ...spec, env: [] },
        history: [
          factOf({ because: 'exited with code 1' }),
          factOf({ time: '2026-01-01T10:00:30.500Z', type: 'service.stopping', by: 'local:me', because: null }),
        ],
      },
      Date.parse('2026-01-01T10:00:31.000Z'),
      wide,
    )
    expect(lines).toEqual([
      'web is failed (reaped, failed)',
      '  why         gave up after 3 restarts',
      '  wanted      to run',
      '  command     /bin/sh -c exit 1\\n',
      '  by hand     args, env.FLAVOUR, until the config is read again',
      '  policy      restarts always, at most 3 restarts, delays from 1 s, ×2 each, at most 8 s, anew after 10 s of being ready',
      '  restarted   1 time in all',
      '  last end    exited with code 1',
      '  operation   restart.x-1, asked for by local:me',
      '  change      it will be started otherwise the next time',
      '  needs       db healthy: met',
      '              cache started: not met, it is failed',
      '  needed by   proxy',
      '  history',
      '    31 s ago  exited: exited with code 1',
      '    just now  stopping (by local:me)',
    ])
  })

  test('tells whom it runs as, its memory limit, its schedule and that it overlaps, where it has them', () => {
    const group = { name: 'www-data', gid: 33 }
    const spec = {
      user: { name: 'app', uid: 7, gid: 7, home: '/' },
      group,
      nice: 5,
      schedule: { cron: '0 4 * * *', timezone: 'UTC' },
    }
    const told = (more: object, status: Partial<ServiceStatus> = {}): string[] =>
      explainLines(
        {
          service: 'web',
          status: { ...running, ...status },
          last_exit: null,
          restarts_in_window: 0,
          pending_change: false,
          overridden: [],
          operation: null,
          dependencies: [],
          dependants: [],
          group: null,
          spec: { ...more },
          history: [],
        },
        0,
        wide,
      ).filter((line) => /^ {2}(runs as|memory|schedule|overlap)/.test(line))
    expect(told({ user: null, group: null, nice: null, schedule: null })).toEqual([])
    expect(told({ restart: { ...policy, overlap: true } })).toEqual([
      '  overlap     a restart on request starts the new process beside the old one',
    ])
    expect(told(spec, { memory_limit: { mb: 512, by: 'watch' }, next_restart: '2026-01-02T04:00:00.000Z' })).toEqual([
      '  runs as     app:www-data, nice 5',
      '  memory      at most 512 MB, watched by Hyphae: the kernel does not enforce it',
      '  schedule    0 4 * * * (UTC), next 2026-01-02T04:00:00.000Z',
    ])
    expect(told({ ...spec, user: null, nice: null }, { memory_limit: { mb: 0.5, by: null } })).toEqual([
      '  runs as     :www-data',
      '  memory      at most 512 KB',
      '  schedule    0 4 * * * (UTC), next never',
    ])
  })
})

describe('results', () => {
  test('one line a service', () => {
    const one = { service: 'web', outcome: 'done', state: 'healthy', pid: 7, because: 'started by x', workflow: null } as const
    const other = { ...one, service: 'worker', outcome: 'failed', pid: null, because: 'exited\nbadly' } as const
    expect(resultLines([one, other], wide)).toEqual(['web     healthy  pid 7  started by x', 'worker  failed  exited\\nbadly'])
    const accepted = { ...one, outcome: 'accepted', workflow: 'restart.x-1' } as const
    expect(resultLines([accepted], wide)).toEqual(['web  accepted  restart.x-1'])
    for (const line of resultLines([one, other], narrow(20))) expect(line.length).toBeLessThanOrEqual(20)
  })
})

describe('logs', () => {
  test('have a gutter, and are harmless where a terminal shows them', () => {
    const item = { service: 'web', line: '\u001B[31mred\u001B[0m\u001B[2J\u001B]0;title\u0007!', truncated: false, time: null }
    const safe = logGutter(['web', 'worker'], { paint: plain, safe: true })
    const raw = logGutter(['web', 'worker'], { paint: plain, safe: false })
    expect(safe(item)).toBe('web    | \u001B[31mred\u001B[0m!\u001B[0m')
    expect(raw({ ...item, truncated: true })).toBe(`web    | ${item.line} [cut]`)
  })

  test('each service has a colour of its own', () => {
    const render = logGutter(['a', 'b'], { paint: coloured, safe: true })
    const of = (service: string): string => render({ service, line: '', truncated: false, time: null }).split(service)[0] ?? ''
    expect(of('a')).not.toBe(of('b'))
  })
})

describe('the picture of up', () => {
  const facts = Array.from({ length: 8 }, (_, at) => `fact ${at}`)
  const parts = { spinner: '', remark: '', facts, over: false }

  test('is headline, table, addresses and the last facts', () => {
    expect(liveLines(fleet, { ...parts, facts: ['it happened'], spinner: '*', remark: 'look' }, wide, 40)).toEqual([
      '* hyphae starting, 1 of 2 services fine, pid 1, up 1m01s',
      'look',
      '',
      ...servicesTable(fleet.services, wide),
      '',
      'control  /s/control.sock',
      '',
      'it happened',
    ])
  })

  test('names a group that gave up, whose members look as if they were stopped on request', () => {
    const group = { strategy: 'one_for_all', phase: 'reaped', members: ['web'], restart_count: 4, reason: 'too often' } as const
    const groups = { backend: { ...group, state: 'failed' }, other: { ...group, state: 'watching' } }
    const lines = liveLines({ ...fleet, groups }, parts, wide, 40)
    expect(lines.filter((line) => line.startsWith('group'))).toEqual(['group backend gave up: too often'])
  })

  test.each([1, 5, 10, 24, 200])('is never higher than %i lines', (rows) => {
    for (const count of [0, 1, 5, 500]) {
      const services = Object.fromEntries(Array.from({ length: count }, (_, at) => [`s${at}`, running]))
      const lines = liveLines({ ...fleet, services }, parts, wide, rows)
      expect(lines.length).toBeLessThanOrEqual(rows)
    }
  })

  test('says at the end that it has ended, and names no address where nobody listens', () => {
    const [headline, ...rest] = liveLines(fleet, { ...parts, over: true }, wide, 24)
    expect(rest).toEqual(['', ...servicesTable(fleet.services, wide), '', ...facts])
    expect(headline).toBe('hyphae stopped, 1 of 2 services fine, pid 1, up 1m01s')
    const leaving = { ...fleet, supervisor: { ...fleet.supervisor, status: 'leaving' as const } }
    const [left] = liveLines(leaving, { ...parts, over: true }, wide, 24)
    expect(left).toBe('hyphae left its services running, 1 of 2 services fine, pid 1, up 1m01s')
  })

  test('of too many services some are left out, of the facts the last stay', () => {
    const services = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`s${at}`, running]))
    const lines = liveLines({ ...fleet, services }, parts, wide, 24)
    expect(lines).toHaveLength(24)
    expect(lines.at(-1)).toBe('fact 7')
    expect(lines).toContain('… and 486 more')
  })
})

test('groups stand below the services, in short; a fleet without any has no such table', () => {
  const backend = {
    strategy: 'rest_for_one',
    state: 'watching',
    phase: 'active',
    members: ['web', 'worker'],
    restart_count: 1,
    reason: 'restarted after web exited with code 1 (restart 1 of 3)',
  } as const
  expect(groupLines({ backend }, wide)).toEqual([
    '',
    'GROUP    STRATEGY      STATE     RESTARTS  MEMBERS      REASON',
    'backend  rest_for_one  watching         1  web, worker  restarted after web exited with code 1 (restart 1 of 3)',
  ])
  expect(statusLines(fleet, wide).join('\n')).not.toContain('GROUP')
})

test.each([
  ['a, b, c', ['a', 'b', 'c']],
  ['db, web-1 to web-4, mailer', ['db', 'web-1', 'web-2', 'web-3', 'web-4', 'mailer']],
  ['web-1, web-2, web-3', ['web-1', 'web-2', 'web-3']],
  ['web-1, web-3, a-7, a-1', ['web-1', 'web-3', 'a-7', 'a-1']],
  ['a, b, c, d, e and 2 more', ['a', 'b', 'c', 'd', 'e', 'f', 'g']],
])('members of a group in short: %s', (words, members) => expect(membersInWords(members)).toBe(words))

test('a reload names the groups that change', () => {
  const answer = { config: null, dry_run: true, changes: [], unchanged: 2, because: '', env_files: [], warnings: [] }
  const groups = [
    { group: 'backend', change: 'changed' as const, fields: ['strategy'] },
    { group: 'old', change: 'removed' as const, fields: [] },
  ]
  expect(changeLines({ ...answer, groups }, wide)).toEqual([
    'group backend  would change  strategy',
    'group old      would be removed',
    '2 services would stay untouched',
  ])
})
