import { rmSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { describe, expect, test } from 'vitest'
import { connect } from '../../src/client/index.ts'
import { isAlive, readStat } from '../../src/actors/proc.ts'
import { markedProcesses } from '../../src/actors/scan.ts'
import { stateIdOf } from '../../src/state-dir.ts'
import { caseFleet, countOf, forever, leadersOf, muchLater, pidIn, saysReady, sh, slowToStop, soon } from '../support/cases.ts'
import { eventually } from '../support/eventually.ts'
import { fixture, modes } from '../support/programs.ts'
import { probe } from '../support/specs.ts'

/** Cases of process-compose: system_test.go, restart_pending_regression_test.go and pc_api_test.go. */

const { start, specOf, file } = caseFleet()

const never = { ...probe, target: { type: 'log', pattern: 'never said' } } as const

describe('concurrent commands', () => {
  test('process-compose TestSystem_ConcurrentRestartRaceCondition: commands from many clients at once leave exactly one, and each is answered', async () => {
    const stateDir = file()
    const socket = `${stateDir}.sock`
    const fleet = await start(
      [
        specOf({ name: 'web', ...sh('echo ready; exec sleep 1000'), readiness: saysReady }),
        specOf({ name: 'slow', ...slowToStop(0.05), readiness: saysReady }),
      ],
      { stateDir, listeners: [{ name: 'control', endpoint: `unix:${socket}`, dialect: 'jsonrpc' }] },
    )
    for (const name of ['web', 'slow']) await fleet.until(name, 'healthy')
    const clients = await Promise.all(Array.from({ length: 10 }, () => connect({ socket })))
    const verbs = ['service.restart', 'service.restart', 'service.start', 'service.stop', 'service.restart'] as const
    // They have all connected: now all of them ask in the same turn.
    const answers = await Promise.allSettled(
      clients.flatMap((client, n) =>
        verbs.flatMap((_, i) =>
          ['web', 'slow'].map((name) => client.call(verbs[(n + i) % verbs.length] ?? 'service.start', { services: [name] })),
        ),
      ),
    )
    const odd = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason as { code: string; message: string }] : []))
    expect(odd.filter(({ code }) => !['failed', 'busy'].includes(code))).toEqual([])
    await fleet.call('service.start', { services: ['web', 'slow'] })
    for (const name of ['web', 'slow']) {
      expect(await leadersOf(fleet, name)).toEqual([fleet.status(name).pid])
      // Never two at once: between two spawns there is an end.
      const order = fleet.factsAbout(name).filter((type) => type === 'service.spawned' || type === 'service.exited')
      expect(order.filter((type, n) => type === 'service.spawned' && order[n - 1] === type)).toEqual([])
      expect(fleet.orchestrator.view.serviceDetail(name)?.op).toBeNull()
    }
    for (const client of clients) client.close()
  })
})

