import { mkdirSync, renameSync, rmSync } from 'node:fs'
import process from 'node:process'
import { afterEach, describe, expect, test } from 'vitest'
import { decideRestart } from '../../src/machines/restart-policy.ts'
import type { Exit } from '../../src/protocol/exit.ts'
import { limits } from '../../src/protocol/limits.ts'
import { noHistory, type RestartHistory } from '../../src/protocol/restart.ts'
import type { Ended, ServiceSpec } from '../../src/protocol/service.ts'
import { caseFleet, countOf, forever, saysReady, sh, soon } from '../support/cases.ts'
import { isAlive } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { simulated } from '../support/simulated-service.ts'
import { endedBy as ended, specOf as plain } from '../support/specs.ts'
import { siege, type Siege } from '../support/up.ts'

/** Cases of Nomad's client: restarts_test.go, e2e/clientstate, task_runner_test.go and the executor's. */

const { start, specOf, file } = caseFleet()

const exited = (code: number): Exit => ({ kind: 'exited', code })
/** What is decided about so many ends in a row, each so many ms after the last. */
function decisions(spec: ServiceSpec, exit: Exit, count: number, every = 1, more: Partial<Ended> = {}) {
  let history: RestartHistory = noHistory
  return Array.from({ length: count }, (_, n) => {
    const at = 100_000 + n * every
    const one = decideRestart(spec, history, ended(exit, { at, readyAt: at, ...more }))
    history = one.history
    return one.decision
  })
}

describe('the restart tracker', () => {
  test('nomad RestartTracker_ModeDelay: without a limit it goes on, never before its delay nor long after its longest', () => {
    const spec = plain({ restart: { maxRestarts: null, delay: 1_000, maxDelay: 8_000, jitter: 0.25 } })
    for (const dice of [0, 0.5, 0.999]) {
      const all = decisions(spec, exited(1), 50, 1, { dice })
      expect(all.filter(({ kind }) => kind !== 'restart')).toEqual([])
      const delays = all.map((one) => (one.kind === 'restart' ? one.delay : 0))
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(1_000)
      expect(Math.max(...delays)).toBeLessThanOrEqual(8_000 * 1.25)
    }
  })

  test('nomad RestartTracker_ModeFail, ZeroAttempts: after its attempts it has failed; with none of them at its first end', () => {
    for (const attempts of [0, 1, 2, 10]) {
      const spec = plain({ restart: { maxRestarts: attempts, window: 60_000 } })
      const kinds = decisions(spec, exited(1), attempts + 1).map(({ kind }) => kind)
      expect(kinds).toEqual([...Array.from({ length: attempts }, () => 'restart'), 'gaveUp'])
    }
  })

  /** Type of job x what it is for -> what a success leads to, and what a failure. A sidecar is a service like any other. */
  const lifecycle: ReadonlyArray<readonly [string, Parameters<typeof plain>[0], string, string]> = [
    ['service, main', { restart: { policy: 'always' } }, 'restart', 'restart'],
    ['service, sidecar', { restart: { policy: 'always' } }, 'restart', 'restart'],
    ['service, prestart or poststop', { oneShot: true, restart: { policy: 'on_failure' } }, 'completed', 'restart'],
    ['service, poststart', { oneShot: true, restart: { policy: 'never' } }, 'completed', 'failed'],
    ['batch, main', { restart: { policy: 'on_failure' } }, 'stopped', 'restart'],
    ['batch, one-shot', { oneShot: true, restart: { policy: 'on_failure' } }, 'completed', 'restart'],
    ['batch without attempts', { restart: { policy: 'on_failure', maxRestarts: 0 } }, 'stopped', 'gaveUp'],
    ['service without attempts', { restart: { policy: 'always', maxRestarts: 0 } }, 'gaveUp', 'gaveUp'],
    ['neither', { restart: { policy: 'never' } }, 'stopped', 'failed'],
  ]
  test.each(lifecycle)('nomad RestartTracker_Lifecycle, NoRestartOnSuccess: %s', (_, spec, success, failure) => {
    const kindOf = (code: number) => decideRestart(plain(spec), noHistory, ended(exited(code))).decision.kind
    expect([kindOf(0), kindOf(1)]).toEqual([success, failure])
  })

  test('nomad RestartTracker_TaskKilled, RestartTriggered, RestartTriggered_Failure: what was asked for is free, a failed health check is not', () => {
    const one = simulated(plain({ restart: { maxRestarts: 1, delay: 1_000 } }))
    one.send({ type: 'START', at: 0 })
    one.spawned()
    for (let n = 0; n < 5; n++) {
      one.send({ type: 'RESTART', at: 0, by: 'me' })
      one.exited(143)
      one.spawned()
    }
    expect(one.context()).toMatchObject({ restartCount: 5, history: noHistory })
    // Killed on request: no decision at all, whatever its exit code.
    one.send({ type: 'STOP', at: 0 })
    one.exited(1)
    expect([one.state(), one.context().decision]).toEqual(['stopped', null])
    const because = 'was unhealthy: 3 failed checks in a row'
    const spent = decideRestart(plain({ restart: { maxRestarts: 1 } }), noHistory, ended(exited(0), { because }))
    expect(spent).toMatchObject({ decision: { kind: 'restart', attempt: 1 }, history: { streak: 1 } })
  })

  test('nomad RestartTracker_StartError_Recoverable_Fail, _Delay: what may come back is tried again, what will not is not', () => {
    const refused = (passing: boolean): Exit => ({ kind: 'unspawnable', because: 'no', passing })
    const spec = plain({ restart: { maxRestarts: 1 } })
    expect(decisions(spec, refused(true), 20)).toMatchObject(Array.from({ length: 20 }, () => ({ delay: limits.scarceRetry })))
    expect(decisions(spec, refused(false), 1)).toMatchObject([{ kind: 'failed' }])
    // A policy that starts nothing again does not do so for this either.
    const never = plain({ restart: { policy: 'never' } })
    expect(decisions(never, refused(true), 1)).toMatchObject([{ kind: 'failed' }])
  })
})

