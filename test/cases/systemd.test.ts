import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { expect, test } from 'vitest'
import { caseFleet, countOf, forever, leadersOf, muchLater, saysReady, sh, slowToStop, soon } from '../support/cases.ts'
import { eventually } from '../support/eventually.ts'
import { simulated } from '../support/simulated-service.ts'
import { specOf as plain } from '../support/specs.ts'

/** Cases of systemd's integration units: TEST-07-PID1, TEST-23 and TEST-59. */

const { start, specOf, file } = caseFleet()

test('systemd TEST-23 oneshot-restart: with two restarts exactly "aaa" is written, and nothing after that', async () => {
  const written = file()
  const fleet = await start([
    specOf({
      name: 'job',
      ...sh(`printf a >>${written}; exit 1`),
      oneShot: true,
      restart: { policy: 'on_failure', ...soon, maxRestarts: 2 },
    }),
  ])
  await fleet.fact('job', 'service.gaveUp')
  expect(readFileSync(written, 'utf8')).toBe('aaa')
  expect(fleet.status('job')).toMatchObject({ state: 'failed', restart_count: 2, pid: null })
  // Nobody is left who could write a fourth: neither a process nor a delay.
  expect(await leadersOf(fleet, 'job')).toEqual([])
  const one = simulated(plain({ oneShot: true, restart: { policy: 'on_failure', delay: 1_000, maxRestarts: 2 } }))
  one.send({ type: 'START', at: 0 })
  for (let n = 0; n < 3; n++) {
    one.spawned()
    one.exited(1)
    one.clock.increment(10_000)
  }
  one.clock.increment(30 * 86_400_000)
  expect([one.state(), one.spawns()]).toEqual(['failed', 3])
})

test('systemd TEST-07-PID1 start-limit: stopping slowly five times spends no restarts', async () => {
  const fleet = await start([
    specOf({
      name: 'slow',
      ...slowToStop(0.15),
      readiness: saysReady,
      restart: { ...soon, maxRestarts: 1, window: 600_000, stableUptime: 600_000 },
    }),
  ])
  for (let n = 0; n < 5; n++) {
    await fleet.call('service.stop', { services: ['slow'] })
    await fleet.call('service.start', { services: ['slow'] })
  }
  for (let n = 0; n < 3; n++) await fleet.call('service.restart', { services: ['slow'] })
  expect(fleet.status('slow')).toMatchObject({ state: 'healthy', restart_count: 3 })
  expect((await fleet.call('service.explain', { service: 'slow' })).restarts_in_window).toBe(0)
  // The one that it has is there for a crash; the crash after that is one too many.
  const ready = countOf(fleet, 'slow', 'service.ready')
  process.kill(fleet.status('slow').pid ?? 0, 'SIGKILL')
  await fleet.fact('slow', 'service.ready', ready + 1)
  process.kill(fleet.status('slow').pid ?? 0, 'SIGKILL')
  expect((await fleet.fact('slow', 'service.gaveUp')).because).toMatch(
    /^was ended by SIGKILL; gave up after 1 restart within 10 min/,
  )
})

test('systemd TEST-07-PID1 issue-3166: what fails when it is restarted ends as failed, after as many restarts as it has', async () => {
  const flag = file()
  writeFileSync(flag, '')
  const fleet = await start([
    specOf({
      name: 'web',
      ...sh(`test -e ${flag} || exit 9; echo ready; exec sleep 1000`),
      readiness: saysReady,
      restart: { ...soon, maxRestarts: 3 },
    }),
    specOf({ name: 'needy', ...forever, dependsOn: [{ service: 'web', condition: 'healthy' }] }),
  ])
  await fleet.until('needy', 'healthy')
  const { pid } = fleet.status('needy')
  rmSync(flag)
  process.kill(fleet.status('web').pid ?? 0, 'SIGKILL')
  await fleet.fact('web', 'service.gaveUp')
  expect(fleet.status('web')).toMatchObject({ state: 'failed', restart_count: 3, pid: null })
  expect(countOf(fleet, 'web', 'service.spawned')).toBe(4)
  // Whoever needed it at its start runs on.
  expect(fleet.status('needy')).toMatchObject({ state: 'healthy', pid })
})

