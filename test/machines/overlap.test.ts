import { createActor, SimulatedClock } from 'xstate'
import { describe, expect, test } from 'vitest'
import { stateName } from '../../src/directory.ts'
import { processMachine } from '../../src/machines/process.ts'
import { serviceMachine, type GateInput, type ServiceEvent } from '../../src/machines/service.ts'
import type { Statement } from '../../src/protocol/facts.ts'
import type { ChildCommand, ChildInput, ProbeCommand, ProbeInput } from '../../src/protocol/process.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { fake } from '../support/fake.ts'
import { probe, specOf } from '../support/specs.ts'

const log = { ...probe, target: { type: 'log', pattern: 'ready' } } as const
const web = specOf({ readiness: log, restart: { overlap: true }, startTimeout: 10_000, stopGrace: 5_000 })
const newer = specOf({ ...web, args: ['--new'] })
const at = 0
const exit = (code: number) => ({ kind: 'exited', code }) as const

/** SERVICE with its real PROCESSes; only the OS is a fake. Processes are numbered in the order of their spawns. */
function start(spec: ServiceSpec = web) {
  const clock = new SimulatedClock()
  const child = fake<ChildCommand, ChildInput>()
  const probes = fake<ProbeCommand, ProbeInput>()
  const gate = fake<{ type: 'gate.look' }, GateInput>()
  const facts: Statement[] = []
  const machine = serviceMachine.provide({
    actors: { process: processMachine.provide({ actors: { child: child.logic, probe: probes.logic } }), gate: gate.logic },
    actions: { state: (_, statement) => facts.push(statement) },
  })
  const actor = createActor(machine, { input: { spec, run: 'run' }, clock }).start()
  const incarnation = (n: number): string => child.inputs[n - 1]?.incarnation ?? ''
  const context = () => actor.getSnapshot().context
  const s = {
    actor,
    clock,
    child,
    facts,
    context,
    state: () => stateName(actor.getSnapshot().value),
    send: (event: ServiceEvent) => actor.send(event),
    /** What each was told, by pid: pids are 101, 102, …. */
    signals: () => child.commands.map(({ type }) => type.slice('child.'.length)),
    addresses: () =>
      Object.values(actor.getSnapshot().children)
        .map((one) => one?.getSnapshot() as { status: string; context?: { address: string; incarnation: string; pid: number } })
        .flatMap(({ status, context: its }) =>
          status === 'active' && its?.pid !== undefined ? [`${its.address} ${its.pid}`] : [],
        )
        .sort(),
    spawned: (n: number) =>
      child.all({
        type: 'child.spawned',
        incarnation: incarnation(n),
        pid: 100 + n,
        start: n,
        leader: { pid: 100 + n, start: n },
        containment: 'cgroup',
        logOffset: 10 * n,
        at: clock.now(),
      }),
    alive: (n: number) =>
      child.all({
        type: 'child.alive',
        incarnation: incarnation(n),
        pid: 100 + n,
        start: n,
        leader: { pid: 100 + n, start: n },
        containment: 'cgroup',
        logOffset: 0,
        since: 0,
        at: clock.now(),
      }),
    exited: (n: number, code = 0) =>
      child.all({
        type: 'child.exited',
        incarnation: incarnation(n),
        exit: exit(code),
        empty: true,
        at: clock.now(),
        dice: 0,
      }),
    /** The readiness probe that was begun last. */
    ready: () => probes.emit({ type: 'probe.passed', at: clock.now() }),
    named: (type: Statement['type']) => facts.filter((one) => one.type === type),
  }
  return s
}
type Started = ReturnType<typeof start>

/** It runs, and a restart was asked for; as far as the next one's spawn. */
function overlapping(spec: ServiceSpec = web): Started {
  const s = start(spec)
  s.send({ type: 'START', at, by: 'me' })
  s.spawned(1)
  s.ready()
  s.send({ type: 'RESTART', at, by: 'me' })
  expect(s.state()).toBe('live.running.overlapping.starting')
  s.spawned(2)
  return s
}
function handedOver(): Started {
  const s = overlapping()
  s.ready()
  expect(s.state()).toBe('live.running.healthy')
  return s
}