describe('the state of the client', () => {
  let one: Siege | undefined
  afterEach(async () => {
    await one?.end()
    one = undefined
  })

  test(
    'nomad TestClientState_Kill, _KillDuringRestart, TaskRunner_Restore_Kill: kill -9 in a tight loop; a task keeps its pid, and no count of restarts goes down',
    { timeout: 90_000 },
    async () => {
      const fleet = (one = siege({
        services: {
          task: { command: '/bin/sleep', args: ['100000'] },
          loop: { ...sh('sleep 0.05; exit 1') },
          stubborn: {
            ...sh('trap "" TERM; echo ready; while :; do sleep 0.05; done'),
            readiness: { log: 'ready' },
            stop_grace: 1,
          },
        },
      }))
      /** As soon as it answers, whatever it is about to do. */
      const answered = (pid: number, least: number) =>
        eventually(async () => {
          const { supervisor, services } = await fleet.status()
          expect(supervisor.pid).toBe(pid)
          expect(services['loop']?.restart_count).toBeGreaterThanOrEqual(least)
          return { pid: services['task']?.pid ?? 0, count: services['loop']?.restart_count ?? 0 }
        }, 30_000)
      let { pid, count } = { pid: 0, count: 0 }
      for (let round = 0; round < 4; round++) {
        const up = fleet.launch()
        // In every other round some more restarts are waited for; then each of them begins with some.
        const seen = await answered(up.pid, round % 2 === 0 ? count + 2 : 0)
        expect(seen.count).toBeGreaterThanOrEqual(count)
        count = seen.count
        // What was counted when something is acknowledged is kept, as that is.
        const { results } = await fleet.ask((client) => client.call('service.start', { services: ['task'] }))
        pid ||= results[0]?.pid ?? 0
        await fleet.kill(up)
        expect([round, results[0]?.pid, isAlive(pid)]).toEqual([round, pid, true])
      }
      // And killed in the middle of a stop: the next one brings it to its end.
      const stopping = fleet.launch()
      const stubborn = await eventually(async () => {
        const { supervisor, services } = await fleet.status()
        expect([supervisor.pid, services['stubborn']?.state]).toEqual([stopping.pid, 'healthy'])
        return services['stubborn']?.pid ?? 0
      }, 30_000)
      await fleet.ask((client) => client.call('service.stop', { services: ['stubborn'], wait: false }))
      await fleet.kill(stopping)
      const last = fleet.launch()
      await eventually(async () => {
        const { supervisor, services } = await fleet.status()
        expect([supervisor.pid, supervisor.status]).toEqual([last.pid, 'running'])
        expect(services['task']).toMatchObject({ pid, restart_count: 0, generation: 1 })
        expect(services['loop']?.restart_count).toBeGreaterThanOrEqual(count)
        expect(services['stubborn']).toMatchObject({ state: 'stopped', desired: 'stop', pid: null, restart_count: 0 })
      }, 30_000)
      expect(isAlive(stubborn)).toBe(false)
    },
  )

  test('nomad AllocRunner_Restore_MissingAllocDir: a working folder that has gone meanwhile is no reason to end what runs in it', async () => {
    const workingDir = file()
    mkdirSync(workingDir)
    const specs = [specOf({ name: 'web', ...forever, workingDir })]
    const before = await start(specs)
    await before.until('web', 'healthy')
    const { pid } = before.status('web')
    const { stateDir } = before
    await before.leave()
    renameSync(workingDir, `${workingDir}.gone`)
    const after = await start(specs, { stateDir })
    await after.until('web', 'healthy')
    expect(after.status('web').pid).toBe(pid)
    await expect(after.call('service.restart', { services: ['web'] })).rejects.toThrow(/working directory .* does not exist/)
    expect(after.status('web')).toMatchObject({ state: 'failed', pid: null })
    renameSync(`${workingDir}.gone`, workingDir)
    await after.call('service.start', { services: ['web'] })
    expect(after.status('web')).toMatchObject({ state: 'healthy' })
    rmSync(workingDir, { recursive: true })
  })
})