test('systemd TEST-59-RELOADING-RESTART: what ends while its config is gone over to is failed, and nothing stays in between', async () => {
  const flag = file()
  writeFileSync(flag, '')
  const script = (n: number) =>
    sh(`test -e ${flag} || exit ${n}; trap "sleep 0.1; exit 3" TERM; echo ready; while :; do sleep 0.02; done`)
  const spec = (n: number) => specOf({ name: 'web', ...script(n), readiness: saysReady, restart: { policy: 'never' } })
  const fleet = await start([spec(1)])
  await fleet.until('web', 'healthy')
  // It ends by itself in the very moment in which it is to be restarted with its new config.
  rmSync(flag)
  const { pid } = fleet.status('web')
  const reload = fleet.orchestrator.reload([spec(2)])
  process.kill(pid ?? 0, 'SIGKILL')
  await reload
  await fleet.until('web', 'failed')
  expect(fleet.status('web').reason).toMatch(/^(exited with code 2|was ended by SIGKILL); restart_policy is never/)
  expect(await leadersOf(fleet, 'web')).toEqual([])
  // In a tight loop each is carried out or refused as one too many, and the last one holds.
  writeFileSync(flag, '')
  for (let n = 10; n < 40; n++) await fleet.orchestrator.reload([spec(n)])
  await fleet.until('web', 'healthy')
  const { spec: now } = await fleet.call('service.explain', { service: 'web' })
  expect(now).toMatchObject(specArgs(spec(39).args))
  await eventually(async () => expect(await leadersOf(fleet, 'web')).toEqual([fleet.status('web').pid]))
  expect((await fleet.call('actor.list', { kind: 'reload' })).actors.filter(({ live }) => live)).toEqual([])
})
const specArgs = (args: readonly string[]) => ({ args: [...args] })

test('systemd TEST-07-PID1 subgroup-kill: a KILL is for what is stopping, reaches its group alone, and says when there is nothing to kill', async () => {
  const fleet = await start([
    specOf({
      name: 'web',
      ...sh('trap "" TERM; echo ready; while :; do sleep 0.02; done'),
      readiness: saysReady,
      stopGrace: 600_000,
    }),
    specOf({ name: 'calm', ...forever }),
  ])
  for (const name of ['web', 'calm']) await fleet.until(name, 'healthy')
  const kill = () => fleet.call('actor.send', { to: 'process.web', event: { type: 'KILL' } })
  await expect(kill()).rejects.toMatchObject({ message: expect.stringContaining('KILL') as string })
  expect(fleet.status('web').state).toBe('healthy')
  const stop = fleet.call('service.stop', { services: ['web'] })
  await fleet.until('web', 'terminating')
  await kill()
  await stop
  expect((await fleet.fact('web', 'service.exited')).because).toBe('was ended by SIGKILL')
  expect(fleet.status('calm')).toMatchObject({ state: 'healthy', restart_count: 0 })
  await expect(kill()).rejects.toMatchObject({ code: 'not_accepted' })
})

test('systemd TEST-07-PID1 exec-command, type-exec-parallel: many at once that cannot be executed all fail, each start says so', async () => {
  const names = Array.from({ length: 60 }, (_, n) => `s${n}`)
  const fleet = await start(
    names.map((name, n) =>
      n % 2 === 0
        ? specOf({ name, command: `/no/such/${name}`, autostart: false })
        : specOf({ name, ...forever, autostart: false, restart: muchLater }),
    ),
  )
  const answers = await Promise.allSettled(names.map((name) => fleet.call('service.start', { services: [name] })))
  expect(answers.map(({ status }) => status)).toEqual(names.map((_, n) => (n % 2 === 0 ? 'rejected' : 'fulfilled')))
  expect(names.filter((name) => fleet.status(name).state === 'failed')).toEqual(names.filter((_, n) => n % 2 === 0))
})