test('the next one starts beside it, takes over once it is ready, and only then the one before is stopped', () => {
  const s = overlapping()
  expect(s.context()).toMatchObject({ pid: 101, generation: 2, readyGeneration: 1, restartCount: 0 })
  // Whoever spawns it knows that the log has another writer.
  expect(s.child.inputs.map(({ beside }) => beside === true)).toEqual([false, true])
  expect(s.addresses()).toEqual(['process.web 101', 'process.web~next 102'])
  expect(s.signals()).toEqual([])
  s.ready()
  expect(s.state()).toBe('live.running.healthy')
  expect(s.context()).toMatchObject({ pid: 102, generation: 2, readyGeneration: 2, restartCount: 1, because: 'restarted by me' })
  expect(s.addresses()).toEqual(['process.web 102', 'process.web~previous 101'])
  expect(s.signals()).toEqual(['signal'])
  expect(s.named('service.handedOver')).toMatchObject([
    { because: 'pid 102 is ready, pid 101 drains', data: { from: 101, pid: 102, restarts: 1 } },
  ])
  s.exited(1)
  expect(s.context()).toMatchObject({ pid: 102, beside: null })
  expect(s.named('service.exited')).toMatchObject([{ data: { pid: 101, planned: true, beside: 102 } }])
  expect(s.facts.map(({ type }) => type).slice(3)).toEqual([
    'service.overlapping',
    'service.handedOver',
    'service.ready',
    'service.exited',
  ])
})

test('again and again, in two places that take turns', () => {
  const s = start()
  s.send({ type: 'START', at })
  s.spawned(1)
  s.ready()
  for (let n = 2; n < 6; n++) {
    s.send({ type: 'RESTART', at })
    s.spawned(n)
    s.ready()
    s.exited(n - 1)
    expect(s.context()).toMatchObject({ pid: 100 + n, generation: n, readyGeneration: n })
    expect(s.addresses()).toEqual([`process.web ${100 + n}`])
  }
  s.exited(5, 1)
  expect(s.state()).toBe('backingOff')
  s.clock.increment(1_000)
  s.spawned(6)
  expect(s.addresses()).toEqual(['process.web 106'])
})

test('while one is still on its way out, the next one waits: never three', () => {
  const s = handedOver()
  s.send({ type: 'RESTART', at })
  expect(s.state()).toBe('live.running.overlapping.waiting')
  expect(s.child.inputs).toHaveLength(2)
  s.clock.increment(5_000)
  expect(s.signals()).toEqual(['signal', 'kill'])
  expect(s.named('service.killing')).toHaveLength(1)
  s.exited(1, 137)
  expect(s.state()).toBe('live.running.overlapping.starting')
  s.spawned(3)
  s.ready()
  expect(s.context()).toMatchObject({ pid: 103, readyGeneration: 3 })
})

describe('the next one does not get ready', () => {
  const untouched = (s: Started): void => {
    expect(s.context()).toMatchObject({ pid: 101, generation: 1, readyGeneration: 1, next: null, beside: null, restartCount: 0 })
    expect(s.state()).toBe('live.running.healthy')
    expect(s.addresses()).toEqual(['process.web 101'])
  }

  test('it exits', () => {
    const s = overlapping()
    s.exited(2, 3)
    untouched(s)
    expect(s.signals()).toEqual([])
    expect(s.context().because).toBe('the restart came to nothing: the new process exited with code 3; pid 101 runs on as it was')
    expect(s.facts.at(-1)).toMatchObject({ type: 'service.overlapFailed', because: s.context().because })
  })

  test('it takes too long: it is stopped, with its grace', () => {
    const s = overlapping()
    s.clock.increment(10_000)
    expect(s.signals()).toEqual(['signal'])
    expect(s.state()).toBe('live.running.overlapping.starting')
    s.exited(2)
    untouched(s)
    expect(s.context().because).toContain('was not ready within 10 s')
  })

  test('it can not be spawned', () => {
    const s = start()
    s.send({ type: 'START', at })
    s.spawned(1)
    s.ready()
    s.send({ type: 'RESTART', at })
    s.child.all({
      type: 'child.unspawnable',
      incarnation: s.child.inputs[1]?.incarnation,
      because: 'no such file',
      passing: false,
      at,
      dice: 0,
    })
    untouched(s)
    expect(s.context().because).toContain('the new process could not be started: no such file')
  })

  test('what was changed for it goes back: the next crash starts what worked', () => {
    const s = start()
    s.send({ type: 'START', at })
    s.spawned(1)
    s.ready()
    s.send({ type: 'RECONFIGURE', spec: newer, at })
    s.spawned(2)
    expect(s.child.inputs[1]?.spec.args).toEqual(['--new'])
    s.exited(2, 1)
    untouched(s)
    s.exited(1, 1)
    s.clock.increment(1_000)
    expect(s.child.inputs[2]?.spec.args).toEqual([])
  })

  test('of an operation, that one is told', () => {
    const s = start()
    s.send({ type: 'START', at })
    s.spawned(1)
    s.ready()
    s.send({ type: 'RESERVE', op: { id: 'r1', by: 'me' } })
    const setting = { spec: newer, overrides: { args: ['--new'] }, back: null }
    s.send({ type: 'RESTART', op: 'r1', setting, at })
    s.spawned(2)
    expect(s.context().overrides).toEqual({ args: ['--new'] })
    s.exited(2, 1)
    untouched(s)
    expect(s.context()).toMatchObject({ overrides: null, lapsed: { op: 'r1' } })
  })
})