test('nomad TaskRunner_Stop_ExitCode, RestartSignalTask_NotRunning, executor SignalCatching, WaitExitSignal: how it ended is told as it was', async () => {
  const fleet = await start([
    specOf({
      name: 'code',
      ...sh('trap "exit 77" TERM; echo ready; while :; do sleep 0.02; done'),
      readiness: saysReady,
    }),
    specOf({
      name: 'catches',
      ...sh('trap "exit 5" INT; trap "" TERM; echo ready; while :; do sleep 0.02; done'),
      readiness: saysReady,
      stopSignal: 'SIGINT',
    }),
    specOf({ name: 'signal', ...forever, restart: soon }),
  ])
  for (const name of ['code', 'catches', 'signal']) await fleet.until(name, 'healthy')
  await fleet.call('service.stop', { services: ['code', 'catches'] })
  const endOf = async (name: string) => (await fleet.fact(name, 'service.exited')).data
  expect(await endOf('code')).toMatchObject({ exit: { kind: 'exited', code: 77 }, planned: true })
  expect(await endOf('catches')).toMatchObject({ exit: { kind: 'exited', code: 5 }, planned: true })
  process.kill(fleet.status('signal').pid ?? 0, 'SIGSEGV')
  await fleet.fact('signal', 'service.restarting')
  expect(await endOf('signal')).toMatchObject({ exit: { kind: 'signalled', signal: 'SIGSEGV' }, planned: false })
  // A restart of what is not running starts it; whatever else is sent to its process finds none.
  await fleet.call('service.restart', { services: ['code'] })
  expect(countOf(fleet, 'code', 'service.spawned')).toBe(2)
  await expect(fleet.call('actor.send', { to: 'process.catches', event: { type: 'KILL' } })).rejects.toMatchObject({
    code: 'not_accepted',
  })
})
