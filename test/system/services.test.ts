import { readFileSync, writeFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { isAlive, readStat } from '../../src/actors/proc.ts'
import { markedProcesses } from '../../src/actors/scan.ts'
import { stateIdOf } from '../../src/state-dir.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { fixture, modes } from '../support/programs.ts'
import { specOf as base } from '../support/specs.ts'

let fleet: Fleet | undefined
const folder = mkdtempSync(join(tmpdir(), 'hyphae-system-'))
let count = 0
const file = (): string => join(folder, `f${++count}`)
const specOf = (changes: Parameters<typeof base>[0]): ServiceSpec => base({ workingDir: folder, ...changes })
const sh = (script: string): { command: string; args: string[] } => ({ command: '/bin/sh', args: ['-c', script] })
const start = async (...args: Parameters<typeof startFleet>): Promise<Fleet> => {
  fleet = await startFleet(...args)
  return fleet
}
const pidIn = (path: string) => eventually(() => Number(readFileSync(path, 'utf8')))
const runs = (pid: number): boolean => {
  const stat = readStat(pid)
  return stat !== null && stat !== undefined && isAlive({ pid, start: stat.start })
}
const logReady = {
  target: { type: 'log', pattern: 'ready' },
  interval: 100,
  timeout: 1_000,
  delay: 0,
  failures: 1,
  passes: 1,
} as const
const forever = sh('exec sleep 1000')

afterEach(async () => {
  const stateDir = fleet?.stateDir
  await fleet?.end()
  fleet = undefined
  // Whatever a test does, nothing of its fleet is left.
  if (stateDir !== undefined) expect(await markedProcesses(stateIdOf(stateDir))).toEqual([])
})
afterEach(() => {
  if (count > 1_000) rmSync(folder, { recursive: true, force: true })
})

describe('a fleet', () => {
  test('starts in the order of its dependencies, each condition as it says', async () => {
    const port = file()
    const { fact, facts, until } = await start([
      specOf({ name: 'worker', ...forever, dependsOn: [{ service: 'web', condition: 'healthy' }] }),
      specOf({
        name: 'web',
        command: process.execPath,
        args: [fixture('http-server.mjs'), '0', port],
        dependsOn: [{ service: 'migrate', condition: 'completed' }],
        readiness: {
          target: { type: 'log', pattern: '^ready$' },
          interval: 1_000,
          timeout: 1_000,
          delay: 0,
          failures: 1,
          passes: 1,
        },
      }),
      specOf({ name: 'migrate', ...sh('sleep 0.2'), oneShot: true, restart: { policy: 'on_failure' } }),
      specOf({ name: 'side', ...forever, dependsOn: [{ service: 'web', condition: 'started' }] }),
    ])
    await until('worker', 'healthy')
    await until('side', 'healthy')
    const at = (name: string, type: string): number =>
      facts.findIndex((one) => one.about === `service.${name}` && one.type === type)
    expect((await fact('worker', 'service.waiting')).because).toMatch(/^waits for web to be healthy \(it is /)
    expect(at('migrate', 'service.completed')).toBeLessThan(at('web', 'service.spawned'))
    expect(at('web', 'service.ready')).toBeLessThan(at('worker', 'service.spawned'))
    expect(at('web', 'service.spawned')).toBeLessThan(at('side', 'service.spawned'))
  })

  test('stops dependants first, a layer at a time, and leaves nothing (process-compose: TestSystem_TestProcListShutsDownInOrder; Nomad: AllocRunner_Lifecycle_Shutdown_Order)', async () => {
    const names = ['db', 'api', 'web']
    const slow = sh('trap "sleep 0.2; exit 0" TERM; while :; do sleep 0.05; done')
    const { until, facts, orchestrator } = await start([
      specOf({ name: 'db', ...slow }),
      specOf({ name: 'api', ...slow, dependsOn: [{ service: 'db', condition: 'started' }] }),
      specOf({ name: 'web', ...slow, dependsOn: [{ service: 'api', condition: 'started' }] }),
      specOf({ name: 'other', ...slow, dependsOn: [{ service: 'db', condition: 'started' }] }),
    ])
    for (const name of [...names, 'other']) await until(name, 'healthy')
    await orchestrator.shutdown('me')
    const order = facts
      .filter(({ type }) => type === 'service.stopping' || type === 'service.stopped')
      .map(({ type, about }) => `${about.slice('service.'.length)} ${type.slice('service.'.length)}`)
    expect(order.slice(0, 2).sort()).toEqual(['other stopping', 'web stopping'])
    expect(order.indexOf('api stopping')).toBeGreaterThan(Math.max(order.indexOf('web stopped'), order.indexOf('other stopped')))
    expect(order.slice(-2)).toEqual(['db stopping', 'db stopped'])
  })

  test('a dependency that fails for good is said so, and its recovery opens the gate', async () => {
    const flag = file()
    const { until, status, call } = await start([
      specOf({
        name: 'db',
        ...sh(`test -e ${flag} || exit 1; echo ready; exec sleep 1000`),
        readiness: logReady,
        restart: { policy: 'never' },
      }),
      specOf({ name: 'web', ...forever, dependsOn: [{ service: 'db', condition: 'healthy' }] }),
    ])
    await until('db', 'failed')
    await eventually(() =>
      expect(status('web').reason).toBe('cannot start: db failed: exited with code 1; restart_policy is never'),
    )
    expect(status('web')).toMatchObject({ state: 'gate', phase: 'handshake', status: 'waiting' })
    await expect(call('service.start', { services: ['web'] })).rejects.toThrow(/web was not started|exited with code 1/)
    writeFileSync(flag, '')
    await call('service.start', { services: ['db'] })
    await until('web', 'healthy')
  })
})

describe('restarts', () => {
  test('a crash loop backs off, says which restart it is, and gives up; siblings never notice (supervisord: test_transition_backoff_to_fatal, test_give_up)', async () => {
    const { fact, status, facts } = await start([
      specOf({ name: 'loop', command: fixture('exit.sh'), args: ['3'], restart: { delay: 20, maxDelay: 1_000, maxRestarts: 4 } }),
      specOf({ name: 'calm', ...forever }),
    ])
    const { because } = await fact('loop', 'service.gaveUp')
    expect(because).toBe('exited with code 3; gave up after 4 restarts (max_restarts: 4)')
    expect(facts.filter(({ type }) => type === 'service.restarting').map((one) => one.because)).toEqual([
      'exited with code 3; restart 1 of 4, in 20 ms',
      'exited with code 3; restart 2 of 4, in 40 ms',
      'exited with code 3; restart 3 of 4, in 80 ms',
      'exited with code 3; restart 4 of 4, in 160 ms',
    ])
    expect(facts.filter(({ type, about }) => type === 'service.spawned' && about === 'service.loop')).toHaveLength(5)
    expect(status('loop')).toMatchObject({ state: 'failed', status: 'failed', phase: 'reaped', restart_count: 4, pid: null })
    expect(status('calm')).toMatchObject({ restart_count: 0, state: 'healthy' })
  })

  test('a settled service is spawned again at once', async () => {
    const { until, status, fact } = await start([
      specOf({ name: 'web', ...forever, restart: { stableUptime: 0, delay: 600_000, maxDelay: 600_000 } }),
    ])
    await until('web', 'healthy')
    const { pid } = status('web')
    process.kill(pid ?? 0, 'SIGKILL')
    expect((await fact('web', 'service.restarting')).because).toBe('was ended by SIGKILL; restart 1 of 3, at once')
    await fact('web', 'service.spawned', 2)
    expect(status('web').reason).toBe('restarted after it was ended by SIGKILL (restart 1 of 3)')
    expect(status('web').pid).not.toBe(pid)
  })

  test('a program that cannot be spawned fails with the reason, and nothing spins (systemd: Type=exec; Nomad: executor Start_NonExecutableBinaries)', async () => {
    const { until, status, factsAbout } = await start([
      specOf({ name: 'missing', command: 'no-such-program-anywhere' }),
      specOf({ name: 'plain', command: fixture('not-executable.sh') }),
      specOf({ name: 'folder', command: folder }),
      specOf({ name: 'nowhere', ...forever, workingDir: join(folder, 'missing') }),
    ])
    for (const name of ['missing', 'plain', 'folder', 'nowhere']) await until(name, 'failed')
    expect(status('missing').reason).toMatch(
      /^could not be started: the command "no-such-program-anywhere" was not found in PATH/,
    )
    expect(status('plain').reason).toContain('not executable')
    expect(status('folder').reason).toContain('directory')
    expect(status('nowhere').reason).toContain('missing')
    expect(factsAbout('missing').filter((type) => type === 'service.spawning')).toHaveLength(1)
  })

  test('what never gets ready is ended after its start timeout and backs off', async () => {
    const { fact, status } = await start([
      specOf({
        name: 'mute',
        command: fixture('never-ready.sh'),
        startTimeout: 300,
        readiness: {
          target: { type: 'tcp', host: '127.0.0.1', port: 1 },
          interval: 50,
          timeout: 1_000,
          delay: 0,
          failures: 1,
          passes: 1,
        },
        restart: { delay: 600_000, maxDelay: 600_000, stableUptime: 1 },
      }),
    ])
    expect((await fact('mute', 'service.restarting')).because).toBe(
      'was not ready within 300 ms (not ready yet: connect ECONNREFUSED 127.0.0.1:1); restart 1 of 3, in 10 min',
    )
    expect(status('mute')).toMatchObject({ state: 'backingOff', status: 'backing_off' })
  })

  test('a failing health check restarts the service, and says what failed', async () => {
    const port = file()
    const sick = file()
    const { fact, until } = await start([
      specOf({
        name: 'web',
        ...sh(`echo 1 > ${port}; exec sleep 1000`),
        liveness: {
          target: { type: 'exec', command: '/bin/sh', args: ['-c', `test ! -e ${sick} || { echo broken; exit 9; }`] },
          interval: 50,
          timeout: 5_000,
          delay: 0,
          failures: 2,
          passes: 1,
        },
        restart: { delay: 10, maxDelay: 10 },
      }),
    ])
    await until('web', 'healthy')
    writeFileSync(sick, '')
    const { because } = await fact('web', 'service.unhealthy')
    expect(because).toContain('unhealthy: 2 failed checks in a row')
    expect(because).toContain('broken')
    rmSync(sick)
    await fact('web', 'service.ready', 2)
    expect((await fact('web', 'service.restarting')).because).toContain('was unhealthy')
  })
})

describe.each(modes)('stopping (containment %s)', (containment) => {
  const graceful = { containment, stopGrace: 300 } as const

  test('SIGTERM is enough for the polite; SIGKILL follows the grace for the stubborn (supervisord: test_transition_stops_unkillable; process-compose: TestSystem_TestProcShutDownWithConfiguredTimeOut)', async () => {
    const { until, call, factsAbout, fact } = await start([
      specOf({ name: 'polite', ...forever, ...graceful }),
      specOf({ name: 'stubborn', command: fixture('stubborn.sh'), ...graceful, readiness: logReady }),
    ])
    await until('polite', 'healthy')
    await until('stubborn', 'healthy')
    const { results } = await call('service.stop', { services: ['polite', 'stubborn'] })
    expect(results.map(({ outcome, state }) => [outcome, state])).toEqual([
      ['done', 'stopped'],
      ['done', 'stopped'],
    ])
    expect((await fact('polite', 'service.exited')).because).toBe('was ended by SIGTERM')
    expect((await fact('stubborn', 'service.exited')).because).toBe('was ended by SIGKILL')
    expect((await fact('stubborn', 'service.killing')).because).toBe('still there 300 ms after SIGTERM')
    expect(factsAbout('polite')).not.toContain('service.killing')
  })

  test.each(['forks', 'setsid', 'double-fork', 'stubborn-child'])('%s: nothing is left (OTP: child_unlink)', async (name) => {
    const pidFile = file()
    const { call, until } = await start([specOf({ name: 'web', command: fixture(`${name}.sh`), args: [pidFile], ...graceful })])
    const pid = await pidIn(pidFile)
    await until('web', 'healthy')
    expect(runs(pid)).toBe(true)
    await call('service.stop', { services: ['web'] })
    expect(runs(pid)).toBe(false)
  })

  test.skipIf(containment === 'mark')('env -i setsid: only a cgroup catches it', async () => {
    const pidFile = file()
    const { call } = await start([specOf({ name: 'web', command: fixture('env-setsid.sh'), args: [pidFile], ...graceful })])
    const pid = await pidIn(pidFile)
    await call('service.stop', { services: ['web'] })
    expect(runs(pid)).toBe(false)
  })

  test('what a crashed leader leaves behind is gone before the next one runs (Nomad: executor Start_Wait_Children)', async () => {
    const pidFile = file()
    const { fact } = await start([
      specOf({
        name: 'web',
        command: fixture('leave-behind.sh'),
        args: [pidFile],
        ...graceful,
        restart: { delay: 600_000, maxDelay: 600_000 },
      }),
    ])
    const pid = await pidIn(pidFile)
    await fact('web', 'service.restarting')
    expect(runs(pid)).toBe(false)
  })
})

describe('programs that misbehave', () => {
  test('one that closes its output runs on (supervisord: test_handle_read_event_no_data_closes)', async () => {
    const { until, status } = await start([specOf({ name: 'web', command: fixture('close-stdout.sh') })])
    await until('web', 'healthy')
    expect(runs(status('web').pid ?? 0)).toBe(true)
  })

  test('a flood goes to the file and not through us', async () => {
    const { until, stateDir } = await start([
      specOf({ name: 'flood', command: fixture('flood.sh'), args: ['50'], oneShot: true, restart: { policy: 'on_failure' } }),
    ])
    await until('flood', 'completed')
    expect(readFileSync(join(stateDir, 'logs', 'flood.log')).length).toBe(50 * 1024 * 1024)
  })

  test('a stop that comes before the spawn is done leaves no process (Nomad: executor Start_Kill_Immediately_NoGrace)', async () => {
    const { call, status } = await start([specOf({ name: 'web', ...forever, autostart: false })])
    await Promise.allSettled([
      call('service.start', { services: ['web'], wait: false }),
      call('service.stop', { services: ['web'] }),
    ])
    expect(status('web')).toMatchObject({ state: 'stopped', pid: null, desired: 'stop' })
  })
})

describe('operations', () => {
  test('many restarts at once leave exactly one incarnation, and each caller gets an answer', async () => {
    const { until, call, stateDir, status } = await start([specOf({ name: 'web', ...forever })])
    await until('web', 'healthy')
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => call('service.restart', { services: ['web'] })))
    expect(answers.every(({ status }) => status === 'fulfilled')).toBe(true)
    await until('web', 'healthy')
    const marked = await markedProcesses(stateIdOf(stateDir))
    expect(marked.map(({ pid }) => pid)).toEqual([status('web').pid])
    expect(status('web').restart_count).toBe(1)
  })

  test('a stop wins over a restart under way, which answers that it was cancelled (process-compose: TestStopDuringRestartCancelsTheRestart)', async () => {
    const { until, call } = await start([
      specOf({ name: 'web', command: fixture('stubborn.sh'), stopGrace: 200, readiness: logReady }),
    ])
    await until('web', 'healthy')
    const restart = call('service.restart', { services: ['web'] })
    await until('web', 'terminating')
    const [restarted, stopped] = await Promise.allSettled([restart, call('service.stop', { services: ['web'] })])
    expect(stopped.status).toBe('fulfilled')
    expect(restarted).toMatchObject({
      status: 'rejected',
      reason: { code: 'failed', message: 'web was not restarted: stopped by test' },
    })
    await until('web', 'stopped')
  })

  test('a restart that fails says why, step by step', async () => {
    const flag = file()
    writeFileSync(flag, '')
    const { until, call, orchestrator } = await start([
      specOf({
        name: 'web',
        ...sh(`test -e ${flag} || exit 5; exec sleep 1000`),
        restart: { delay: 600_000, maxDelay: 600_000 },
        readiness: {
          target: { type: 'exec', command: '/bin/true', args: [] },
          interval: 50,
          timeout: 1_000,
          delay: 300,
          failures: 1,
          passes: 1,
        },
      }),
    ])
    await until('web', 'healthy')
    rmSync(flag)
    await expect(call('service.restart', { services: ['web'] })).rejects.toMatchObject({
      code: 'failed',
      message: 'web was not restarted: exited with code 5; restart 1 of 3, in 10 min',
    })
    const run = Array.from(orchestrator.view.actors()).find(({ kind }) => kind === 'restart')
    expect(run).toBeUndefined()
  })

  test('RESTART as an event, to the actor itself', async () => {
    const { until, call, status } = await start([specOf({ name: 'web', ...forever })])
    await until('web', 'healthy')
    const { pid } = status('web')
    const { sent, actor } = await call('actor.send', { to: 'service.web', event: { type: 'RESTART' } })
    expect(sent).toBe('RESTART')
    expect(actor.state).toBe('live.stopping.thenGate')
    await eventually(() => expect([null, pid]).not.toContain(status('web').pid))
    await until('web', 'healthy')
    expect(status('web').reason).toBe('restarted by test')
  })

  test('the metrics of a service are those of its whole group', async () => {
    const { until, call } = await start([
      specOf({
        name: 'web',
        command: process.execPath,
        args: ['-e', 'const a = Buffer.alloc(64e6, 1); setInterval(() => a[0]++, 1000)'],
      }),
      specOf({
        name: 'pair',
        ...sh(`${process.execPath} -e "const a = Buffer.alloc(64e6, 1); setInterval(() => a[0]++, 1000)" & wait`),
      }),
    ])
    await until('web', 'healthy')
    await eventually(async () => {
      const { services, supervisor } = await call('system.status', {})
      expect(services['web']?.memory_mb).toBeGreaterThan(64)
      expect(services['pair']?.memory_mb).toBeGreaterThan(64)
      expect(supervisor).toMatchObject({ managed_services: 2, status: 'running', pid: process.pid })
    })
  })
})

