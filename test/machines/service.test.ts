import { createActor, SimulatedClock, type AnyActorRef } from 'xstate'
import { describe, expect, test } from 'vitest'
import { stateName } from '../../src/directory.ts'
import { processMachine } from '../../src/machines/process.ts'
import { serviceMachine, type Restored } from '../../src/machines/service.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { simulated } from '../support/simulated-service.ts'
import { probe, specOf } from '../support/specs.ts'

const start = (spec: ServiceSpec = specOf(), restored?: Restored, group?: string) => simulated(spec, restored, group)
type Started = ReturnType<typeof start>

const at = 0
const changed = specOf({ args: ['--changed'] })
const steps = {
  START: (s: Started) => s.send({ type: 'START', at, by: 'me' }),
  STOP: (s: Started) => s.send({ type: 'STOP', at, by: 'me' }),
  RESTART: (s: Started) => s.send({ type: 'RESTART', at, by: 'me' }),
  RECONFIGURE: (s: Started) => s.send({ type: 'RECONFIGURE', spec: changed, at }),
  HOLD: (s: Started) => s.send({ type: 'HOLD', because: 'a sibling restarts', at }),
  RELEASE: (s: Started) => s.send({ type: 'RELEASE', because: 'restarted with its group', at }),
  'GROUP other': (s: Started) => s.send({ type: 'GROUP', group: 'other' }),
  REMOVE: (s: Started) => s.send({ type: 'REMOVE', at }),
  ADOPT: (s: Started) =>
    s.send({ type: 'ADOPT', leader: { pid: 7, start: 1 }, incarnation: 'earlier.3.2', readyAt: null, logOffset: null, at }),
  RESUME: (s: Started) => s.send({ type: 'RESUME', because: 'started again', at }),
  REPLACE: (s: Started) => s.send({ type: 'REPLACE', because: 'its config changed', at }),
  LEAVE: (s: Started) => s.send({ type: 'LEAVE' }),
  'gate.open': (s: Started) => s.gate.emit({ type: 'gate.open', waited: true }),
  'gate.blocked': (s: Started) => s.gate.emit({ type: 'gate.blocked', because: 'db failed' }),
  spawned: (s: Started) => s.spawned(),
  unspawnable: (s: Started) => s.unspawnable(),
  'exited 0': (s: Started) => s.exited(0),
  'exited 1': (s: Started) => s.exited(1),
  'not ready': (s: Started) => s.clock.increment(60_000),
  delay: (s: Started) => s.clock.increment(1_000),
  unhealthy: (s: Started) => {
    for (let i = 0; i < 3; i++) s.looks.emit({ type: 'probe.failed', because: 'refused', at: s.clock.now() })
  },
  passed: (s: Started) => s.looks.emit({ type: 'probe.passed', at: s.clock.now() }),
} as const
type Step = keyof typeof steps

const oneShot = specOf({ oneShot: true, restart: { policy: 'on_failure' } })
const dependent = specOf({ dependsOn: [{ service: 'db', condition: 'healthy' }] })
const probed = specOf({ readiness: probe, liveness: probe, restart: { onUnhealthy: false } })

const leaving = Object.fromEntries(['START', 'RESTART', 'STOP', 'HOLD'].map((name) => [name, 'live.stopping.thenRemoved']))

/** How each state is reached, and what each event does there; what is not named changes nothing. `skip`: not meant here. */
const chart: Record<
  string,
  { spec?: ServiceSpec; by: readonly Step[]; on: Partial<Record<Step, string>>; skip?: readonly Step[] }
