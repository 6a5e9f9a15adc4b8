import { describe, expect, test } from 'vitest'
import { reconcile, type Desired } from '../../src/machines/reconcile.ts'
import type { Observed } from '../../src/protocol/observed.ts'
import { serviceRecord, type ServiceRecord } from '../../src/protocol/record.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { probe, specOf } from '../support/specs.ts'

const boot = 'this-boot'
const leader = { pid: 100, start: 7 }
const stray = { pid: 101, start: 8 }
const spec = specOf()
const seal = (one: ServiceSpec): ServiceRecord['spec'] => ({ ...one, env: {} })

/** As it stood in a journal of before. */
const bare = ({ user, group, nice, memoryLimit, schedule, ...one }: ServiceSpec): ServiceRecord['spec'] => {
  expect([user, group, nice, memoryLimit, schedule]).toEqual([null, null, null, null, null])
  return { ...one, env: {} }
}

const record = (more: Partial<ServiceRecord> = {}): ServiceRecord => ({
  format: 1,
  service: 'web',
  desired: 'run',
  generation: 3,
  readyGeneration: 3,
  spec: seal(spec),
  by: 'me',
  request: null,
  because: 'started by me',
  outcome: null,
  restartCount: 2,
  history: { restarts: [5], streak: 1 },
  incarnation: 'r1.4.3',
  leader,
  readyAt: 50,
  boot,
  ...more,
})

const seen = (more: Partial<Observed> = {}): Observed => ({
  incarnations: [],
  contained: [],
  exits: [],
  supervised: null,
  leaving: false,
  ...more,
})
const running = (incarnation = 'r1.4.3'): Observed =>
  seen({ incarnations: [{ incarnation, leader, processes: [leader, stray] }], contained: [leader, stray] })

function steps(options: { record?: ServiceRecord; specs?: ServiceSpec[]; fresh?: boolean; seen?: Observed }) {
  const desired: Desired = {
    specs: options.specs ?? [spec],
    records: new Map(options.record === undefined ? [] : [[options.record.service, options.record]]),
    fresh: options.fresh ?? false,
    boot,
    seal,
  }
  return reconcile(desired, new Map(options.seen === undefined ? [] : [['web', options.seen]]))
}
const verbs = (found: ReturnType<typeof steps>): string[] =>
  found.map((step) => {
    if (step.do === 'adopt') {
      const { beside: its } = step
      if (its !== null) return `adopt ${step.incarnation}, ${its.role} ${its.incarnation}${its.told === true ? ' (told)' : ''}`
      return `adopt ${step.incarnation}${step.leader.pid === leader.pid ? '' : ' (dead)'}`
    }
    if (step.do === 'start') return step.because === null ? 'start' : `resume: ${step.because}`
    if (step.do === 'create')
      return step.restored === undefined
        ? 'create'
        : `create ${step.restored.desired} g${step.restored.generation}${step.restored.outcome === null ? '' : ` ${step.restored.outcome}`}`
    if (step.do === 'replace') return `replace: ${step.because}`
    if (step.do === 'sweep') return `sweep ${step.processes.map(({ pid }) => pid).join(' ')}`
    if (step.do === 'stop') return `stop by ${step.by}`
    return step.do
  })

const changed = specOf({ args: ['--changed'] })
const later = specOf({ schedule: { cron: '0 4 * * *', timezone: null } })
const idle = { leader: null }
/** Of an older generation, though it was spawned later. */
const other = { incarnation: 'r0.9.2', leader: { pid: 90, start: 9 }, processes: [{ pid: 90, start: 9 }] }
const earlier = { incarnation: 'r1.3.3', leader: { pid: 90, start: 5 }, processes: [{ pid: 90, start: 5 }] }

