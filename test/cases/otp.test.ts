import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RestartPolicyName } from '../../src/protocol/service.ts'
import { caseFleet, countOf, forever, leadersOf, muchLater, saysReady, sh, slowToStop, soon } from '../support/cases.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { probe } from '../support/specs.ts'

/** Cases of Erlang/OTP's supervisor_SUITE, with a supervisor of programs. Groups have a file of their own. */

const { start, specOf, file } = caseFleet()

describe('the restart table', () => {
  /** Ends with 0 at SIGUSR1, with 1 at SIGUSR2, and of any other signal as a program does. */
  const child = sh('trap "exit 0" USR1; trap "exit 1" USR2; echo ready; while :; do sleep 0.02; done')
  const policies = { permanent: 'always', transient: 'on_failure', temporary: 'never' } as const

  const ends = ['normal', 'shutdown', 'abnormal'] as const
  const names = Object.entries(policies).flatMap(([type, policy]) =>
    ends.map((end) => [`${type}_${end}`, policy] satisfies [string, RestartPolicyName]),
  )
  let fleet: Fleet
  beforeAll(async () => {
    const restart = { ...soon, maxRestarts: 10 }
    fleet = await startFleet(
      names.map(([name, policy]) => specOf({ name, ...child, readiness: saysReady, restart: { policy, ...restart } })),
    )
    for (const [name] of names) await fleet.until(name, 'healthy')
  })
  afterAll(() => fleet.end())
  const kill = (name: string, signal: NodeJS.Signals): void => void process.kill(fleet.status(name).pid ?? 0, signal)

  /** It ends so: a new process comes, and is the only one. Answers how it ended. */
  async function restarted(name: string, signal: NodeJS.Signals): Promise<string | null> {
    const before = countOf(fleet, name, 'service.ready')
    const { pid, restart_count } = fleet.status(name)
    kill(name, signal)
    await fleet.fact(name, 'service.ready', before + 1)
    expect(fleet.status(name)).toMatchObject({ state: 'healthy', restart_count: restart_count + 1 })
    expect(fleet.status(name).pid).not.toBe(pid)
    expect(await leadersOf(fleet, name)).toEqual([fleet.status(name).pid])
    return (await fleet.fact(name, 'service.exited', before)).because
  }
  /** It ends so: that is all. Answers the reason. */
  async function rested(name: string, signal: NodeJS.Signals, state: 'stopped' | 'failed'): Promise<string | null> {
    const before = countOf(fleet, name, 'service.spawned')
    kill(name, signal)
    await fleet.until(name, state)
    expect(fleet.status(name)).toMatchObject({ pid: null, phase: 'reaped' })
    expect(countOf(fleet, name, 'service.spawned')).toBe(before)
    expect(countOf(fleet, name, 'service.restarting')).toBe(0)
    expect(await leadersOf(fleet, name)).toEqual([])
    return fleet.status(name).reason
  }
  /** We end it: that is the end of it, whatever its policy; the next start begins afresh. Answers the reason. */
  async function stopped(name: string): Promise<string | null> {
    await fleet.call('service.stop', { services: [name] })
    const { reason, ...status } = fleet.status(name)
    expect(status).toMatchObject({ state: 'stopped', desired: 'stop', pid: null, restart_count: 0 })
    expect(countOf(fleet, name, 'service.restarting')).toBe(0)
    expect(await leadersOf(fleet, name)).toEqual([])
    await fleet.call('service.start', { services: [name] })
    return reason
  }

  test('OTP permanent_normal: always restarts what exits with 0', async () => {
    expect(await restarted('permanent_normal', 'SIGUSR1')).toBe('exited with code 0')
  })

  test('OTP permanent_shutdown: always leaves what we stop, and restarts what somebody else ended by SIGTERM', async () => {
    expect(await stopped('permanent_shutdown')).toBe('stopped by test')
    kill('permanent_shutdown', 'SIGTERM')
    expect((await fleet.fact('permanent_shutdown', 'service.restarting')).because).toMatch(/^was ended by SIGTERM; restart 1 of/)
    await fleet.fact('permanent_shutdown', 'service.ready', 3)
  })

  test('OTP permanent_abnormal: always restarts what exits with 1 and what is killed', async () => {
    expect(await restarted('permanent_abnormal', 'SIGUSR2')).toBe('exited with code 1')
    expect(await restarted('permanent_abnormal', 'SIGKILL')).toBe('was ended by SIGKILL')
  })

  test('OTP transient_normal: on_failure leaves what exits with 0', async () => {
    expect(await rested('transient_normal', 'SIGUSR1', 'stopped')).toContain(
      'restart_policy on_failure does not restart a success',
    )
  })

  test('OTP transient_shutdown: on_failure leaves what we stop; a SIGTERM of somebody else is a failure here', async () => {
    expect(await stopped('transient_shutdown')).toBe('stopped by test')
    kill('transient_shutdown', 'SIGTERM')
    expect((await fleet.fact('transient_shutdown', 'service.restarting')).because).toMatch(/^was ended by SIGTERM; restart 1 of/)
    await fleet.fact('transient_shutdown', 'service.ready', 3)
  })

  test('OTP transient_abnormal: on_failure restarts what exits with 1 and what is killed', async () => {
    expect(await restarted('transient_abnormal', 'SIGUSR2')).toBe('exited with code 1')
    expect(await restarted('transient_abnormal', 'SIGKILL')).toBe('was ended by SIGKILL')
  })

  test('OTP temporary_normal: never leaves what exits with 0', async () => {
    expect(await rested('temporary_normal', 'SIGUSR1', 'stopped')).toBe('exited with code 0; restart_policy is never')
  })

  test('OTP temporary_shutdown: never leaves what we stop and what somebody else ends by SIGTERM', async () => {
    expect(await stopped('temporary_shutdown')).toBe('stopped by test')
    expect(await rested('temporary_shutdown', 'SIGTERM', 'failed')).toBe('was ended by SIGTERM; restart_policy is never')
  })

  test('OTP temporary_abnormal: never leaves what exits with 1 and what is killed', async () => {
    expect(await rested('temporary_abnormal', 'SIGUSR2', 'failed')).toBe('exited with code 1; restart_policy is never')
    await fleet.call('service.start', { services: ['temporary_abnormal'] })
    expect(await rested('temporary_abnormal', 'SIGKILL', 'failed')).toBe('was ended by SIGKILL; restart_policy is never')
  })
})

