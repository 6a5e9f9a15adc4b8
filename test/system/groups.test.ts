import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { GroupSpec } from '../../src/protocol/group.ts'
import type { Fact } from '../../src/protocol/facts.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { groupOf, probe, specOf } from '../support/specs.ts'

let fleet: Fleet
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-groups-'))
})
afterEach(async () => {
  await fleet.end()
  rmSync(folder, { recursive: true, force: true })
})

const quick = { delay: 20, maxDelay: 20, factor: 1 }
const broken = (name: string): string => join(folder, `${name}.broken`)
const breaks = (name: string): void => writeFileSync(broken(name), '')
const mends = (name: string): void => rmSync(broken(name))

/** Runs until it is ended, and does not get ready while it is broken. */
const worker = (
  name: string,
  changes: Partial<Omit<ServiceSpec, 'restart'>> & { restart?: Partial<ServiceSpec['restart']> } = {},
) =>
  specOf({
    name,
    command: '/bin/sh',
    args: ['-c', 'test -e "$0" && exit 1; echo up; exec sleep 1000', broken(name)],
    readiness: { ...probe, target: { type: 'log', pattern: 'up' } },
    ...changes,
    restart: { ...quick, ...changes.restart },
  })
const members = ['a', 'b', 'c', 'd'] as const
const three = (): ServiceSpec[] => ['a', 'b', 'c'].map((name) => worker(name))
const four = (): ServiceSpec[] => members.map((name) => worker(name))
const group = (changes: Parameters<typeof groupOf>[0] = {}): GroupSpec =>
  groupOf({ ...changes, restart: { ...quick, ...changes.restart } })

const pids = (): Record<string, number | null> =>
  Object.fromEntries(fleet.orchestrator.view.serviceNames().map((name) => [name, fleet.status(name).pid]))
const crash = (name: string): void => void process.kill(fleet.status(name).pid ?? Number.NaN, 'SIGKILL')
const shown = (name = 'backend') => fleet.orchestrator.view.groups().find((one) => one.name === name)
const told = (type: Fact['type'], nth = 1): Promise<Fact> =>
  eventually(() => {
    const found = fleet.facts.filter((one) => one.type === type)[nth - 1]
    if (found === undefined) throw new Error(`no ${type} number ${nth} yet`)
    return found
  }, 20_000)
const reach = (state: string): Promise<void> => eventually(() => expect(shown()?.state).toBe(state), 20_000)
const up = (...names: string[]): Promise<unknown> => Promise.all(names.map((name) => fleet.until(name, 'healthy')))
/** What happened after a fact, of these types: `-c` it ended, `+c` it got ready. */
const orderAfter = ({ seq }: Pick<Fact, 'seq'>): string[] =>
  fleet.facts.flatMap(({ seq: at, type, about }) => {
    const sign = type === 'service.exited' ? '-' : type === 'service.ready' ? '+' : null
    return at <= seq || sign === null ? [] : [`${sign}${about.slice('service.'.length)}`]
  })
const begin = async (services: readonly ServiceSpec[], groups: readonly GroupSpec[]) => {
  fleet = await startFleet(services, { groups })
  await up(...services.filter(({ autostart, oneShot }) => autostart && !oneShot).map(({ name }) => name))
  return { pids: pids(), seq: fleet.facts.at(-1)?.seq ?? 0 }
}

describe('the right ones are restarted', () => {
  test('OTP supervisor_SUITE: one_for_one: only the one that ended has a new pid', async () => {
    const before = await begin(three(), [group({ strategy: 'one_for_one' })])
    crash('b')
    await fleet.fact('b', 'service.ready', 2)
    expect(pids()).toEqual({ ...before.pids, b: fleet.status('b').pid })
    expect(fleet.status('b').pid).not.toBe(before.pids['b'])
    expect(fleet.facts.some(({ about }) => about === 'group.backend')).toBe(false)
  })

  test('OTP supervisor_SUITE: one_for_all, order_of_children: all have new pids; they stop in reverse and start in order', async () => {
    const before = await begin([...three(), worker('outside')], [group()])
    crash('b')
    await told('group.restarted')
    const after = pids()
    for (const name of ['a', 'b', 'c']) expect(after[name]).not.toBe(before.pids[name])
    expect(after['outside']).toBe(before.pids['outside'])
    expect(orderAfter(before)).toEqual(['-b', '-c', '-a', '+a', '+b', '+c'])
    expect(shown()).toMatchObject({
      state: 'watching',
      phase: 'active',
      restart_count: 1,
      reason: 'restarted after b was ended by SIGKILL (restart 1 of 3)',
    })
    expect(fleet.status('c').reason).toBe('restarted with group backend: b was ended by SIGKILL')
    expect((await told('group.holding')).because).toBe('b was ended by SIGKILL; restart 1 of 3, in 20 ms: restarts a, b, c')
  })

  test('OTP supervisor_SUITE: rest_for_one, order_of_children: the one that ended and those behind it', async () => {
    const before = await begin(four(), [group({ strategy: 'rest_for_one', services: members })])
    crash('b')
    await told('group.restarted')
    const after = pids()
    for (const name of ['b', 'c', 'd']) expect(after[name]).not.toBe(before.pids[name])
    expect(after['a']).toBe(before.pids['a'])
    expect(orderAfter(before)).toEqual(['-b', '-d', '-c', '+b', '+c', '+d'])
  })
})