const overlap = specOf({ restart: { overlap: true }, readiness: { ...probe, target: { type: 'log', pattern: 'ready' } } })
const old = { incarnation: 'r1.4.3', leader, processes: [leader, stray] }
const next = { incarnation: 'r1.5.4', leader: { pid: 110, start: 11 }, processes: [{ pid: 110, start: 11 }] }
const third = { incarnation: 'r1.6.4', leader: { pid: 120, start: 12 }, processes: [{ pid: 120, start: 12 }] }
const beside = { incarnation: 'r1.5.4', leader: next.leader, logOffset: 20, told: false }
const both = seen({ incarnations: [old, next] })
const overlapped = (more: Partial<ServiceRecord> = {}): ServiceRecord =>
  record({ spec: seal(overlap), generation: 4, because: 'restarted by me', beside, ...more })
const exec = specOf({ ...overlap, readiness: { ...probe, target: { type: 'exec', command: '/bin/true', args: [] } } })

/** Two at once, of a service whose restarts overlap → which goes on, and what becomes of the other. */
const two: ReadonlyArray<readonly [string, Parameters<typeof steps>[0], readonly string[]]> = [
  [
    'the next one was getting ready',
    { record: overlapped(), seen: both, specs: [overlap] },
    ['create run g4', 'adopt r1.4.3, next r1.5.4'],
  ],
  [
    'the next one was getting ready, and what was asked is not on the disk',
    { record: overlapped({ generation: 3, beside }), seen: both, specs: [overlap] },
    ['create run g4', 'adopt r1.4.3, next r1.5.4'],
  ],
  [
    'nobody knows where its output began: it goes, and another is started',
    { record: overlapped({ beside: null }), seen: both, specs: [overlap] },
    ['create run g4', 'adopt r1.4.3, previous r1.5.4', 'replace: restarted by me'],
  ],
  [
    'a command can tell whether it is ready, wherever its output began',
    { record: overlapped({ spec: seal(exec), beside: null }), seen: both, specs: [exec] },
    ['create run g4', 'adopt r1.4.3, next r1.5.4'],
  ],
  [
    'the next one has taken over, the one before drains',
    {
      record: overlapped({
        incarnation: 'r1.5.4',
        leader: next.leader,
        beside: { ...beside, incarnation: 'r1.4.3', told: true },
      }),
      seen: both,
      specs: [overlap],
    },
    ['create run g4', 'adopt r1.5.4, previous r1.4.3 (told)'],
  ],
  [
    'the next one had been dismissed',
    { record: overlapped({ generation: 5, beside: { ...beside, told: true } }), seen: both, specs: [overlap] },
    ['create run g5', 'adopt r1.4.3, previous r1.5.4 (told)', 'replace: restarted by me'],
  ],
  [
    'the journal lost',
    { seen: both, specs: [overlap] },
    ['create run g4', 'adopt r1.4.3, previous r1.5.4', 'replace: restarted'],
  ],
  [
    'stopped in the middle',
    { record: overlapped({ desired: 'stop' }), seen: both, specs: [overlap] },
    ['create stop g4', 'adopt r1.4.3, next r1.5.4', 'stop by me'],
  ],
  [
    'gone from the config',
    { record: overlapped(), seen: both, specs: [] },
    ['create run g4', 'adopt r1.4.3, next r1.5.4', 'remove'],
  ],
  [
    'a third, which there never is: that one is a leftover',
    { record: overlapped(), seen: seen({ incarnations: [old, next, third] }), specs: [overlap] },
    ['sweep 110', 'create run g4', 'adopt r1.4.3, previous r1.6.4', 'replace: restarted by me'],
  ],
  [
    'the next one was never spawned',
    { record: overlapped({ beside: null }), seen: running(), specs: [overlap] },
    ['create run g4', 'adopt r1.4.3', 'replace: restarted by me'],
  ],
]
test.each(two)('overlapping: %s', (_, given, expected) => {
  expect(verbs(steps(given))).toEqual(expected)
})

