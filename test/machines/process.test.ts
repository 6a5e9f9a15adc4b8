import { createActor, fromTransition, SimulatedClock, type AnyEventObject } from 'xstate'
import { describe, expect, test } from 'vitest'
import { stateName } from '../../src/directory.ts'
import { processMachine, type ProcessEvent } from '../../src/machines/process.ts'
import type { ChildCommand, ChildInput, ProbeCommand, ProbeInput } from '../../src/protocol/process.ts'
import { limits } from '../../src/protocol/limits.ts'
import { fake } from '../support/fake.ts'
import { probe, specOf } from '../support/specs.ts'

const incarnation = 'run.1'
const spec = specOf({ readiness: { ...probe, passes: 1 }, liveness: { ...probe, failures: 2, passes: 2 } })

function start({ spec: over = spec, adopt = null as { pid: number; start: number } | null } = {}) {
  const clock = new SimulatedClock()
  const child = fake<ChildCommand, ChildInput>()
  const looks = fake<ProbeCommand, ProbeInput>()
  const told: AnyEventObject[] = []
  const machine = processMachine.provide({ actors: { child: child.logic, probe: looks.logic } })
  const parent = createActor(
    fromTransition((_, event: AnyEventObject) => void told.push(event), undefined),
    { clock },
  ).start()
  const actor = createActor(machine, { input: { address: 'process.web', spec: over, incarnation, adopt }, parent })
  actor.start()
  return { actor, clock, child, looks, told, state: () => stateName(actor.getSnapshot().value) }
}
type Started = ReturnType<typeof start>

const facts = {
  'child.spawned': {
    type: 'child.spawned',
    incarnation,
    pid: 7,
    start: 1,
    leader: { pid: 7, start: 1 },
    containment: 'cgroup',
    logOffset: 0,
    at: 100,
  },
  'child.alive': {
    type: 'child.alive',
    incarnation,
    pid: 7,
    start: 1,
    leader: { pid: 7, start: 1 },
    containment: 'cgroup',
    logOffset: 0,
    since: 50,
    at: 100,
  },
  'child.unspawnable': { type: 'child.unspawnable', incarnation, because: 'no such file', passing: false, at: 100, dice: 0 },
  'child.exited (empty)': {
    type: 'child.exited',
    incarnation,
    exit: { kind: 'exited', code: 1 },
    empty: true,
    at: 200,
    dice: 0.5,
  },
  'child.exited (more left)': {
    type: 'child.exited',
    incarnation,
    exit: { kind: 'exited', code: 1 },
    empty: false,
    at: 200,
    dice: 0.5,
  },
  'child.swept': { type: 'child.swept', incarnation, at: 300 },
  'probe.passed': { type: 'probe.passed', at: 150 },
  'probe.failed': { type: 'probe.failed', because: 'connection refused', at: 150 },
  STOP: { type: 'STOP' },
  KILL: { type: 'KILL' },
  LEAVE: { type: 'LEAVE' },
} as const satisfies Record<string, ProcessEvent>
type Name = keyof typeof facts | 'start_timeout' | 'grace' | 'stuck_after'

const apply = (started: Started, name: Name): void => {
  if (name === 'start_timeout') started.clock.increment(spec.startTimeout)
  else if (name === 'grace') started.clock.increment(spec.stopGrace)
  else if (name === 'stuck_after') started.clock.increment(limits.stuckAfter)
  else started.actor.send(facts[name])
}