> = {
  stopped: {
    by: [],
    on: {
      START: 'live.running.starting',
      RESTART: 'live.running.starting',
      ADOPT: 'live.running.starting',
      RESUME: 'live.running.starting',
      REMOVE: 'removed',
    },
  },
  completed: {
    spec: oneShot,
    by: ['START', 'spawned', 'exited 0'],
    on: { START: 'live.running.starting', RESTART: 'live.running.starting', REMOVE: 'removed' },
  },
  failed: {
    by: ['START', 'unspawnable'],
    on: {
      START: 'live.running.starting',
      RESTART: 'live.running.starting',
      RECONFIGURE: 'live.running.starting',
      STOP: 'stopped',
      REMOVE: 'removed',
    },
  },
  'gate.waiting': {
    spec: dependent,
    by: ['START'],
    on: {
      'gate.open': 'live.running.starting',
      STOP: 'stopped',
      HOLD: 'held',
      REMOVE: 'removed',
      LEAVE: 'stopped',
      RECONFIGURE: 'live.running.starting',
    },
  },
  backingOff: {
    by: ['START', 'spawned', 'exited 1'],
    on: {
      delay: 'live.running.starting',
      'not ready': 'live.running.starting',
      START: 'live.running.starting',
      RESTART: 'live.running.starting',
      RECONFIGURE: 'live.running.starting',
      STOP: 'stopped',
      HOLD: 'held',
      REMOVE: 'removed',
      LEAVE: 'stopped',
    },
  },
  held: {
    by: ['START', 'spawned', 'exited 1', 'HOLD'],
    on: {
      RELEASE: 'live.running.starting',
      'GROUP other': 'live.running.starting',
      STOP: 'stopped',
      REMOVE: 'removed',
      LEAVE: 'stopped',
    },
  },
  'live.running.starting': {
    spec: probed,
    by: ['START', 'spawned'],
    on: {
      passed: 'live.running.healthy',
      'exited 0': 'backingOff',
      'exited 1': 'backingOff',
      'not ready': 'live.running.ending',
      STOP: 'live.stopping.thenStopped',
      RESTART: 'live.stopping.thenGate',
      RECONFIGURE: 'live.stopping.thenGate',
      REPLACE: 'live.stopping.thenGate',
      HOLD: 'live.stopping.thenHeld',
      REMOVE: 'live.stopping.thenRemoved',
      LEAVE: 'stopped',
    },
    skip: ['unspawnable', 'spawned'],
  },
  'live.running.healthy': {
    spec: probed,
    by: ['START', 'spawned', 'passed'],
    on: {
      unhealthy: 'live.running.unhealthy',
      'exited 0': 'backingOff',
      'exited 1': 'backingOff',
      STOP: 'live.stopping.thenStopped',
      RESTART: 'live.stopping.thenGate',
      RECONFIGURE: 'live.stopping.thenGate',
      REPLACE: 'live.stopping.thenGate',
      HOLD: 'live.stopping.thenHeld',
      REMOVE: 'live.stopping.thenRemoved',
      LEAVE: 'stopped',
    },
    skip: ['not ready', 'delay'],
  },
  'live.running.unhealthy': {
    spec: probed,
    by: ['START', 'spawned', 'passed', 'unhealthy'],
    on: {
      passed: 'live.running.healthy',
      'exited 0': 'backingOff',
      'exited 1': 'backingOff',
      STOP: 'live.stopping.thenStopped',
      RESTART: 'live.stopping.thenGate',
      RECONFIGURE: 'live.stopping.thenGate',
      REPLACE: 'live.stopping.thenGate',
      HOLD: 'live.stopping.thenHeld',
      REMOVE: 'live.stopping.thenRemoved',
      LEAVE: 'stopped',
    },
  },
  'live.running.ending': {
    spec: probed,
    by: ['START', 'spawned', 'not ready'],
    on: {
      'exited 0': 'backingOff',
      'exited 1': 'backingOff',
      STOP: 'live.stopping.thenStopped',
      RESTART: 'live.stopping.thenGate',
      RECONFIGURE: 'live.stopping.thenGate',
      REPLACE: 'live.stopping.thenGate',
      HOLD: 'live.stopping.thenHeld',
      REMOVE: 'live.stopping.thenRemoved',
      LEAVE: 'stopped',
    },
  },
  ...Object.fromEntries(
    (
      [
        ['thenStopped', 'STOP', 'stopped'],
        ['thenGate', 'RESTART', 'live.running.starting'],
        ['thenHeld', 'HOLD', 'held'],
        ['thenRemoved', 'REMOVE', 'removed'],
        ['thenDecide', 'unhealthy', 'backingOff'],
      ] as const
    ).map(([state, by, then]) => [
      `live.stopping.${state}`,
      {
        spec: specOf({ readiness: probe, liveness: probe }),
        by: ['START', 'spawned', 'passed', by],
        on: {
          START: 'live.stopping.thenGate',
          RESTART: 'live.stopping.thenGate',
          STOP: 'live.stopping.thenStopped',
          HOLD: 'live.stopping.thenHeld',
          REMOVE: 'live.stopping.thenRemoved',
          'exited 0': then,
          'exited 1': then,
          LEAVE: 'stopped',
          // STOP wins, also over its group.
          ...(state === 'thenStopped' ? { HOLD: 'live.stopping.thenStopped' } : {}),
          // Its group would hold it, and is not its group any more.
          ...(state === 'thenHeld' ? { 'GROUP other': 'live.stopping.thenGate' } : {}),
          // Only the config keeps what is not in it any more.
          ...(state === 'thenRemoved' ? { ...leaving, RECONFIGURE: 'live.stopping.thenGate' } : {}),
        },
      },
    ]),
  ),
  removed: { by: ['REMOVE'], on: {} },
}