describe('a dependency that is not there yet', () => {
  const pending = () =>
    start([
      specOf({ name: 'db', ...forever, readiness: never, startTimeout: 600_000 }),
      specOf({ name: 'web', ...forever, dependsOn: [{ service: 'db', condition: 'healthy' }] }),
    ])

  test('process-compose TestRestartWhilePendingOnDependency: a restart of what waits goes on waiting, and then starts it once', async () => {
    const flag = file()
    const fleet = await start([
      specOf({
        name: 'db',
        ...forever,
        readiness: { ...probe, target: { type: 'exec', command: '/usr/bin/test', args: ['-e', flag] }, interval: 20 },
        startTimeout: 600_000,
      }),
      specOf({ name: 'web', ...forever, dependsOn: [{ service: 'db', condition: 'healthy' }] }),
    ])
    await fleet.until('web', 'gate')
    await fleet.until('db', 'probing')
    const restarts = [1, 2, 3].map(() => fleet.call('service.restart', { services: ['web'] }))
    await eventually(() => expect(fleet.orchestrator.view.serviceDetail('web')?.op).not.toBeNull())
    expect(fleet.status('web')).toMatchObject({ status: 'waiting', pid: null })
    writeFileSync(flag, '')
    expect((await Promise.all(restarts)).map(({ results }) => results[0]?.outcome)).toEqual(['done', 'done', 'done'])
    expect(countOf(fleet, 'web', 'service.spawned')).toBe(1)
    expect(await leadersOf(fleet, 'web')).toEqual([fleet.status('web').pid])
  })

  test('process-compose TestStopWhilePendingReleasesTheProcess: a stop of what waits is done at once, and cancels its restart', async () => {
    const fleet = await pending()
    await fleet.until('web', 'gate')
    const restart = fleet.call('service.restart', { services: ['web'] }).catch((error: unknown) => error)
    await eventually(() => expect(fleet.orchestrator.view.serviceDetail('web')?.op).not.toBeNull())
    await fleet.call('service.stop', { services: ['web'] })
    expect(await restart).toMatchObject({ code: 'failed', message: expect.stringContaining('stopped by test') as string })
    expect(fleet.status('web')).toMatchObject({ state: 'stopped', desired: 'stop', pid: null })
    expect(fleet.orchestrator.view.serviceDetail('web')?.op).toBeNull()
    // No longer held up: without what it waited for it is asked again, and again stopped.
    await fleet.call('service.start', { services: ['web'], wait: false })
    await fleet.until('web', 'gate')
    await fleet.call('service.stop', { services: ['web', 'db'] })
    expect(countOf(fleet, 'web', 'service.spawned')).toBe(0)
  })
})

describe('stopping', () => {
  test('process-compose TestSystem_StartProcessResetsStaleTerminatingState: a start of what is ending starts it anew', async () => {
    const fleet = await start([specOf({ name: 'web', ...slowToStop(0.3), readiness: saysReady })])
    await fleet.until('web', 'healthy')
    const { pid } = fleet.status('web')
    const stop = fleet.call('service.stop', { services: ['web'] }).catch((error: unknown) => error)
    await fleet.until('web', 'terminating')
    expect((await fleet.call('service.start', { services: ['web'] })).results).toMatchObject([{ outcome: 'done' }])
    expect(await stop).toMatchObject({ code: 'failed', data: { results: [{ outcome: 'cancelled' }] } })
    expect(fleet.status('web')).toMatchObject({ state: 'healthy', desired: 'run' })
    expect(fleet.status('web').pid).not.toBe(pid)
    await fleet.call('service.stop', { services: ['web'] })
    await fleet.call('service.start', { services: ['web'] })
    expect(fleet.status('web').state).toBe('healthy')
  })

  test.each(modes)(
    'process-compose TestSystem_TestTerminatingWithOrphanedChildHoldingPipe: whoever holds its output open does not hold up its stop (%s)',
    async (containment) => {
      const [long, once] = [file(), file()]
      // It has left the group, the session and the environment: by its mark nobody finds it.
      const script = (path: string) => sh(`env -i setsid sh -c 'echo $$ >${path}; exec sleep 1000' & echo ready; exec sleep 1000`)
      const fleet = await start([
        specOf({ name: 'web', ...script(long), containment, readiness: saysReady }),
        specOf({ name: 'job', ...script(once), containment, oneShot: true, restart: { policy: 'on_failure' } }),
      ])
      const strays = [await pidIn(long), await pidIn(once)]
      await fleet.until('web', 'healthy')
      // Its parent dies first, so that it belongs to nobody any more.
      process.kill(fleet.status('web').pid ?? 0, 'SIGKILL')
      await fleet.fact('web', 'service.exited')
      await fleet.call('service.stop', { services: ['web', 'job'] })
      expect(['web', 'job'].map((name) => fleet.status(name).state)).toEqual(['stopped', 'stopped'])
      for (const pid of strays) {
        const stat = readStat(pid)
        if (stat !== null && stat !== undefined && isAlive({ pid, start: stat.start })) process.kill(pid, 'SIGKILL')
      }
    },
  )

  test('process-compose TestSystem_TestRestartingProcessShutDown, TestProcShutDownNoRestart: a shutdown starts nothing again', async () => {
    const fleet = await start([
      specOf({ name: 'always', ...forever, restart: soon }),
      specOf({ name: 'loop', ...sh('exit 1'), restart: { ...soon, maxRestarts: null, stableUptime: 600_000 } }),
      specOf({ name: 'later', ...sh('exit 1'), readiness: saysReady, restart: muchLater }),
    ])
    await fleet.until('later', 'backingOff')
    await fleet.fact('loop', 'service.restarting', 5)
    await fleet.orchestrator.shutdown('the test')
    const [asked, last] = ['system.stopping', 'system.stopped'].map((type) => fleet.facts.findIndex((one) => one.type === type))
    for (const name of ['always', 'loop', 'later']) expect([name, fleet.status(name).phase]).toEqual([name, 'reaped'])
    expect(asked).toBeGreaterThan(0)
    expect(fleet.facts.slice(last).filter(({ type }) => type === 'service.spawned')).toEqual([])
    expect(countOf(fleet, 'always', 'service.spawned')).toBe(1)
    expect(await markedProcesses(stateIdOf(fleet.stateDir))).toEqual([])
  })
})

