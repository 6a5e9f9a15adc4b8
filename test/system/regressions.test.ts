import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { bootId } from '../../src/actors/proc.ts'
import { sealSpec } from '../../src/keeper.ts'
import { reconcile } from '../../src/machines/reconcile.ts'
import type { Journal } from '../../src/protocol/journal.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { ServiceRecord } from '../../src/protocol/record.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { openJournal } from '../../src/store/journal.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { probe, specOf } from '../support/specs.ts'

/** One test for each defect that was found and mended. */

let fleet: Fleet | undefined
const folder = mkdtempSync(join(tmpdir(), 'hyphae-regressions-'))
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const start = async (...args: Parameters<typeof startFleet>): Promise<Fleet> => {
  fleet = await startFleet(...args)
  return fleet
}
const sh = (script: string) => ({ command: '/bin/sh', args: ['-c', script], workingDir: folder })
const later = { ...probe, target: { type: 'log', pattern: 'never said' } } as const

test('a shutdown in the middle of starting more services than are told in one turn stops all of them (OTP: simple_one_for_one_scale_many_temporary_children)', async () => {
  const names = Array.from({ length: limits.eventSlice * 3 }, (_, i) => `s${i}`)
  const one = await start(names.map((name) => specOf({ name, ...sh('exec sleep 1000'), autostart: false })))
  const starting = one.call('service.start', { services: names }).catch((error: unknown) => error)
  await one.orchestrator.shutdown('me')
  expect(await starting).toMatchObject({ code: expect.stringMatching(/shutting_down|failed/) as string })
  expect(names.filter((name) => one.status(name).phase !== 'reaped')).toEqual([])
})

test('a restart of a service that then stops by itself answers, and lets go of the slot', async () => {
  const one = await start([
    specOf({ name: 'web', ...sh('exit 0'), readiness: later, autostart: false, restart: { policy: 'on_failure' } }),
  ])
  await expect(one.call('service.start', { services: ['web'] })).rejects.toMatchObject({ code: 'failed' })
  await expect(one.call('service.restart', { services: ['web'] })).rejects.toMatchObject({
    code: 'failed',
    message: 'web was not restarted: exited with code 0; restart_policy on_failure does not restart a success',
  })
  expect(one.orchestrator.view.serviceDetail('web')?.op).toBeNull()
})

test('a restart of a service whose dependency failed for good answers why', async () => {
  const one = await start([
    specOf({ name: 'db', ...sh('exit 1'), readiness: later, restart: { policy: 'never' } }),
    specOf({ name: 'web', ...sh('exec sleep 1000'), dependsOn: [{ service: 'db', condition: 'healthy' }] }),
  ])
  await one.until('db', 'failed')
  await expect(one.call('service.restart', { services: ['web'] })).rejects.toMatchObject({
    message: 'web was not restarted: cannot start: db failed: exited with code 1; restart_policy is never',
  })
})

test('after a restart for being unhealthy no dead pid is shown', async () => {
  const one = await start([
    specOf({
      name: 'web',
      ...sh('exec sleep 1000'),
      liveness: { ...probe, target: { type: 'exec', command: '/bin/false', args: [] }, interval: 20, failures: 1 },
      restart: { delay: 600_000, maxDelay: 600_000 },
    }),
  ])
  await one.until('web', 'backingOff')
  expect(one.status('web')).toMatchObject({ pid: null, uptime: 0, containment: null })
})

test('results of more restarts than are remembered are all answered', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `s${i}`)
  const one = await start(names.map((name) => specOf({ name, ...sh('exec sleep 1000') })))
  for (const name of names) await one.until(name, 'healthy')
  const { results } = await one.call('service.restart', { services: names })
  expect(results.map(({ outcome }) => outcome)).toEqual(names.map(() => 'done'))
})