describe('the tree', () => {
  test('OTP sup_start_normal, sup_start_fail, sup_start_error_return: a start that fails says why and leaves nothing in the way', async () => {
    const stateDir = file()
    writeFileSync(stateDir, 'in the way')
    await expect(start([specOf({ name: 'web', ...forever })], { stateDir })).rejects.toThrow(/f\d+|EEXIST|ENOTDIR/)
    rmSync(stateDir)
    const fleet = await start([specOf({ name: 'web', ...forever })], { stateDir })
    await fleet.until('web', 'healthy')
    await expect(start([specOf({ name: 'web', ...forever })], { stateDir })).rejects.toThrow(/already running as pid/)
    expect(await leadersOf(fleet, 'web')).toEqual([fleet.status('web').pid])
    const empty = await start([])
    expect((await empty.call('system.status', {})).supervisor).toMatchObject({ status: 'running', managed_services: 0 })
  })

  test('OTP sup_start_ignore_temporary_child: a program that is not run stands in no list', async () => {
    const fleet = await start([])
    const program = { type: 'binary', command: '/bin/true' } as const
    await expect(fleet.call('program.run', { program })).rejects.toMatchObject({ code: 'forbidden' })
    const left = (await fleet.call('actor.list', { kind: 'program' })).actors
    expect(left.filter(({ live }) => live)).toEqual([])
  })
})

test('OTP sup_start_child_returns_error, sup_start_restart_child_returns_error: a failing start names its reason and leaves nothing half there', async () => {
  const program = file()
  const install = (): void => {
    writeFileSync(program, '#!/bin/sh\nexec sleep 1000\n')
    chmodSync(program, 0o755)
  }
  const fleet = await start([specOf({ name: 'web', command: program, autostart: false })])
  await expect(fleet.call('service.start', { services: ['web'] })).rejects.toThrow(`${program} was not found`)
  expect(fleet.status('web')).toMatchObject({ state: 'failed', pid: null, phase: 'reaped' })
  install()
  await fleet.call('service.start', { services: ['web'] })
  rmSync(program)
  await expect(fleet.call('service.restart', { services: ['web'] })).rejects.toThrow(`${program} was not found`)
  expect(fleet.status('web')).toMatchObject({ state: 'failed', pid: null, phase: 'reaped' })
  expect(fleet.orchestrator.view.serviceDetail('web')?.op).toBeNull()
  expect(await leadersOf(fleet, 'web')).toEqual([])
  install()
  await fleet.call('service.restart', { services: ['web'] })
  expect(fleet.status('web')).toMatchObject({ state: 'healthy' })
})

test('OTP sup_stop_infinity, sup_stop_timeout, sup_stop_brutal_kill: as long as it takes, until the time is up, or at once', async () => {
  const stubborn = sh('trap "" TERM; echo ready; while :; do sleep 0.02; done')
  const fleet = await start([
    specOf({ name: 'patient', ...slowToStop(0.5), readiness: saysReady, stopGrace: 600_000 }),
    specOf({ name: 'stubborn', ...stubborn, readiness: saysReady, stopGrace: 200 }),
    specOf({ name: 'brutal', ...stubborn, readiness: saysReady, stopGrace: 600_000, stopSignal: 'SIGKILL' }),
  ])
  const names = ['patient', 'stubborn', 'brutal']
  for (const name of names) await fleet.until(name, 'healthy')
  await fleet.call('service.stop', { services: names })
  const causes = await Promise.all(names.map(async (name) => (await fleet.fact(name, 'service.exited')).because))
  expect(causes).toEqual(['exited with code 0', 'was ended by SIGKILL', 'was ended by SIGKILL'])
  expect(names.map((name) => countOf(fleet, name, 'service.killing'))).toEqual([0, 1, 0])
})