test('process-compose TestSystem_TestUpdateKeepsProjectAlive: a config without any service, and then with one, is gone over to', async () => {
  const fleet = await start([specOf({ name: 'old', ...forever })])
  await fleet.until('old', 'healthy')
  await fleet.orchestrator.reload([])
  await fleet.fact('old', 'service.removed')
  expect((await fleet.call('system.status', {})).supervisor).toMatchObject({ status: 'running', managed_services: 0 })
  await fleet.orchestrator.reload([specOf({ name: 'new', ...forever })])
  await fleet.until('new', 'healthy')
})

test('process-compose TestReadinessProbeRestart: what never gets ready is restarted as often as it may be, then has failed', async () => {
  const fleet = await start([
    specOf({
      name: 'mute',
      command: fixture('never-ready.sh'),
      readiness: never,
      startTimeout: 100,
      restart: { ...soon, maxRestarts: 2 },
    }),
  ])
  expect((await fleet.fact('mute', 'service.gaveUp')).because).toMatch(/^was not ready within 100 ms.*; gave up after 2 restarts/)
  expect(countOf(fleet, 'mute', 'service.spawned')).toBe(3)
  expect(await leadersOf(fleet, 'mute')).toEqual([])
})

test('process-compose StopProcesses_Partial, *_NameWithSlash: one unknown name stops nothing; of those that fail each is told', async () => {
  const flag = file()
  writeFileSync(flag, '')
  const fleet = await start([
    specOf({ name: 'good', ...forever }),
    specOf({
      name: 'bad',
      ...sh(`test -e ${flag} || exit 7; echo ready; exec sleep 1000`),
      readiness: saysReady,
      restart: muchLater,
    }),
  ])
  for (const name of ['good', 'bad']) await fleet.until(name, 'healthy')
  for (const wrong of ['nobody', 'good/', '../good', 'go+od', 'good%2F', '']) {
    await expect(fleet.call('service.stop', { services: ['good', wrong] })).rejects.toMatchObject({
      code: expect.stringMatching(/^(not_found|invalid_params)$/) as string,
    })
  }
  expect(fleet.status('good')).toMatchObject({ state: 'healthy', desired: 'run' })
  rmSync(flag)
  await expect(fleet.call('service.restart', { services: ['good', 'bad'] })).rejects.toMatchObject({
    code: 'failed',
    message: 'bad was not restarted: exited with code 7; restart 1 of 3, in 10 min',
    data: {
      results: [
        { service: 'good', outcome: 'done', state: 'healthy' },
        { service: 'bad', outcome: 'failed' },
      ],
    },
  })
})