describe('what happens meanwhile', () => {
  test('the old one ends by itself: the next one is the one, and has still to get ready', () => {
    const s = overlapping()
    s.exited(1, 1)
    expect(s.state()).toBe('live.running.starting')
    expect(s.context()).toMatchObject({ pid: 102, generation: 2, readyGeneration: 1, beside: null })
    expect(s.addresses()).toEqual(['process.web 102'])
    s.ready()
    expect(s.context()).toMatchObject({ readyGeneration: 2 })
    expect(s.state()).toBe('live.running.healthy')
  })

  test('the old one ends while the next one waits: an ordinary restart', () => {
    const s = handedOver()
    s.send({ type: 'RESTART', at })
    s.exited(2, 1)
    expect(s.state()).toBe('live.stopping.thenGate')
    s.exited(1)
    expect(s.state()).toBe('live.running.starting')
    expect(s.child.inputs).toHaveLength(3)
  })

  test.each([
    ['STOP', { type: 'STOP', at }, 'stopped'],
    ['HOLD', { type: 'HOLD', because: 'x', at }, 'held'],
    ['REMOVE', { type: 'REMOVE', at }, 'removed'],
  ] as const)('%s ends both, in whatever order they go', (_, event, then) => {
    for (const order of [
      [1, 2],
      [2, 1],
    ]) {
      const s = overlapping()
      s.send(event)
      expect(s.signals()).toEqual(['signal', 'signal'])
      s.exited(order[0] ?? 0)
      expect(s.state()).toMatch(/^live\.stopping/)
      s.exited(order[1] ?? 0)
      expect(s.state()).toBe(then)
      expect(s.named('service.exited').map(({ data }) => data?.['pid'])).toEqual(order.map((n) => 100 + n))
      s.actor.stop()
    }
  })

  test('STOP after the handover waits for the one that drains', () => {
    const s = handedOver()
    s.send({ type: 'STOP', at })
    s.exited(2)
    expect(s.state()).toBe('live.stopping.thenStopped')
    s.exited(1)
    expect(s.state()).toBe('stopped')
    expect(s.signals()).toEqual(['signal', 'signal'])
  })

  test('the new one falls while the one before drains: its policy decides when that has gone', () => {
    const s = handedOver()
    s.exited(2, 1)
    expect(s.state()).toBe('live.stopping.draining')
    expect(s.context().because).toBe('exited with code 1, while pid 101 still drains')
    s.exited(1)
    expect(s.state()).toBe('backingOff')
    expect(s.context().because).toBe('exited with code 1; restart 1 of 3, in 1 s')
  })

  test('LEAVE lets go of both', () => {
    const s = overlapping()
    s.send({ type: 'LEAVE' })
    expect(s.state()).toBe('stopped')
    expect(s.signals()).toEqual(['detach', 'detach'])
  })

  test('RESTART again is the same restart; with another change it begins anew', () => {
    const s = overlapping()
    s.send({ type: 'RESTART', at, by: 'you' })
    expect(s.state()).toBe('live.running.overlapping.starting')
    expect(s.context().generation).toBe(3)
    s.send({ type: 'RECONFIGURE', spec: newer, at })
    expect(s.state()).toBe('live.running.overlapping.waiting')
    expect(s.addresses()).toEqual(['process.web 101', 'process.web~previous 102'])
    s.exited(2)
    s.spawned(3)
    expect(s.child.inputs[2]?.spec.args).toEqual(['--new'])
    s.exited(3, 1)
    expect(s.context()).toMatchObject({ pid: 101, generation: 1 })
  })

  test('who has the slot is not disturbed', () => {
    const s = overlapping()
    s.send({ type: 'RESERVE', op: { id: 'r1', by: 'me' } })
    s.send({ type: 'RESTART', at, by: 'you' })
    expect(s.facts.at(-1)).toMatchObject({ type: 'service.refused', because: 'RESTART refused: busy with r1' })
  })
})