describe('every state × every event', () => {
  const names = Object.keys(steps) as Step[]
  const pairs = Object.entries(chart).flatMap(([state, { on, skip = [] }]) =>
    names.filter((name) => !skip.includes(name)).map((name) => [state, name, on[name] ?? state] as const),
  )
  test.each(pairs)('%s + %s → %s', (state, name, expected) => {
    const started = start(chart[state]?.spec)
    for (const step of chart[state]?.by ?? []) steps[step](started)
    expect(started.state()).toBe(state)
    steps[name](started)
    expect(started.state()).toBe(expected)
  })
})

test('RESTART is a new generation with a new incarnation, free of the budget', () => {
  const s = start(specOf({ restart: { maxRestarts: 0 } }))
  steps.START(s)
  s.spawned(7)
  for (let n = 0; n < 5; n++) {
    steps.RESTART(s)
    s.exited()
    s.spawned(8 + n)
  }
  expect(s.state()).toBe('live.running.healthy')
  expect(s.context()).toMatchObject({ generation: 6, readyGeneration: 6, restartCount: 5, pid: 12, because: 'restarted by me' })
  expect(s.child.inputs.map(({ incarnation }) => incarnation)).toEqual([
    'run.1.1',
    'run.2.2',
    'run.3.3',
    'run.4.4',
    'run.5.5',
    'run.6.6',
  ])
})

test('a crash while it is being stopped is the stop', () => {
  const s = start()
  steps.START(s)
  s.spawned()
  steps.STOP(s)
  s.exited(139)
  expect(s.state()).toBe('stopped')
  expect(s.facts.map(({ type }) => type)).toEqual([
    'service.spawning',
    'service.spawned',
    'service.ready',
    'service.stopping',
    'service.exited',
    'service.stopped',
  ])
})

test('the backoff is exact, grows, and ends in giving up; START then begins afresh (supervisord: test_change_state_sets_backoff_and_delay)', () => {
  const s = start()
  steps.START(s)
  const delays: number[] = []
  for (let n = 0; n < 3; n++) {
    s.spawned()
    s.exited()
    const begun = s.clock.now()
    while (s.state() === 'backingOff') s.clock.increment(1)
    delays.push(s.clock.now() - begun)
  }
  expect(delays).toEqual([1_000, 2_000, 4_000])
  s.spawned()
  s.exited()
  expect(s.state()).toBe('failed')
  expect(s.context().because).toBe('exited with code 1; gave up after 3 restarts (max_restarts: 3)')
  expect(s.facts.at(-1)?.type).toBe('service.gaveUp')
  steps.START(s)
  s.spawned()
  s.exited()
  expect(s.context().because).toBe('exited with code 1; restart 1 of 3, in 1 s')
})

test('a settled child is spawned again in the same turn, and the reason stays readable', () => {
  const s = start()
  steps.START(s)
  s.spawned()
  s.clock.increment(10_000)
  s.exited(1)
  expect(s.child.inputs).toHaveLength(2)
  s.spawned(8)
  expect(s.context()).toMatchObject({ pid: 8, because: 'restarted after it exited with code 1 (restart 1 of 3)' })
})

test("a person's START during the backoff is at once and does not spend the budget", () => {
  const s = start()
  steps.START(s)
  for (let n = 0; n < 10; n++) {
    s.spawned()
    s.exited()
    expect(s.context().because).toBe('exited with code 1; restart 1 of 3, in 1 s')
    steps.START(s)
  }
  expect(s.state()).toBe('live.running.starting')
})