/** What the journal knows, what runs, what the config says → what is done. */
const table: ReadonlyArray<readonly [string, Parameters<typeof steps>[0], readonly string[]]> = [
  ['a first start', {}, ['create', 'start']],
  ['a first start of what is not started with the fleet', { specs: [specOf({ autostart: false })] }, ['create']],
  ['alive as the journal has it', { record: record(), seen: running() }, ['create run g3', 'adopt r1.4.3']],
  ['alive, the journal lost', { seen: running() }, ['create run g3', 'adopt r1.4.3']],
  [
    'alive, the journal lost, not started with the fleet',
    { seen: running(), specs: [specOf({ autostart: false })] },
    ['create run g3', 'adopt r1.4.3'],
  ],
  [
    'alive, by a newer command than the journal knows',
    { record: record(), seen: running('r1.5.4') },
    ['create run g4', 'adopt r1.5.4'],
  ],
  [
    'alive, by a newer command than the stop that the journal knows',
    { record: record({ desired: 'stop' }), seen: running('r1.5.4') },
    ['create run g4', 'adopt r1.5.4'],
  ],
  [
    'alive, but a restart was acknowledged',
    { record: record({ generation: 4, because: 'restarted by me' }), seen: running() },
    ['create run g4', 'adopt r1.4.3', 'replace: restarted by me'],
  ],
  [
    'alive, but a stop was acknowledged',
    { record: record({ desired: 'stop' }), seen: running() },
    ['create stop g3', 'adopt r1.4.3', 'stop by me'],
  ],
  [
    'alive, its config changed',
    { record: record(), seen: running(), specs: [changed] },
    ['create run g4', 'adopt r1.4.3', 'replace: restarted because its config changed'],
  ],
  [
    'alive, its config changed in what needs no new process',
    { record: record(), seen: running(), specs: [specOf({ stopGrace: 1, description: 'x' })] },
    ['create run g3', 'adopt r1.4.3'],
  ],
  ['alive, gone from the config', { record: record(), seen: running(), specs: [] }, ['create run g3', 'adopt r1.4.3', 'remove']],
  ['alive, in neither config nor journal', { seen: running(), specs: [] }, ['create', 'adopt r1.4.3', 'remove']],
  ['gone from the config and from the machine', { record: record(idle), specs: [] }, ['forget']],
  [
    'it left something behind, and is gone from the config',
    { record: record(), specs: [], seen: seen({ incarnations: [{ incarnation: 'r1.4.3', leader: null, processes: [stray] }] }) },
    ['sweep 101', 'forget'],
  ],
  ['ended while nobody watched: its policy decides', { record: record() }, ['create run g3', 'adopt r1.4.3']],
  [
    'ended while nobody watched, and left something behind',
    {
      record: record(),
      seen: seen({ incarnations: [{ incarnation: 'r1.4.3', leader: null, processes: [stray] }], contained: [stray] }),
    },
    ['sweep 101', 'create run g3', 'adopt r1.4.3'],
  ],
  [
    'ended while a restart of it was acknowledged',
    { record: record({ generation: 4, because: 'restarted by me' }) },
    ['create run g4', 'resume: started again: it had ended unseen'],
  ],
  ['stopped as it was asked to', { record: record({ desired: 'stop', leader: null }) }, ['create stop g3']],
  [
    'stopped as it was asked to, with something left behind',
    { record: record({ desired: 'stop' }), seen: seen({ contained: [stray] }) },
    ['sweep 101', 'create stop g3'],
  ],
  [
    'it waited for its next try',
    { record: record({ ...idle, because: 'exited with code 1; restart 1 of 3, in 1 s' }) },
    ['create run g3', 'resume: started again; before: exited with code 1; restart 1 of 3, in 1 s'],
  ],
  [
    'its group held it',
    { record: record({ ...idle, because: 'held by group backend: db exited with code 1' }) },
    ['create run g3', 'resume: started again; before: held by group backend: db exited with code 1'],
  ],
  [
    'it was between its end and the start that had been asked for',
    { record: record({ ...idle, generation: 4, because: 'restarted by me' }) },
    ['create run g4', 'resume: restarted by me'],
  ],
  ['it had completed', { record: record({ ...idle, outcome: 'completed' }) }, ['create run g3 completed']],
  ['it had failed for good', { record: record({ ...idle, outcome: 'failed' }) }, ['create run g3 failed']],
  ['it had stopped by itself', { record: record({ ...idle, outcome: 'stopped' }) }, ['create run g3 stopped']],
  [
    'it had failed, and its config changed',
    { record: record({ ...idle, outcome: 'failed' }), specs: [changed] },
    ['create run g3', 'resume: started again: its config changed'],
  ],
  [
    'it had failed, and its policy changed',
    { record: record({ ...idle, outcome: 'failed' }), specs: [specOf({ restart: { maxRestarts: 9 } })] },
    ['create run g3', 'resume: started again: its config changed'],
  ],
  [
    'it had completed, and its policy changed',
    { record: record({ ...idle, outcome: 'completed' }), specs: [specOf({ restart: { maxRestarts: 9 } })] },
    ['create run g3 completed'],
  ],
  [
    'a recorded end that is later than all that the journal knows',
    { record: record(), seen: seen({ exits: ['r1.5.3'] }) },
    ['create run g3', 'adopt r1.5.3 (dead)'],
  ],
  [
    'it had completed, and the machine was started anew',
    { record: record({ ...idle, outcome: 'completed', boot: 'before' }) },
    ['create run g3', 'resume: started again: the machine was started anew'],
  ],
  [
    'it was asked to stop, and the machine was started anew',
    { record: record({ desired: 'stop', boot: 'before' }) },
    ['create stop g3'],
  ],
  [
    'a pid of another boot is nobody',
    { record: record({ boot: 'before' }) },
    ['create run g3', 'resume: started again: the machine was started anew'],
  ],
  [
    'a one-shot whose end was recorded but not its spawn',
    { seen: seen({ exits: ['r1.1.1'] }) },
    ['create run g1', 'adopt r1.1.1 (dead)'],
  ],
  [
    'a recorded end that the journal knows of',
    { record: record({ ...idle, outcome: 'completed' }), seen: seen({ exits: ['r1.4.3'] }) },
    ['create run g3 completed'],
  ],
  [
    'after a shutdown, all begin anew',
    { record: record({ ...idle, outcome: 'failed', desired: 'stop' }), fresh: true },
    ['create run g3', 'start'],
  ],
  [
    'after a shutdown that was cut short, what runs is kept',
    { record: record({ desired: 'stop' }), fresh: true, seen: running() },
    ['create run g3', 'adopt r1.4.3'],
  ],
  [
    'after a shutdown that was cut short, what is not started with the fleet goes',
    { record: record(), fresh: true, seen: running(), specs: [specOf({ autostart: false })] },
    ['create stop g3', 'adopt r1.4.3', 'stop by the shutdown before'],
  ],
  [
    'two incarnations: the newer one is kept',
    { record: record(), seen: seen({ incarnations: [other, ...running().incarnations] }) },
    ['sweep 90', 'create run g3', 'adopt r1.4.3'],
  ],
  [
    'two incarnations, whichever is seen first',
    { record: record(), seen: seen({ incarnations: [...running().incarnations, other] }) },
    ['sweep 90', 'create run g3', 'adopt r1.4.3'],
  ],
  [
    'two incarnations of one generation: the one that was spawned later',
    { record: record(), seen: seen({ incarnations: [earlier, ...running().incarnations] }) },
    ['sweep 90', 'create run g3', 'adopt r1.4.3'],
  ],
  [
    'ended while nobody watched, and its config changed',
    { record: record(), specs: [changed] },
    ['create run g3', 'resume: started again: its config changed'],
  ],
  ['ended in a shutdown that was cut short', { record: record(), fresh: true }, ['create run g3', 'start']],
  [
    'it waited for its next try, and its recorded end was reported',
    { record: record({ ...idle, because: 'exited with code 1; restart 1 of 3' }), seen: seen({ exits: ['r1.4.3'] }) },
    ['create run g3', 'resume: started again; before: exited with code 1; restart 1 of 3'],
  ],
  ['supervised and unchanged', { record: record(), seen: seen({ supervised: spec }) }, []],
  ['supervised and changed', { record: record(), seen: seen({ supervised: spec }), specs: [changed] }, ['reconfigure']],
  ['supervised, another schedule and nothing else', { seen: seen({ supervised: spec }), specs: [later] }, ['reschedule']],
  [
    'supervised, another schedule, and more',
    { seen: seen({ supervised: spec }), specs: [{ ...later, description: 'other' }] },
    ['reconfigure'],
  ],
  ['alive, another schedule', { record: record(), seen: running(), specs: [later] }, ['create run g3', 'adopt r1.4.3']],
  [
    'alive, written down before there were users, limits and schedules',
    { record: record({ spec: bare(spec) }), seen: running() },
    ['create run g3', 'adopt r1.4.3'],
  ],
  [
    'failed, written down before there were users, limits and schedules',
    { record: record({ spec: bare(spec), outcome: 'failed', ...idle }) },
    ['create run g3 failed'],
  ],
  [
    'alive, and a limit is new',
    { record: record(), seen: running(), specs: [specOf({ memoryLimit: 2 ** 26 })] },
    ['create run g4', 'adopt r1.4.3', 'replace: restarted because its config changed'],
  ],
  ['supervised, on its way out, and wanted again', { seen: seen({ supervised: spec, leaving: true }) }, ['reconfigure']],
  ['supervised and gone from the config', { record: record(), seen: seen({ supervised: spec }), specs: [] }, ['remove']],
]