/** How each state is reached, and what each event does there; an event that is not named changes nothing. */
const chart: Record<string, { readonly by: readonly Name[]; readonly adopt?: true; readonly on: Partial<Record<Name, string>> }> =
  {
    'spawning.pending': {
      by: [],
      on: {
        'child.spawned': 'probing',
        'child.unspawnable': 'reaped',
        'child.exited (empty)': 'reaped',
        'child.exited (more left)': 'sweeping.purging',
        STOP: 'spawning.cancelled',
        LEAVE: 'reaped',
      },
    },
    'spawning.cancelled': {
      by: ['STOP'],
      on: {
        'child.spawned': 'terminating',
        'child.alive': 'terminating',
        'child.unspawnable': 'reaped',
        'child.exited (empty)': 'reaped',
        'child.exited (more left)': 'sweeping.purging',
        LEAVE: 'reaped',
      },
    },
    adopting: {
      by: [],
      adopt: true,
      on: {
        'child.alive': 'probing',
        'child.exited (empty)': 'reaped',
        'child.exited (more left)': 'sweeping.purging',
        STOP: 'spawning.cancelled',
        LEAVE: 'reaped',
      },
    },
    probing: {
      by: ['child.spawned'],
      on: {
        'probe.passed': 'up.healthy',
        'child.exited (empty)': 'reaped',
        'child.exited (more left)': 'sweeping.purging',
        start_timeout: 'terminating',
        STOP: 'terminating',
        LEAVE: 'reaped',
      },
    },
    'up.healthy': {
      by: ['child.spawned', 'probe.passed'],
      on: {
        'child.exited (empty)': 'reaped',
        'child.exited (more left)': 'sweeping.purging',
        STOP: 'terminating',
        LEAVE: 'reaped',
      },
    },
    'up.unhealthy': {
      by: ['child.spawned', 'probe.passed', 'probe.failed', 'probe.failed'],
      on: {
        'child.exited (empty)': 'reaped',
        'child.exited (more left)': 'sweeping.purging',
        STOP: 'terminating',
        LEAVE: 'reaped',
      },
    },
    terminating: {
      by: ['child.spawned', 'STOP'],
      on: {
        'child.exited (empty)': 'reaped',
        'child.exited (more left)': 'sweeping.draining',
        KILL: 'killing.waiting',
        LEAVE: 'reaped',
        grace: 'killing.waiting',
        stuck_after: 'killing.waiting',
        start_timeout: 'killing.waiting',
      },
    },
    'killing.waiting': {
      by: ['child.spawned', 'STOP', 'KILL'],
      on: {
        'child.exited (empty)': 'reaped',
        'child.exited (more left)': 'sweeping.purging',
        stuck_after: 'killing.stuck',
        grace: 'killing.stuck',
        start_timeout: 'killing.stuck',
        LEAVE: 'reaped',
      },
    },
    'killing.stuck': {
      by: ['child.spawned', 'STOP', 'KILL', 'stuck_after'],
      on: { 'child.exited (empty)': 'reaped', 'child.exited (more left)': 'sweeping.purging', LEAVE: 'reaped' },
    },
    'sweeping.draining': {
      by: ['child.spawned', 'STOP', 'child.exited (more left)'],
      on: {
        'child.swept': 'reaped',
        KILL: 'sweeping.purging',
        LEAVE: 'reaped',
        grace: 'sweeping.purging',
        stuck_after: 'sweeping.purging',
        start_timeout: 'sweeping.purging',
      },
    },
    'sweeping.purging': {
      by: ['child.spawned', 'child.exited (more left)'],
      on: { 'child.swept': 'reaped', LEAVE: 'reaped' },
    },
    reaped: { by: ['child.unspawnable'], on: {} },
  }

describe('every state × every event', () => {
  const names = [...Object.keys(facts), 'start_timeout', 'grace', 'stuck_after'] as Name[]
  const pairs = Object.entries(chart).flatMap(([state, { on }]) => names.map((name) => [state, name, on[name] ?? state] as const))
  test.each(pairs)('%s + %s → %s', (state, name, expected) => {
    const started = start(chart[state]?.adopt ? { adopt: { pid: 7, start: 1 } } : {})
    for (const step of chart[state]?.by ?? []) apply(started, step)
    expect(started.state()).toBe(state)
    apply(started, name)
    expect(started.state()).toBe(expected)
  })
})

test('the stop signal goes out once, then SIGKILL after the grace and not before (supervisord: test_transition_stops_unkillable_notyet)', () => {
  const { actor, child, clock } = start({ spec: specOf({ stopSignal: 'SIGINT', stopGrace: 5_000 }) })
  actor.send(facts['child.spawned'])
  actor.send({ type: 'STOP' })
  actor.send({ type: 'STOP' })
  clock.increment(4_999)
  expect(child.commands).toEqual([{ type: 'child.signal', signal: 'SIGINT' }])
  clock.increment(1)
  expect(child.commands.at(-1)).toEqual({ type: 'child.kill' })
})

test('the rest of a group whose leader has gone keeps what is left of the grace, and no more', () => {
  const { actor, child, clock, state } = start({ spec: specOf({ stopGrace: 5_000 }) })
  actor.send(facts['child.spawned'])
  actor.send({ type: 'STOP' })
  clock.increment(3_000)
  actor.send(facts['child.exited (more left)'])
  clock.increment(1_999)
  expect(child.commands.map(({ type }) => type)).toEqual(['child.signal', 'child.drain'])
  clock.increment(1)
  expect(state()).toBe('sweeping.purging')
  expect(child.commands.at(-1)).toEqual({ type: 'child.purge' })
})

test('what a crashed leader leaves behind is purged at once', () => {
  const { actor, child } = start({ spec: specOf() })
  actor.send(facts['child.spawned'])
  actor.send(facts['child.exited (more left)'])
  expect(child.commands).toEqual([{ type: 'child.purge' }])
})