test('unhealthy restarts it under its policy and counts as a failure, also when it exits with 0', () => {
  const s = start(specOf({ readiness: probe, liveness: probe, restart: { policy: 'on_failure' } }))
  steps.START(s)
  s.spawned()
  steps.passed(s)
  steps.unhealthy(s)
  expect(s.state()).toBe('live.stopping.thenDecide')
  s.exited(0)
  expect(s.state()).toBe('backingOff')
  expect(s.context().because).toBe('was unhealthy: 3 failed checks in a row, the last: refused; restart 1 of 3, in 1 s')
})

test('one operation slot: a RESTART of somebody else is refused while it is taken, STOP wins and frees it', () => {
  const s = start()
  steps.START(s)
  s.spawned()
  s.send({ type: 'RESERVE', op: { id: 'a', by: 'me' } })
  s.send({ type: 'RESERVE', op: { id: 'b', by: 'you' } })
  expect(s.context().op).toEqual({ id: 'a', by: 'me' })
  steps.RESTART(s)
  expect(s.state()).toBe('live.running.healthy')
  expect(s.facts.at(-1)).toMatchObject({ type: 'service.refused', because: 'RESTART refused: busy with a' })
  s.send({ type: 'FREE', op: 'b' })
  s.send({ type: 'RESTART', op: 'a', at, by: 'me' })
  expect(s.state()).toBe('live.stopping.thenGate')
  steps.STOP(s)
  expect(s.state()).toBe('live.stopping.thenStopped')
  expect(s.context().op).toBeNull()
})

test('a changed spec takes effect with the restart that it causes, an unchanged one changes nothing', () => {
  const s = start()
  steps.START(s)
  s.spawned()
  s.send({ type: 'RECONFIGURE', spec: specOf(), at })
  expect(s.state()).toBe('live.running.healthy')
  steps.RECONFIGURE(s)
  s.exited()
  expect(s.child.inputs.at(-1)?.spec.args).toEqual(['--changed'])
})

test('a spec that comes while it is stopped waits for the next start', () => {
  const s = start()
  steps.RECONFIGURE(s)
  expect(s.state()).toBe('stopped')
  steps.START(s)
  expect(s.child.inputs.at(-1)?.spec.args).toEqual(['--changed'])
})

test('adoption keeps the identity and spawns nothing', () => {
  const s = start()
  steps.ADOPT(s)
  expect(s.child.inputs).toMatchObject([{ adopt: { pid: 7, start: 1 }, incarnation: 'earlier.3.2' }])
  expect(s.context()).toMatchObject({ desired: 'run', generation: 0 })
})

describe('what an earlier run wrote down', () => {
  const restored = {
    desired: 'run' as const,
    generation: 4,
    readyGeneration: 4,
    by: 'me',
    request: null,
    because: 'exited with code 1; gave up',
    outcome: null,
    restartCount: 7,
    history: { restarts: [1, 2], streak: 2 },
  }

  test.each([
    ['completed', 'completed'],
    ['failed', 'failed'],
    ['stopped', 'stopped'],
    [null, 'stopped'],
  ] as const)('an outcome of %s begins %s, with its reason', (outcome, state) => {
    const s = start(specOf(), { ...restored, outcome })
    expect(s.state()).toBe(state)
    expect(s.context()).toMatchObject({ because: 'exited with code 1; gave up', generation: 4, restartCount: 7 })
  })

  test('RESUME goes on with its generation, its counts and its budget', () => {
    const s = start(specOf(), restored)
    steps.RESUME(s)
    s.spawned()
    expect(s.context()).toMatchObject({ generation: 4, restartCount: 7, incarnation: 'run.1.4', history: restored.history })
    s.exited(1)
    // The third in a row, of three.
    expect(s.context().decision).toMatchObject({ kind: 'restart', attempt: 3 })
  })

  test('REPLACE puts a process of this generation in place of the adopted one', () => {
    const s = start(specOf(), restored)
    s.send({ type: 'ADOPT', leader: { pid: 7, start: 1 }, incarnation: 'earlier.3.3', readyAt: null, logOffset: null, at })
    steps.REPLACE(s)
    s.exited(0)
    expect(s.child.inputs.map(({ incarnation }) => incarnation)).toEqual(['earlier.3.3', 'run.2.4'])
    expect(s.context()).toMatchObject({ generation: 4, restartCount: 8, because: 'its config changed' })
  })
})