describe('reconcile', () => {
  test.each(table)('%s', (_, given, expected) => {
    expect(verbs(steps(given))).toEqual(expected)
  })

  test('what runs is taken over before anything is started, and leftovers go before that', () => {
    const specs = [specOf({ name: 'new' }), spec]
    const found = reconcile(
      { specs, records: new Map([['web', record()]]), fresh: false, boot, seal },
      new Map([['web', { ...running(), incarnations: [other, ...running().incarnations] }]]),
    )
    expect(found.map((step) => `${step.do} ${step.service}`)).toEqual([
      'sweep web',
      'create new',
      'create web',
      'adopt web',
      'start new',
    ])
  })

  test('counts and budget go on; after a shutdown they begin anew', () => {
    const restored = (fresh: boolean) =>
      steps({ record: record(idle), fresh }).flatMap((step) => (step.do === 'create' ? [step.restored] : []))[0]
    expect(restored(false)).toMatchObject({ restartCount: 2, history: { restarts: [5], streak: 1 } })
    expect(restored(true)).toMatchObject({ restartCount: 0, history: { restarts: [], streak: 0 } })
    // The times of another boot mean nothing in this one.
    const [create] = steps({ record: record({ ...idle, boot: 'before' }) })
    expect(create).toMatchObject({ restored: { restartCount: 2, history: { restarts: [], streak: 0 } } })
  })

  test('what stands in no journal of this format is stopped decently all the same (Nomad: TestStateDB_Upgrade)', () => {
    const [create] = steps({ seen: running(), specs: [] })
    expect(create).toMatchObject({ do: 'create', spec: { name: 'web', stopSignal: 'SIGTERM', stopGrace: 10_000 } })
  })
})

test('what changes is told after what it depends on, else in the order of the config', () => {
  const needs = (...services: string[]) => services.map((service) => ({ service, condition: 'started' as const }))
  const specs = [
    specOf({ name: 'edge', dependsOn: needs('web', 'same') }),
    specOf({ name: 'other' }),
    specOf({ name: 'web', dependsOn: needs('same', 'db') }),
    specOf({ name: 'same', dependsOn: needs('db') }),
    specOf({ name: 'db' }),
  ]
  const observed = new Map(
    specs.map((one) => [one.name, seen({ supervised: one.name === 'same' ? one : { ...one, args: ['before'] } })]),
  )
  const found = reconcile({ specs, records: new Map(), fresh: false, boot, seal }, observed)
  expect(found.map((step) => `${step.do} ${step.service}`)).toEqual([
    'reconfigure db',
    'reconfigure web',
    'reconfigure edge',
    'reconfigure other',
  ])
})

test('a record of before a field was there is of the usual value, and so not changed', () => {
  const { family: _, ...old } = seal(spec)
  const read = serviceRecord.parse({ ...record({ outcome: 'failed', ...idle }), spec: old })
  expect(steps({ record: read }).map((step) => step.do)).toEqual(['create'])
})
