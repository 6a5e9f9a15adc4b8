import { expect, test } from 'vitest'
import type { Statement } from '../../src/protocol/facts.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { ServiceStatus } from '../../src/protocol/service.ts'
import { createBanner, type World } from '../../src/watch/banner.ts'

const begin = Date.parse('2031-03-01T00:00:00.000Z')
const running = { desired: 'run', status: 'running', reason: null, pid: 7 } as ServiceStatus
const stopped = { ...running, desired: 'stop', status: 'stopped', pid: null } as const
const at = (status: Partial<ServiceStatus>): ServiceStatus => ({ ...running, ...status })

/** `second`: when it was stated. */
type Told = readonly [second: number, statement: Statement]
const restarts = (service: string, id = service): Statement => ({
  type: 'workflow.started',
  about: `restart.${id}`,
  by: 'local:root',
  data: { service },
})
const ends = (service: string, outcome: string, because = ''): Statement => ({
  type: 'workflow.finished',
  about: `restart.${service}`,
  because,
  data: { service, outcome },
})
const switches: Statement = { type: 'workflow.started', about: 'switch.1', data: { mode: 'advanced' } }
const switched = (outcome: string, because = ''): Statement => ({
  type: 'workflow.finished',
  about: 'switch.1',
  because,
  data: { mode: 'advanced', outcome },
})

interface Case {
  readonly facts?: readonly Told[]
  readonly now?: number
  readonly services?: Readonly<Record<string, ServiceStatus>>
  readonly mode?: string | null
  readonly status?: World['supervisor']['status']
  readonly faults?: World['supervisor']['faults']
  readonly lockdown?: World['lockdown']
}

function shown({
  facts = [],
  now = 0,
  services = { web: running },
  mode = null,
  status = 'running',
  faults = [],
  lockdown = null,
}: Case) {
  const banner = createBanner(begin)
  for (const [index, [second, statement]] of facts.entries()) {
    const fact = {
      because: null,
      by: null,
      data: {},
      seq: index,
      time: new Date(begin + second * 1000).toISOString(),
      ...statement,
    }
    banner.hear(fact)
  }
  const world = { supervisor: { status, mode, faults }, lockdown, services: Object.entries(services), patience: () => 20_000 }
  return banner.show(world, begin + now * 1000)
}

const fault = { what: 'journal', because: 'the disk is full', since: '2031-03-01T00:00:00.000Z' } as const
const two = { web: running, db: running }
const three = { ...two, mail: running }