test('a one-shot is restarted when it has completed, not when it runs', async () => {
  const one = await start([specOf({ name: 'job', ...sh('sleep 0.2'), oneShot: true, restart: { policy: 'on_failure' } })])
  await one.until('job', 'completed')
  expect((await one.call('service.restart', { services: ['job'] })).results).toMatchObject([
    { outcome: 'done', state: 'completed' },
  ])
})

test('a shutdown leaves what had failed as it was', async () => {
  const one = await start([specOf({ name: 'web', ...sh('exit 3'), restart: { policy: 'never' } })])
  await one.until('web', 'failed')
  await one.orchestrator.shutdown('me')
  expect(one.status('web')).toMatchObject({ state: 'failed', reason: 'exited with code 3; restart_policy is never' })
})

test('RESTART as an event is refused while a workflow holds the service', async () => {
  const one = await start([
    specOf({ name: 'web', ...sh('trap "sleep 0.3; exit 0" TERM; echo trapped; while :; do sleep 0.02; done') }),
  ])
  await eventually(async () => expect((await one.call('logs.read', {})).lines).toMatchObject([{ line: 'trapped' }]))
  const restart = one.call('service.restart', { services: ['web'] })
  await eventually(() => expect(one.orchestrator.view.serviceDetail('web')?.op).not.toBeNull())
  await expect(one.call('actor.send', { to: 'service.web', event: { type: 'RESTART' } })).rejects.toMatchObject({ code: 'busy' })
  await restart
})

test('an input with far too many values is refused before a schema looks at each', async () => {
  const one = await start([specOf({ name: 'web', ...sh('exec sleep 1000') })])
  await expect(one.call('service.start', { services: Array.from({ length: 500_000 }, () => 1) as never })).rejects.toMatchObject({
    code: 'too_large',
  })
})

test('what may have run and ended before its start was written down is not taken for reported', async () => {
  const puts: ServiceRecord[] = []
  const one = await start([specOf({ name: 'job', ...sh('exit 0'), oneShot: true })], {
    openJournal: async (settings) => {
      const opened = await openJournal(settings)
      const put: Journal['put'] = (record) => {
        if (record.kind === 'service') puts.push(record.value as ServiceRecord)
        opened.journal.put(record)
      }
      // Its own getters stay.
      return { ...opened, journal: Object.create(opened.journal, { put: { value: put } }) as Journal }
    },
  })
  await one.until('job', 'completed')
  await eventually(() => expect(puts.at(-1)?.outcome).toBe('completed'))
  const [first] = puts
  // Killed here, a start finds the exit of an incarnation that nobody has heard of, and does not run the job again.
  expect(first).toMatchObject({ generation: 1, leader: null, incarnation: null, outcome: null })
  expect(puts.filter(({ leader }) => leader !== null).length).toBeGreaterThan(0)
  expect(puts.filter(({ leader, incarnation }) => leader !== null && incarnation === null)).toEqual([])
  const seal = (spec: ServiceSpec): ServiceRecord['spec'] => sealSpec(spec)
  const spec = specOf({ name: 'job', ...sh('exit 0'), oneShot: true })
  const incarnation = puts.at(-1)?.incarnation ?? ''
  const desired = { specs: [spec], records: new Map([['job', first as ServiceRecord]]), fresh: false, boot: bootId, seal }
  const observed = new Map([['job', { incarnations: [], contained: [], exits: [incarnation], supervised: null, leaving: false }]])
  expect(reconcile(desired, observed).map((step) => step.do)).toEqual(['create', 'adopt'])
})

test('a shutdown of what was closed already is over at once, and leaves what it left', async () => {
  const one = await start([specOf({ name: 'web', ...sh('exec sleep 1000') })])
  await one.until('web', 'healthy')
  const { pid } = one.status('web')
  await one.leave()
  await one.orchestrator.shutdown('me')
  const { stateDir } = one
  const next = await start([specOf({ name: 'web', ...sh('exec sleep 1000') })], { stateDir })
  await next.until('web', 'healthy')
  expect(next.status('web').pid).toBe(pid)
})
