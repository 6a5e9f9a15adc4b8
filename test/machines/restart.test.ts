import { createActor, SimulatedClock } from 'xstate'
import { expect, test } from 'vitest'
import { stateName } from '../../src/directory.ts'
import type { Custom, TargetCommand, TargetView } from '../../src/machines/restart-vocabulary.ts'
import { restartMachine } from '../../src/machines/restart.ts'
import type { Statement } from '../../src/protocol/facts.ts'
import { limits } from '../../src/protocol/limits.ts'
import { neverRan, programSpec, type Judged, type ProgramCommand, type RunInput } from '../../src/protocol/program.ts'
import { fake } from '../support/fake.ts'
import { specOf } from '../support/specs.ts'
import { targetOf } from '../support/target.ts'

const spec = specOf({ args: ['old'], workingDir: '/srv' })
const view = targetOf(spec)
const held: TargetView = { ...view, op: { id: 'r1', by: 'me' } }
const judged = (command: string): Judged => ({
  spec: programSpec.parse({ type: 'make', command }),
  decision: { allowed: true, argv: ['make', command] },
})

/** RESTART with its service and its programs played by the test. */
function start(custom: Partial<Custom>) {
  const clock = new SimulatedClock()
  const target = fake<TargetCommand, { service: string }>()
  const program = fake<ProgramCommand, RunInput>()
  const facts: Statement[] = []
  const machine = restartMachine.provide({
    actors: { target: target.logic, program: program.logic },
    actions: { state: (_, statement) => facts.push(statement) },
  })
  const input = { id: 'r1', service: 'web', by: 'me', at: 10, custom: { pre: [], post: [], change: null, ...custom } }
  const actor = createActor(machine, { input, clock }).start()
  return {
    actor,
    clock,
    target,
    program,
    facts,
    state: () => stateName(actor.getSnapshot().value),
    result: () => actor.getSnapshot().output,
    see: (one: Partial<TargetView> | null, at = 20) =>
      target.emit({ type: 'target.seen', view: one === null ? null : { ...held, ...one }, at }),
    ended: (success: boolean, command: string, at = 15) =>
      program.emit({
        type: 'program.ended',
        result: {
          ...neverRan(judged(command).spec, 'exited with code 1'),
          success,
          error_message: success ? null : 'exited with code 1',
        },
        at,
      }),
    told: () => target.commands.flatMap((one) => (one.type === 'target.tell' ? [one.event] : [])),
  }
}

test('commands run one after the other, all of them, and a failure leaves the service alone', () => {
  const s = start({ pre: [judged('a'), judged('b')], post: [judged('c')] })
  s.see({})
  expect([s.state(), s.program.inputs.length, s.program.alive]).toEqual(['pre', 1, 1])
  expect(s.program.inputs[0]).toMatchObject({ argv: ['make', 'a'], folder: '/srv', timeout: limits.workflowProgramTime })
  s.ended(false, 'a')
  expect([s.state(), s.program.inputs.length, s.program.alive]).toEqual(['pre', 2, 1])
  s.ended(true, 'b')
  expect(s.result()).toMatchObject({
    outcome: 'failed',
    because: 'make a: exited with code 1',
    restarted: false,
    elapsed: 5,
    details: { pre: [{ success: false }, { success: true }], post: [] },
  })
  expect(s.told().map(({ type }) => type)).toEqual(['RESERVE', 'FREE'])
})

test('of a restart that overlaps: the service has gone back by itself, and nothing is put back again', () => {
  const s = start({ change: { args: ['new'], remember: true } })
  s.see({})
  expect(s.state()).toBe('stopping')
  const next = { generation: 2, state: 'live.running.overlapping.starting', pid: 9, incarnation: 'run.2.2' }
  s.see(next)
  s.see(next)
  expect(s.state()).toBe('verifying')
  s.see({ ...next, lapsed: { op: 'another' } })
  expect(s.state()).toBe('verifying')
  s.see({ lapsed: { op: 'r1' }, generation: 1, because: 'it exited' })
  expect(s.result()).toMatchObject({ outcome: 'failed', because: 'it exited', restarted: false })
  expect(s.told().map(({ type }) => type)).toEqual(['RESERVE', 'RESTART', 'FREE'])
})

test('of one that came to nothing at once', () => {
  const s = start({})
  s.see({})
  s.see({ lapsed: { op: 'r1' }, because: 'no such file' })
  s.see({ lapsed: { op: 'r1' }, because: 'no such file' })
  expect(s.result()).toMatchObject({ outcome: 'failed', because: 'no such file' })
})

test('who takes the slot away cancels it, also of a service that was stopped all along', () => {
  const s = start({ pre: [judged('a')] })
  s.see({ desired: 'stop', state: 'stopped', pid: null })
  expect(s.state()).toBe('pre')
  s.see({ desired: 'stop', state: 'stopped', pid: null })
  expect(s.state()).toBe('pre')
  s.see({ op: null, desired: 'stop', state: 'stopped', pid: null })
  expect(s.result()).toMatchObject({ outcome: 'cancelled' })
  expect(s.program.alive).toBe(0)
  const programs = s.facts.filter(({ type }) => type.startsWith('program.'))
  expect(programs).toMatchObject([
    { type: 'program.started' },
    { type: 'program.finished', because: 'make a: Command was stopped', data: { success: false } },
  ])
})