test.each<[string, Case, string, string]>([
  ['all is quiet', { services: two }, 'info', '2 services running'],
  ['one runs and one rests', { services: { web: running, db: stopped } }, 'info', '1 service running • 1 at rest'],
  ['the guide’s proxy mode', { mode: 'proxy' }, 'info', 'Running in Proxy Mode • Core features only'],
  ['another mode', { mode: 'advanced' }, 'info', 'Running in advanced mode • 1 service running'],
  ['services come up', { services: { web: at({ status: 'starting' }), db: running } }, 'info', 'Starting web'],
  ['a restart', { facts: [[0, restarts('web')]], now: 5 }, 'info', 'Restarting web (15 s remaining) • asked for by local:root'],
  [
    'a restart at a step',
    {
      facts: [
        [0, restarts('web')],
        [1, { type: 'workflow.step', about: 'restart.web', data: { step: 'stop', outcome: 'done' } }],
      ],
      now: 5,
    },
    'info',
    'Restarting web (15 s remaining) • stop: done',
  ],
  ['a restart that takes long', { facts: [[0, restarts('web')]], now: 25 }, 'info', 'Restarting web • asked for by local:root'],
  [
    'a restart whose actor crashed: nobody will ever say that it is over',
    {
      facts: [
        [0, restarts('web')],
        [1, { type: 'actor.crashed', about: 'restart.web', because: 'a defect' }],
      ],
      now: 5,
    },
    'info',
    '1 service running',
  ],
  [
    'the second restart of it',
    {
      facts: [
        [0, restarts('web')],
        [3, ends('web', 'done')],
        [100, restarts('web')],
      ],
      now: 101,
    },
    'info',
    'Restarting web (2 s remaining) • asked for by local:root',
  ],
  [
    'two restarts',
    {
      facts: [
        [0, restarts('web')],
        [0, restarts('db')],
      ],
      now: 5,
    },
    'info',
    'Restarting web and db (15 s remaining) • asked for by local:root',
  ],
  [
    'three restarts',
    {
      facts: [
        [0, restarts('web')],
        [0, restarts('db')],
        [2, restarts('mail')],
      ],
      now: 5,
    },
    'info',
    'Restarting web and 2 others (17 s remaining) • asked for by local:root',
  ],
  [
    'a restart that ended well',
    {
      facts: [
        [0, restarts('web')],
        [3, ends('web', 'done')],
      ],
      now: 7.9,
    },
    'success',
    'Restart Complete • web restarted successfully',
  ],
  [
    '… and some time later',
    {
      facts: [
        [0, restarts('web')],
        [3, ends('web', 'done')],
      ],
      now: 8,
    },
    'info',
    '1 service running',
  ],
  [
    'three that ended well',
    {
      facts: ['web', 'db', 'mail'].flatMap((name) => [[0, restarts(name)] as const, [3, ends(name, 'done')] as const]),
      services: three,
      now: 4,
    },
    'success',
    'Restart Complete • mail and 2 others restarted successfully',
  ],
  [
    'a restart that failed',
    {
      facts: [
        [0, restarts('web')],
        [3, ends('web', 'failed', 'restart of web: failed, no')],
      ],
      now: 4,
    },
    'error',
    'Restart Failed • restart of web: failed, no',
  ],
  [
    'a restart that was cancelled',
    {
      facts: [
        [0, restarts('web')],
        [3, ends('web', 'cancelled')],
      ],
      now: 4,
    },
    'info',
    '1 service running',
  ],
  [
    'a switch before restarts',
    {
      facts: [
        [0, restarts('web')],
        [0, switches],
      ],
      now: 10,
    },
    'info',
    'Switching to advanced mode (20 s remaining)',
  ],
  [
    'a switch that ended well',
    {
      facts: [
        [0, switches],
        [2, switched('done')],
      ],
      now: 3,
      mode: 'advanced',
    },
    'success',
    'Mode Switch Complete • Successfully switched to advanced mode',
  ],
  [
    'a switch that failed',
    {
      facts: [
        [0, switches],
        [2, switched('failed', 'web did not get ready')],
      ],
      now: 3,
    },
    'error',
    'Mode Switch Failed • web did not get ready',
  ],
  [
    'one gave up',
    { services: { ...two, web: at({ status: 'failed', reason: 'gave up' }) } },
    'error',
    'web has failed • gave up',
  ],
  [
    'one was stopped after it failed',
    { services: { web: { ...stopped, status: 'failed' } } },
    'info',
    '0 services running • 1 at rest',
  ],
  [
    'one is unhealthy',
    { services: { web: at({ status: 'unhealthy', reason: 'answered 500' }) } },
    'warning',
    'web is unhealthy • answered 500',
  ],
  [
    'one crashes again and again',
    { services: { web: at({ status: 'backing_off', reason: 'exited with code 1' }) } },
    'warning',
    'web has crashed • exited with code 1',
  ],
  [
    'what has failed comes before what is unhealthy',
    { services: { a: at({ status: 'unhealthy' }), b: at({ status: 'failed', reason: 'x' }), c: at({ status: 'failed' }) } },
    'error',
    'b and c have failed • x',
  ],
  [
    'a fault comes before them',
    { faults: [fault], services: { b: at({ status: 'failed' }) } },
    'error',
    'The journal is at fault • the disk is full',
  ],
  [
    'and speaks of logs as of many',
    { faults: [{ ...fault, what: 'logs' }] },
    'error',
    'The logs are at fault • the disk is full',
  ],
  [
    'trouble comes before what has just ended',
    {
      facts: [
        [0, restarts('web')],
        [3, ends('web', 'done')],
      ],
      now: 4,
      services: { web: running, db: at({ status: 'failed', reason: 'x' }) },
    },
    'error',
    'db has failed • x',
  ],
  [
    'what is under way comes before trouble',
    { facts: [[0, restarts('web')]], now: 5, faults: [fault] },
    'info',
    'Restarting web (15 s remaining) • asked for by local:root',
  ],
  [
    'a lockdown comes before that',
    { facts: [[0, restarts('web')]], lockdown: { since: '2026-01-01T00:00:00.000Z', by: 'token:ci', reason: 'a break-in' } },
    'warning',
    'Locked down • a break-in (by token:ci)',
  ],
  [
    'the end comes first',
    { status: 'stopping', lockdown: { since: '2026-01-01T00:00:00.000Z', by: 'token:ci', reason: null }, services: two },
    'warning',
    'Shutting down • 2 services still to stop',
  ],
  ['leaving, too', { status: 'leaving', services: { web: running } }, 'warning', 'Leaving • 1 service will run on'],
])('%s', (_, given, type, text) => {
  const banner = shown(given)
  expect([banner.type, banner.text]).toEqual([type, text])
  expect(banner.text).toBe(banner.message === '' ? banner.title : `${banner.title} • ${banner.message}`)
  expect(banner.countdown_seconds).toBe(/\((\d+) s/.test(text) ? Number(/\((\d+) s/.exec(text)?.[1]) : null)
})

test('it says since when, and about whom', () => {
  expect(shown({ facts: [[2, restarts('web')]], now: 5 })).toMatchObject({
    since: '2031-03-01T00:00:02.000Z',
    about: 'restart.web',
  })
  const failed: Told = [9, { type: 'service.gaveUp', about: 'service.web' }]
  expect(shown({ facts: [failed], services: { web: at({ status: 'failed' }) } })).toMatchObject({
    since: '2031-03-01T00:00:09.000Z',
    about: 'service.web',
  })
  expect(shown({ facts: [failed] })).toMatchObject({ since: '2031-03-01T00:00:09.000Z', about: null })
})

test('a long reason is cut', () => {
  const { text } = shown({ services: { web: at({ status: 'failed', reason: 'x'.repeat(100_000) }) } })
  expect(text.length).toBeLessThan(limits.quotedText + 100)
})