/** Each start follows an end: nothing ran twice at once. */
function expectSingleRuns(): void {
  for (const name of fleet.orchestrator.view.serviceNames()) {
    const turns = fleet.factsAbout(name).filter((type) => type === 'service.spawned' || type === 'service.exited')
    turns.forEach((type, index) => expect(type, name).toBe(index % 2 === 0 ? 'service.spawned' : 'service.exited'))
  }
}

describe('a member that does not come up again', () => {
  test('OTP supervisor_SUITE: one_for_one_escalation: it alone is given up, its siblings run on', async () => {
    const before = await begin(
      [worker('a', { restart: { maxRestarts: 1 } }), worker('b')],
      [group({ strategy: 'one_for_one', services: ['a', 'b'] })],
    )
    breaks('a')
    crash('a')
    await fleet.until('a', 'failed')
    expect(fleet.status('b').pid).toBe(before.pids['b'])
    expect(shown()?.state).toBe('watching')
  })

  test('OTP supervisor_SUITE: one_for_all_escalation: the group gives up and stops all of them, until it is started', async () => {
    const before = await begin(three(), [group({ restart: { maxRestarts: 2 } })])
    breaks('b')
    crash('b')
    await reach('failed')
    expect((await told('group.gaveUp')).because).toBe(
      'b exited with code 1; gave up after 2 restarts (max_restarts: 2): stops a, b, c',
    )
    expect(pids()).toEqual({ a: null, b: null, c: null })
    expect(fleet.status('a')).toMatchObject({
      state: 'stopped',
      desired: 'stop',
      reason: 'stopped by group.backend: b exited with code 1; gave up after 2 restarts (max_restarts: 2)',
    })
    expect(shown()).toMatchObject({ phase: 'reaped', restart_count: 2 })
    expectSingleRuns()
    mends('b')
    const { results } = await fleet.call('service.start', { services: ['backend'] })
    expect(results.map(({ service, outcome }) => [service, outcome])).toEqual(['a', 'b', 'c'].map((name) => [name, 'done']))
    expect(shown()?.state).toBe('watching')
    // Counting begins anew.
    crash('a')
    expect((await told('group.restarted')).because).toBe('restarted after a was ended by SIGKILL (restart 1 of 2)')
    expect(fleet.status('b').pid).not.toBe(before.pids['b'])
  })

  test('OTP supervisor_SUITE: rest_for_one_escalation: those before it are stopped too; START of one member clears it', async () => {
    await begin(three(), [group({ strategy: 'rest_for_one', restart: { maxRestarts: 1 } })])
    breaks('c')
    crash('c')
    await reach('failed')
    expect(pids()).toEqual({ a: null, b: null, c: null })
    await fleet.call('service.start', { services: ['a'] })
    await reach('watching')
    expect(fleet.status('b').state).toBe('stopped')
    await fleet.call('actor.send', { to: 'group.backend', event: { type: 'STOP' } })
    await fleet.until('a', 'stopped')
  })

  test('a program that is not there any more is given up at once, with all of them', async () => {
    const program = join(folder, 'program')
    writeFileSync(program, '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 })
    await begin([worker('a'), specOf({ name: 'b', command: program, restart: quick })], [group({ services: ['a', 'b'] })])
    rmSync(program)
    crash('a')
    await reach('failed')
    expect((await told('group.gaveUp')).because).toMatch(/^b could not be started: .*: stops a$/)
    expect(pids()).toEqual({ a: null, b: null })
  })

  test('OTP supervisor_SUITE: one_for_all_other_child_fails_restart: what was started again is stopped, and the restart goes on', async () => {
    const before = await begin(three(), [group({ restart: { maxRestarts: null } })])
    breaks('b')
    crash('a')
    await told('group.holding', 2)
    mends('b')
    await told('group.restarted')
    // The first round: a got ready, b did not, and a had to go again before c was ever started.
    expect(orderAfter(before).slice(0, 6)).toEqual(['-a', '-c', '-b', '+a', '-b', '-a'])
    expect(orderAfter(before).slice(-3)).toEqual(['+a', '+b', '+c'])
    expectSingleRuns()
    await up('a', 'b', 'c')
  })

  test('OTP supervisor_SUITE: rest_for_one_other_child_fails_restart: what was started again before it is left alone', async () => {
    const before = await begin(three(), [group({ strategy: 'rest_for_one', restart: { maxRestarts: null } })])
    breaks('b')
    crash('a')
    await told('group.holding', 2)
    const { pid } = fleet.status('a')
    mends('b')
    await told('group.restarted')
    expect(orderAfter(before).slice(0, 5)).toEqual(['-a', '-c', '-b', '+a', '-b'])
    expect(orderAfter(before).filter((one) => one.endsWith('a'))).toEqual(['-a', '+a'])
    expect(fleet.status('a').pid).toBe(pid)
    expectSingleRuns()
    await up('a', 'b', 'c')
  })
})

describe('while it waits', () => {
  const hour = { delay: 3_600_000, maxDelay: 3_600_000 }

  test('OTP supervisor_SUITE: hanging_restart_loop: everything is answered, STOP works, START goes on at once', async () => {
    await begin(three(), [group({ restart: hour })])
    crash('a')
    await reach('backingOff')
    expect(fleet.status('b')).toMatchObject({
      status: 'waiting',
      state: 'held',
      reason: 'held by group backend: a was ended by SIGKILL',
    })
    const { actors } = await fleet.call('actor.list', { kind: 'group' })
    expect(actors).toMatchObject([
      { address: 'group.backend', state: 'backingOff', phase: 'handshake', accepts: ['START', 'STOP', 'RESTART'] },
    ])
    await fleet.call('service.stop', { services: ['b'] })
    // A restart of one of them waits with it, and is ready when it is.
    const restarted = fleet.call('service.restart', { services: ['c'] })
    await restarted
    expect(fleet.status('b').state).toBe('stopped')
    await reach('watching')
    await up('a', 'c')
    // Free of the budget, as a START during a backoff is.
    crash('c')
    await reach('backingOff')
    expect(shown()?.reason).toBe('c was ended by SIGKILL; restart 1 of 3, in 1 h')
  })

  test('OTP supervisor_SUITE: hanging_restart_loop_rest_for_one: those before it run on; all may be stopped', async () => {
    const before = await begin(three(), [group({ strategy: 'rest_for_one', restart: hour })])
    crash('b')
    await reach('backingOff')
    expect(fleet.status('a').pid).toBe(before.pids['a'])
    // One more, before it: then it is the rest from there.
    crash('a')
    await told('group.holding', 2)
    await reach('backingOff')
    await fleet.call('service.stop', { services: ['backend'] })
    expect(pids()).toEqual({ a: null, b: null, c: null })
    await reach('watching')
  })

  test('a member that is stopped while the others are held is dropped, it alone', async () => {
    const stubborn = ['-c', 'trap "" TERM; echo up; while :; do sleep 1; done']
    await begin([worker('a'), worker('b'), worker('c', { args: stubborn, stopGrace: 600_000 })], [group()])
    crash('a')
    await fleet.until('c', 'terminating')
    expect(shown()?.state).toBe('holding')
    await fleet.call('service.stop', { services: ['b'] })
    await fleet.call('actor.send', { to: 'process.c', event: { type: 'KILL' } })
    await told('group.restarted')
    await up('a', 'c')
    expect(fleet.status('b').state).toBe('stopped')
    await fleet.call('service.stop', { services: ['c'], wait: false })
    await fleet.until('c', 'terminating')
    await fleet.call('actor.send', { to: 'process.c', event: { type: 'KILL' } })
  })
})

test.each(['one_for_all', 'rest_for_one'] as const)(
  'OTP supervisor_SUITE: temporary_bystander (%s): what is never started again is ended and costs nothing',
  async (strategy) => {
    const once = specOf({ name: 'done', command: '/bin/true', oneShot: true, restart: { policy: 'on_failure' } })
    await begin(
      [worker('a'), once, worker('b', { restart: { policy: 'never' } }), worker('c')],
      [group({ strategy, services: ['a', 'done', 'b', 'c'] })],
    )
    await fleet.until('done', 'completed')
    crash('a')
    await told('group.restarted')
    await up('a', 'c')
    expect(fleet.status('b')).toMatchObject({
      state: 'stopped',
      reason: 'stopped by group.backend: held by group backend: a was ended by SIGKILL',
    })
    expect(fleet.factsAbout('done').filter((type) => type === 'service.completed')).toHaveLength(1)
    expect(shown()?.restart_count).toBe(1)
    // Nor does its own end say anything to the group.
    await fleet.call('service.start', { services: ['b'] })
    crash('b')
    await fleet.until('b', 'failed')
    expect(shown()).toMatchObject({ state: 'watching', restart_count: 1 })
  },
)

test('as one: restart in order, stop, start; a planned end of one member is its own business', async () => {
  const before = await begin(three(), [group()])
  await fleet.call('service.restart', { services: ['b'] })
  expect({ ...pids(), b: 0 }).toEqual({ ...before.pids, b: 0 })
  const middle = { seq: fleet.facts.at(-1)?.seq ?? 0 }
  await fleet.call('actor.send', { to: 'group.backend', event: { type: 'RESTART' } })
  await told('group.restarted')
  expect(orderAfter(middle)).toEqual(['-c', '-b', '-a', '+a', '+b', '+c'])
  expect(shown()).toMatchObject({ reason: 'restarted by test', restart_count: 1 })
  await fleet.call('service.stop', { services: ['backend'] })
  expect(pids()).toEqual({ a: null, b: null, c: null })
  await fleet.call('actor.send', { to: 'group.backend', event: { type: 'START' } })
  await up('a', 'b', 'c')
  const { groups } = await fleet.call('system.status', { services: ['backend'] })
  expect(groups).toMatchObject({
    backend: { strategy: 'one_for_all', state: 'watching', members: ['a', 'b', 'c'], reason: 'started by test' },
  })
  await expect(fleet.call('service.explain', { service: 'backend' })).rejects.toThrow(
    '"backend" is a, b, c, and this is for one service; name one of them',
  )
  await expect(fleet.call('service.stop', { services: ['backen'] })).rejects.toThrow(
    'there is no service "backen"; did you mean "backend"?',
  )
})

test('a reload changes groups, and touches no service by that; whom a group held that is gone goes on', async () => {
  const before = await begin(four(), [group()])
  const next = [group({ strategy: 'rest_for_one', services: ['b', 'c'] }), group({ name: 'other', services: ['a', 'd'] })]
  await fleet.orchestrator.reload(four(), next)
  expect(fleet.facts.find(({ type }) => type === 'system.reloaded')?.because).toBe('group other new; group backend changed')
  expect(pids()).toEqual(before.pids)
  crash('b')
  await told('group.restarted')
  expect(pids()).toMatchObject({ a: before.pids['a'], d: before.pids['d'] })
  crash('d')
  await told('group.restarted', 2)
  const [a] = [fleet.status('a').pid]
  expect(a).not.toBe(before.pids['a'])
  // One that waits for a group that goes.
  await fleet.orchestrator.reload(four(), [group({ services: ['b', 'c'], restart: { delay: 3_600_000, maxDelay: 3_600_000 } })])
  expect(fleet.status('a').pid).toBe(a)
  crash('c')
  await reach('backingOff')
  await fleet.orchestrator.reload(four(), [])
  await up('a', 'b', 'c', 'd')
  expect(shown()).toBeUndefined()
  // From now on each decides alone.
  const { b } = pids()
  crash('c')
  await fleet.fact('c', 'service.restarting')
  await up('c')
  expect(pids()['b']).toBe(b)
})

test.each(['one_for_all', 'one_for_one'] as const)(
  '%s: whoever is still being stopped by a group when a reload takes that away is started again',
  async (strategy) => {
    const release = join(folder, 'release')
    const script = 'trap \'while ! test -e "$0"; do sleep 0.02; done; exit 0\' TERM; echo up; while :; do sleep 0.02; done'
    const services = [worker('a'), worker('b', { args: ['-c', script, release] })]
    await begin(services, [group({ strategy, services: ['a', 'b'] })])
    if (strategy === 'one_for_all') crash('a')
    else await fleet.call('actor.send', { to: 'group.backend', event: { type: 'RESTART' } })
    await fleet.fact('b', 'service.stopping')
    await fleet.orchestrator.reload(services, [])
    writeFileSync(release, '')
    await fleet.fact('b', 'service.ready', 2)
    await up('a', 'b')
    expect(fleet.status('b').reason).toBe('restarted: it is not in the group that held it any more')
  },
)