test('a change is made to the setting of when the service is told, not of when it was asked for', () => {
  const s = start({ pre: [judged('a')], change: { env: { A: '1' }, remember: true } })
  s.see({})
  const reloaded = specOf({ args: ['reloaded'] })
  s.see({ setting: { spec: reloaded, overrides: null, back: null } })
  s.ended(true, 'a')
  expect(s.told().at(-1)).toMatchObject({ type: 'RESTART', setting: { spec: { args: ['reloaded'], env: { A: '1' } } } })
})

const changed = specOf({ ...spec, args: ['new'] })
const sent = { spec: changed, overrides: { args: ['new'], env: {} }, back: null }

test('ready with other arguments counts once it has stayed so for a while', () => {
  const s = start({ change: { args: ['new'], remember: true } })
  s.see({})
  s.see({ generation: 2, readyGeneration: 2, spec: changed, setting: sent })
  s.see({ generation: 2, readyGeneration: 2, spec: changed, setting: sent })
  expect(s.state()).toBe('settling')
  s.clock.increment(limits.changeSettles)
  expect(s.result()).toMatchObject({ outcome: 'done', restarted: true })
})

test('what fails with them goes back to what it had before', () => {
  const s = start({ change: { args: ['new'], remember: true } })
  s.see({})
  s.see({ generation: 2, state: 'backingOff', spec: changed, setting: sent, because: 'exited with code 7' })
  s.see({ generation: 2, state: 'backingOff', spec: changed, setting: sent, because: 'exited with code 7' })
  expect(s.state()).toBe('restoring')
  expect(s.told().at(-1)).toMatchObject({ type: 'RESTART', setting: { spec: { args: ['old'] }, overrides: null, back: null } })
  s.see({ generation: 3, readyGeneration: 3 })
  expect(s.result()).toMatchObject({
    outcome: 'failed',
    because: 'exited with code 7; restarted with what it had before',
    restarted: false,
  })
})

test('what fails although the config was read meanwhile keeps what the config says', () => {
  const s = start({ change: { args: ['new'], remember: true } })
  s.see({})
  const reloaded = specOf({ args: ['reloaded'] })
  const failing = { generation: 2, state: 'backingOff', spec: reloaded, because: 'x' }
  s.see({ ...failing, setting: { spec: reloaded, overrides: null, back: null } })
  s.see({ ...failing, setting: { spec: reloaded, overrides: null, back: null } })
  expect(s.result()).toMatchObject({ outcome: 'failed', because: 'x' })
  expect(s.told().filter(({ type }) => type === 'RESTART')).toHaveLength(1)
})

test('what ended and was started again at once by its policy was no success', () => {
  for (const remember of [true, false]) {
    const s = start({ change: { args: ['new'], remember } })
    const first = { generation: 2, spec: changed, setting: remember ? sent : view.setting, incarnation: 'run.2.2' }
    s.see({})
    s.see({ ...first, readyGeneration: 2 })
    s.see({ ...first, readyGeneration: 2 })
    expect(s.state()).toBe('settling')
    const next = remember ? first : { ...first, spec }
    s.see({ ...next, readyGeneration: 2, incarnation: 'run.3.2', because: 'restarted after it exited with code 7' })
    expect(s.state()).toBe('restoring')
  }
})

test('also one that never got ready, however often it is started again', () => {
  const s = start({ change: { args: ['new'], remember: true } })
  const first = { generation: 2, spec: changed, setting: sent, incarnation: 'run.2.2', state: 'live.running.starting' }
  s.see({})
  s.see(first)
  s.see(first)
  expect(s.state()).toBe('verifying')
  s.see({ ...first, incarnation: 'run.3.2' })
  expect(s.state()).toBe('restoring')
})

test('a STOP takes back a change that nobody knows the worth of yet, unless the config was read since', () => {
  for (const reloaded of [false, true]) {
    const s = start({ change: { args: ['new'], remember: true } })
    s.see({})
    const now = reloaded ? { spec: specOf({ args: ['reloaded'] }), overrides: null, back: null } : sent
    s.see({ op: null, desired: 'stop', state: 'live.stopping.thenStopped', setting: now })
    expect(s.result()).toMatchObject({ outcome: 'cancelled' })
    const set = s.told().filter(({ type }) => type === 'SET')
    expect(set).toEqual(reloaded ? [] : [{ type: 'SET', setting: view.setting }])
  }
})

test('the time in which it must stay up is part of what it took', () => {
  const s = start({ change: { args: ['new'], remember: true } })
  s.see({})
  s.see({ generation: 2, readyGeneration: 2, spec: changed, setting: sent }, 20)
  s.see({ generation: 2, readyGeneration: 2, spec: changed, setting: sent }, 20)
  s.clock.increment(limits.changeSettles)
  expect(s.result()).toMatchObject({ outcome: 'done', elapsed: 10 + limits.changeSettles })
})

test('a restart that is nothing more tells no steps', () => {
  const s = start({})
  s.see({})
  s.see({ generation: 2, readyGeneration: 2 })
  s.see({ generation: 2, readyGeneration: 2 })
  expect(s.result()).toMatchObject({ outcome: 'done', steps: [{ name: 'stop' }, { name: 'start' }, { name: 'verify' }] })
})