test('a fact of another incarnation is dropped', () => {
  const { actor, state } = start()
  actor.send({ ...facts['child.spawned'], incarnation: 'run.0' })
  expect(state()).toBe('spawning.pending')
  actor.send(facts['child.spawned'])
  actor.send({ ...facts['child.exited (empty)'], incarnation: 'run.0' })
  expect(state()).toBe('probing')
})

test('it is ready after as many passes in a row as the probe wants', () => {
  const { actor, state, told } = start({ spec: specOf({ readiness: { ...probe, passes: 2 } }) })
  actor.send(facts['child.spawned'])
  actor.send(facts['probe.passed'])
  actor.send(facts['probe.failed'])
  actor.send(facts['probe.passed'])
  expect(state()).toBe('probing')
  actor.send(facts['probe.passed'])
  expect(state()).toBe('up.healthy')
  expect(told.map(({ type }) => type)).toEqual(['process.spawned', 'process.ready'])
})

test('not ready in time: it is ended, unplanned, and the reason names the last look', () => {
  const { actor, clock, state } = start()
  actor.send(facts['child.spawned'])
  actor.send(facts['probe.failed'])
  clock.increment(spec.startTimeout)
  expect(state()).toBe('terminating')
  actor.send(facts['child.exited (empty)'])
  expect(actor.getSnapshot().output).toMatchObject({
    planned: false,
    because: 'was not ready within 1 min (not ready yet: connection refused)',
    readyAt: null,
    at: 200,
    dice: 0.5,
  })
})

test('unhealthy after failures in a row only, well again after passes in a row', () => {
  const { actor, state, told } = start()
  for (const name of ['child.spawned', 'probe.passed', 'probe.failed', 'probe.passed', 'probe.failed'] as const)
    actor.send(facts[name])
  expect(state()).toBe('up.healthy')
  actor.send(facts['probe.failed'])
  expect(state()).toBe('up.unhealthy')
  expect(told.at(-1)).toMatchObject({
    type: 'process.unhealthy',
    because: 'unhealthy: 2 failed checks in a row, the last: connection refused',
  })
  for (const name of ['probe.passed', 'probe.failed', 'probe.passed'] as const) actor.send(facts[name])
  expect(state()).toBe('up.unhealthy')
  actor.send(facts['probe.passed'])
  expect(state()).toBe('up.healthy')
  expect(told.at(-1)).toMatchObject({ type: 'process.recovered' })
})

test('the probe that is at work has its purpose, and none is left when it stops', () => {
  const { actor, looks } = start()
  actor.send(facts['child.spawned'])
  actor.send(facts['probe.passed'])
  expect(looks.inputs.map(({ purpose }) => purpose)).toEqual(['readiness', 'liveness'])
  expect(looks.alive).toBe(1)
  actor.send({ type: 'STOP' })
  expect(looks.alive).toBe(0)
})

test('an adopted program has no start timeout, and its uptime goes back to its spawn', () => {
  const { actor, clock, state } = start({ adopt: { pid: 7, start: 1 } })
  actor.send(facts['child.alive'])
  clock.increment(spec.startTimeout * 2)
  expect(state()).toBe('probing')
  expect(actor.getSnapshot().context.spawnedAt).toBe(50)
})

test('what does not go after SIGKILL is reported once and killed again each second', () => {
  const { actor, child, clock, told } = start({ spec: specOf() })
  actor.send(facts['child.spawned'])
  actor.send({ type: 'STOP' })
  actor.send({ type: 'KILL' })
  clock.increment(limits.stuckAfter)
  clock.increment(limits.killRepeat)
  clock.increment(limits.killRepeat)
  expect(told.filter(({ type }) => type === 'process.stuck')).toHaveLength(1)
  expect(child.commands.filter(({ type }) => type === 'child.kill')).toHaveLength(4)
})

test('a stop that comes while it is being ended for another reason makes that end planned', () => {
  const { actor, clock } = start()
  actor.send(facts['child.spawned'])
  clock.increment(spec.startTimeout)
  actor.send({ type: 'STOP' })
  actor.send(facts['child.exited (empty)'])
  expect(actor.getSnapshot().output).toMatchObject({ planned: true, because: null })
})

test('LEAVE lets go without a signal', () => {
  const { actor, child } = start({ spec: specOf() })
  actor.send(facts['child.spawned'])
  actor.send({ type: 'LEAVE' })
  expect(child.commands).toEqual([{ type: 'child.detach' }])
  expect(actor.getSnapshot().output).toMatchObject({ exit: { kind: 'left' }, planned: true })
})

test('what does not go while it is swept is said, too', () => {
  const { actor, clock, told } = start({ spec: specOf() })
  actor.send(facts['child.spawned'])
  actor.send(facts['child.exited (more left)'])
  clock.increment(limits.stuckAfter)
  expect(told.at(-1)).toMatchObject({ type: 'process.stuck' })
})