test('OTP child_adm, extra_return: what is there already, at rest, unknown or under way is told apart, and asking twice is fine', async () => {
  const fleet = await start([
    specOf({ name: 'web', ...forever }),
    specOf({ name: 'slow', ...slowToStop(0.3), readiness: saysReady }),
    specOf({ name: 'loop', ...sh('exit 1'), restart: muchLater }),
  ])
  const { call, status } = fleet
  const [web] = (await call('service.start', { services: ['web', 'web'] })).results
  const again = await call('service.start', { services: ['web'] })
  // Already started: the same process, told with its pid and its state.
  expect(again.results).toMatchObject([{ service: 'web', outcome: 'done', state: 'healthy', pid: web?.pid ?? 0 }])
  expect(countOf(fleet, 'web', 'service.spawned')).toBe(1)
  await expect(call('service.stop', { services: ['wbe'] })).rejects.toMatchObject({ code: 'not_found', data: { nearest: 'web' } })
  // Stopped twice, also at the same time.
  await fleet.until('slow', 'healthy')
  const stops = await Promise.all([call('service.stop', { services: ['slow'] }), call('service.stop', { services: ['slow'] })])
  expect(stops.map(({ results }) => results[0]?.outcome)).toEqual(['done', 'done'])
  await call('service.stop', { services: ['slow'] })
  expect(countOf(fleet, 'slow', 'service.exited')).toBe(1)
  // Present and at rest: a start and a restart both start it.
  expect((await call('service.restart', { services: ['slow'] })).results).toMatchObject([{ outcome: 'done', state: 'healthy' }])
  // Restarting: known as that, and not started twice.
  await fleet.until('loop', 'backingOff')
  expect(status('loop')).toMatchObject({ status: 'backing_off', desired: 'run', pid: null })
  await call('service.stop', { services: ['loop'] })
  expect(status('loop')).toMatchObject({ status: 'stopped', desired: 'stop' })
})

test('OTP hanging_restart_loop: while one is stuck in its restart everything answers, a stop works, and a shutdown does not hang', async () => {
  const fleet = await start([
    specOf({ name: 'loop', ...sh('exit 1'), readiness: saysReady, restart: muchLater }),
    specOf({
      name: 'mute',
      ...forever,
      readiness: { ...probe, target: { type: 'log', pattern: 'never' } },
      startTimeout: 600_000,
    }),
    specOf({ name: 'needy', ...forever, dependsOn: [{ service: 'mute', condition: 'healthy' }] }),
    specOf({ name: 'calm', ...forever }),
  ])
  await fleet.until('loop', 'backingOff')
  await fleet.until('mute', 'probing')
  await fleet.until('needy', 'gate')
  await fleet.until('calm', 'healthy')
  const { services } = await fleet.call('system.status', {})
  expect(Object.entries(services).map(([name, one]) => [name, one.status])).toEqual([
    ['loop', 'backing_off'],
    ['mute', 'starting'],
    ['needy', 'waiting'],
    ['calm', 'running'],
  ])
  // Each hears what is asked of it; the restart fails as the program does, and waits again.
  await expect(fleet.call('service.restart', { services: ['loop'] })).rejects.toMatchObject({ code: 'failed' })
  await expect(fleet.call('service.start', { services: ['loop'] })).rejects.toMatchObject({ code: 'failed' })
  await fleet.call('service.stop', { services: ['loop', 'needy'] })
  expect(fleet.status('loop').state).toBe('stopped')
  await expect(fleet.call('service.start', { services: ['loop'] })).rejects.toMatchObject({ code: 'failed' })
  await fleet.orchestrator.shutdown('the test')
  expect(['loop', 'mute', 'needy', 'calm'].filter((name) => fleet.status(name).phase !== 'reaped')).toEqual([])
  // Nothing that waited has come after all.
  expect(countOf(fleet, 'needy', 'service.spawned')).toBe(0)
})

test('OTP count_children, count_restarting_children: the counts are right for a thousand and for two thousand, also with some restarting', async () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => specOf({ name: `s${n}`, ...forever, autostart: false }))
  const loops = ['a', 'b', 'c'].map((name) => specOf({ name, ...sh('exit 1'), restart: muchLater }))
  const fleet = await start([...many(1_000), ...loops])
  for (const { name } of loops) await fleet.until(name, 'backingOff')
  const count = async (): Promise<Record<string, number>> => {
    const { services, supervisor } = await fleet.call('system.status', {})
    const counts: Record<string, number> = { all: supervisor.managed_services }
    for (const { status } of Object.values(services)) counts[status] = (counts[status] ?? 0) + 1
    return counts
  }
  expect(await count()).toEqual({ all: 1_003, stopped: 1_000, backing_off: 3 })
  await fleet.orchestrator.reload([...many(2_000), ...loops])
  expect(await count()).toEqual({ all: 2_003, stopped: 2_000, backing_off: 3 })
})