test.each([
  ['neither', specOf({ readiness: log }), specOf({ readiness: log, args: ['x'] })],
  ['only the new one', specOf({ readiness: log }), newer],
  ['only the old one', web, specOf({ readiness: log, args: ['x'] })],
])('%s is made for it: an ordinary restart', (_, before, after) => {
  const s = start(before)
  s.send({ type: 'START', at })
  s.spawned(1)
  s.ready()
  s.send({ type: 'RECONFIGURE', spec: after, at })
  expect(s.state()).toBe('live.stopping.thenGate')
})

describe('after an orchestrator that died in the middle', () => {
  const one = { leader: { pid: 101, start: 1 }, incarnation: 'earlier.1.1', readyAt: 5, logOffset: 0 }
  const other = { leader: { pid: 102, start: 2 }, incarnation: 'earlier.2.2', readyAt: null, logOffset: 20 }

  test('the next one goes on getting ready', () => {
    const s = start()
    s.send({ type: 'ADOPT', ...one, at, beside: { ...other, role: 'next' } })
    expect(s.state()).toBe('live.running.overlapping.starting')
    expect(s.child.inputs).toMatchObject([{ adopt: { pid: 101 } }, { adopt: { pid: 102 } }])
    s.alive(1)
    s.alive(2)
    expect(s.signals()).toEqual([])
    s.ready()
    expect(s.state()).toBe('live.running.healthy')
    expect(s.context()).toMatchObject({ pid: 102 })
    expect(s.signals()).toEqual(['signal'])
    s.exited(1)
    expect(s.addresses()).toEqual(['process.web 102'])
  })

  test('the next one never gets ready: it has its time, then the one before goes on alone', () => {
    const s = start()
    s.send({ type: 'ADOPT', ...one, at, beside: { ...other, role: 'next' } })
    s.alive(1)
    s.alive(2)
    s.clock.increment(10_000)
    expect(s.signals()).toEqual(['signal'])
    s.exited(2)
    expect(s.state()).toBe('live.running.healthy')
    expect(s.context()).toMatchObject({ pid: 101 })
  })

  test('the one before is told to go, with its grace', () => {
    const s = start()
    s.send({ type: 'ADOPT', ...other, at, beside: { ...one, role: 'previous' } })
    s.alive(2)
    s.alive(1)
    expect(s.signals()).toEqual(['signal'])
    s.exited(1)
    expect(s.addresses()).toEqual(['process.web 102'])
  })

  test('the one before that was told already is not told again, but its grace is over some time', () => {
    const s = start()
    s.send({ type: 'ADOPT', ...other, at, beside: { ...one, role: 'previous', told: true } })
    s.alive(2)
    s.alive(1)
    expect(s.signals()).toEqual([])
    s.clock.increment(5_000)
    expect(s.signals()).toEqual(['kill'])
  })

  test('a restart that had not begun yet overlaps', () => {
    const s = start()
    s.send({ type: 'ADOPT', ...one, at })
    s.send({ type: 'REPLACE', because: 'restarted by me', at })
    s.alive(1)
    s.spawned(2)
    s.ready()
    expect(s.context()).toMatchObject({ pid: 102, because: 'restarted by me' })
  })
})