test('what is let go of is stopped for us alone: nothing is asked of its process', () => {
  const s = start()
  steps.START(s)
  s.spawned()
  steps.LEAVE(s)
  expect(s.state()).toBe('stopped')
  expect(s.facts.map(({ type }) => type)).toContain('service.left')
  expect(s.facts.map(({ type }) => type)).not.toContain('service.exited')
  expect(s.child.commands).toEqual([{ type: 'child.detach' }])
})

test('an actor of a process that fails takes nothing with it: the service decides as after a crash', () => {
  const spec = specOf()
  const machine = serviceMachine.provide({
    actors: { process: processMachine.provide({ actors: {}, actions: { signal: () => {} } }) },
  })
  const actor = createActor(machine, { input: { spec, run: 'run' }, clock: new SimulatedClock() }).start()
  actor.send({ type: 'START', at })
  // The port is unfilled: the process ends as one that can't be spawned.
  expect(stateName(actor.getSnapshot().value)).toBe('failed')
  expect(Object.values(actor.getSnapshot().children as Record<string, AnyActorRef>)).toHaveLength(0)
})

test('an actor of a process that fails while it is being stopped is the stop: nothing is started again', () => {
  const { actor, send, state } = (() => {
    const s = start()
    steps.START(s)
    s.spawned()
    steps.STOP(s)
    return s
  })()
  send({ type: 'xstate.error.actor.process', actorId: 'process', error: new Error('boom') })
  expect(state()).toBe('stopped')
  expect(actor.getSnapshot().context).toMatchObject({ desired: 'stop', pid: null })
})

describe('in a group that decides', () => {
  const grouped = (changes: Parameters<typeof specOf>[0] = {}) => start(specOf(changes), undefined, 'backend')

  test.each([
    ['always', 0, 'held'],
    ['always', 1, 'held'],
    ['on_failure', 0, 'stopped'],
    ['on_failure', 1, 'held'],
    ['never', 0, 'stopped'],
    ['never', 1, 'failed'],
  ] as const)('its policy comes first: %s after an exit with %i: %s', (policy, code, state) => {
    const s = grouped({ restart: { policy } })
    steps.START(s)
    s.spawned()
    s.exited(code)
    expect(s.state()).toBe(state)
    expect(s.context().loss === null).toBe(state !== 'held')
  })

  test('a one-shot that succeeds is done, one that fails waits for its group', () => {
    for (const [code, state] of [
      [0, 'completed'],
      [1, 'held'],
    ] as const) {
      const s = grouped({ oneShot: true, restart: { policy: 'on_failure' } })
      steps.START(s)
      s.spawned()
      s.exited(code)
      expect(s.state()).toBe(state)
    }
  })

  test('unhealthy counts as an end; what could not be spawned for now is its own affair', () => {
    const s = grouped({ readiness: probe, liveness: probe })
    steps.START(s)
    s.unspawnable(true)
    expect(s.state()).toBe('backingOff')
    s.clock.increment(1_000)
    s.spawned()
    steps.passed(s)
    steps.unhealthy(s)
    s.exited(0)
    expect(s.state()).toBe('held')
    expect(s.context().because).toBe('was unhealthy: 3 failed checks in a row, the last: refused; waits for its group backend')
  })

  test('its end waits to be noted; then it is held like its siblings, and what is asked meanwhile holds when it is let go', () => {
    const s = grouped()
    steps.START(s)
    s.spawned()
    s.exited(1)
    expect(s.facts.at(-1)).toMatchObject({ type: 'service.held', because: 'exited with code 1; waits for its group backend' })
    expect(s.context().loss).toMatchObject({ exit: { code: 1 } })
    steps.HOLD(s)
    expect(s.context()).toMatchObject({ loss: null, because: 'a sibling restarts' })
    steps.START(s)
    s.send({ type: 'RESERVE', op: { id: 'a', by: 'me' } })
    s.send({ type: 'RESTART', op: 'a', at, by: 'me', setting: { spec: changed, overrides: null, back: null } })
    expect(s.state()).toBe('held')
    steps.RELEASE(s)
    expect(s.context()).toMatchObject({ generation: 3, restartCount: 1, because: 'restarted with its group' })
    expect(s.child.inputs.at(-1)?.spec.args).toEqual(['--changed'])
  })
})