test('a one-shot shows its own pid and is measured with its recorder', async () => {
  const { stateDir, fact, call, status } = await start([
    specOf({ name: 'job', ...forever, oneShot: true, restart: { policy: 'on_failure' }, containment: 'mark' }),
  ])
  const { pid, leader } = (await fact('job', 'service.spawned')).data as { pid: number; leader: { pid: number } }
  expect(status('job').pid).toBe(pid)
  expect(readStat(pid)?.ppid).toBe(leader.pid)
  expect(statSync(join(stateDir, 'exits')).mode & 0o777).toBe(0o700)
  await eventually(async () => {
    const { services } = await call('system.status', {})
    const [program = 0, recorder = 0] = [pid, leader.pid].map((one) => (readStat(one)?.memory ?? 0) / 2 ** 20)
    expect(recorder).toBeGreaterThan(0)
    expect(services['job']?.memory_mb).toBeGreaterThan(program + recorder / 2)
  })
})

test('an incarnation has a mark of its own, and nothing of ours', async () => {
  const report = file()
  process.env['SUPERVISOR_TEST_SECRET'] = 'x'
  const { SUPERVISOR_TEST_SECRET: _, ...environment } = process.env
  const { until } = await start(
    [
      specOf({
        name: 'web',
        command: process.execPath,
        args: [fixture('describe-self.mjs'), report, 'two words', '$HOME', '*'],
        oneShot: true,
        env: { COLOUR: 'blue' },
        restart: { policy: 'on_failure' },
      }),
    ],
    { environment },
  )
  await until('web', 'completed')
  expect(existsSync(report)).toBe(true)
  const seen = JSON.parse(readFileSync(report, 'utf8')) as {
    env: Record<string, string>
    args: string[]
    ppid: number
    group: number
  }
  expect(seen.args).toEqual(['two words', '$HOME', '*'])
  expect(seen.env).toMatchObject({ COLOUR: 'blue', HYPHAE_ID: expect.stringMatching(/\/web\/[0-9a-f]+\.1\.1$/) as string })
  expect(seen.env['SUPERVISOR_TEST_SECRET']).toBeUndefined()
  // Its recorder leads the group.
  expect(seen.group).toBe(seen.ppid)
})
