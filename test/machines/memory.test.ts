import { createActor } from 'xstate'
import { expect, test } from 'vitest'
import { stateName } from '../../src/directory.ts'
import { processMachine } from '../../src/machines/process.ts'
import { serviceMachine } from '../../src/machines/service.ts'
import type {
  ChildCommand,
  ChildInput,
  MemoryKeeper,
  MemoryWatchInput,
  ProbeCommand,
  ProbeInput,
} from '../../src/protocol/process.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { fake } from '../support/fake.ts'
import { probe, specOf } from '../support/specs.ts'

/** A memory limit in SERVICE and PROCESS; only the OS is a fake. */
function start(more: Partial<ServiceSpec> = {}, memory: MemoryKeeper | null = 'watch') {
  const child = fake<ChildCommand, ChildInput>()
  const looks = fake<ProbeCommand, ProbeInput>()
  const watch = fake<{ type: 'memory.none' }, MemoryWatchInput>()
  const process = processMachine.provide({ actors: { child: child.logic, probe: looks.logic, memory: watch.logic } })
  const service = createActor(serviceMachine.provide({ actors: { process } }), {
    input: { spec: specOf({ ...more, memoryLimit: 512 }), run: 'run' },
  }).start()
  service.send({ type: 'START', at: 0 })
  const incarnation = child.inputs[0]?.incarnation
  const leader = { pid: 7, start: 1 }
  child.emit({ type: 'child.spawned', incarnation, ...leader, leader, containment: 'mark', memory, logOffset: 0, at: 1 })
  return {
    service,
    child,
    looks,
    watch,
    exceed: () => watch.emit({ type: 'memory.exceeded', because: 'used 612 MB' }),
    exited: () =>
      child.emit({ type: 'child.exited', incarnation, exit: { kind: 'exited', code: 0 }, empty: true, at: 9, dice: 0 }),
    state: () => stateName(service.getSnapshot().value),
    context: () => service.getSnapshot().context,
  }
}

test.each([
  ['while it is up', {}, 'live.running.healthy'],
  ['before it is ready', { readiness: probe }, 'live.running.starting'],
])('too much memory %s: it is asked to stop, and that counts as a failure, whatever its exit code', (_, more, before) => {
  const one = start(more)
  expect(one.watch.inputs).toEqual([{ service: 'web', limit: 512 }])
  expect([one.state(), one.context().memory]).toEqual([before, 'watch'])
  one.exceed()
  expect([one.state(), one.context().because]).toEqual(['live.running.ending', 'used 612 MB'])
  expect(one.child.commands).toEqual([{ type: 'child.signal', signal: 'SIGTERM' }])
  expect(one.watch.alive).toBe(0)
  one.exited()
  expect(one.state()).toBe('backingOff')
  expect(one.context().because).toBe('used 612 MB; restart 1 of 3, in 1 s')
})

test('too much memory while it is unhealthy', () => {
  const one = start({ liveness: { ...probe, failures: 1 }, restart: { ...specOf().restart, onUnhealthy: false } })
  one.looks.emit({ type: 'probe.failed', because: 'x', at: 2 })
  expect(one.state()).toBe('live.running.unhealthy')
  one.exceed()
  one.exited()
  expect(one.context().because).toBe('used 612 MB; restart 1 of 3, in 1 s')
})

test('a stop that was asked for is none of it', () => {
  const one = start()
  one.service.send({ type: 'STOP', at: 2, by: 'me' })
  expect(one.watch.alive).toBe(0)
  one.exited()
  expect([one.state(), one.context().because]).toEqual(['stopped', 'stopped by me'])
})

test('nobody watches what the kernel enforces', () => {
  const one = start({}, 'kernel')
  expect([one.watch.inputs, one.context().memory]).toEqual([[], 'kernel'])
})

test('another schedule is taken over wherever the service is, and nothing else happens', () => {
  const one = start()
  const schedule = { cron: '0 4 * * *', timezone: null }
  one.service.send({ type: 'RESCHEDULE', schedule })
  expect([one.state(), one.context().spec.schedule, one.child.commands]).toEqual(['live.running.healthy', schedule, []])
  one.service.send({ type: 'SET', setting: { spec: { ...one.context().spec, args: ['x'] }, overrides: null, back: null } })
  one.service.send({ type: 'RESCHEDULE', schedule: null })
  expect([one.context().spec.schedule, one.context().next]).toMatchObject([null, { args: ['x'], schedule: null }])
})
