import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { specOf } from '../support/specs.ts'

let fleet: Fleet
afterEach(() => fleet.end())

const needs = (...services: string[]) => services.map((service) => ({ service, condition: 'healthy' as const }))
const readiness = {
  target: { type: 'log', pattern: 'ready' },
  interval: 50,
  timeout: 1000,
  delay: 0,
  failures: 3,
  passes: 1,
} as const
/** Says when it is ready, and takes a moment to go. */
const program = (name: string, dependsOn: ReturnType<typeof needs> = [], mark = '') =>
  specOf({
    name,
    command: '/bin/sh',
    args: ['-c', `trap 'sleep 0.2; exit 0' TERM; echo ready ${mark}; while :; do sleep 0.05; done`],
    dependsOn,
    readiness,
    startTimeout: 20_000,
  })
const course = (...types: string[]): string[] =>
  fleet.facts.filter(({ type }) => types.includes(type)).map(({ about, type }) => `${about.slice(8)} ${type.slice(8)}`)

test('what is gone goes in order: nothing ends before what needs it has, also over two reloads', async () => {
  fleet = await startFleet([program('db'), program('web', needs('db')), program('edge', needs('web')), program('other')])
  for (const name of ['db', 'web', 'edge', 'other']) await fleet.until(name, 'healthy')
  await fleet.orchestrator.reload([program('other')])
  // Those whose turn has not come still run, and are shown.
  expect(fleet.status('db').state).toBe('healthy')
  await fleet.orchestrator.reload([program('other'), program('new')])
  await fleet.fact('db', 'service.removed')
  expect(course('service.stopping', 'service.removed')).toEqual([
    'edge stopping',
    'edge removed',
    'web stopping',
    'web removed',
    'db stopping',
    'db removed',
  ])
  expect(fleet.orchestrator.view.serviceNames()).toEqual(['other', 'new'])
})

test('what comes back before its turn is not touched', async () => {
  fleet = await startFleet([program('db'), program('web', needs('db'))])
  await fleet.until('web', 'healthy')
  const { pid } = fleet.status('db')
  await fleet.orchestrator.reload([])
  await fleet.orchestrator.reload([program('db')])
  await fleet.fact('web', 'service.removed')
  await fleet.orchestrator.reload([program('db'), program('late')])
  await fleet.until('late', 'healthy')
  expect(fleet.status('db')).toMatchObject({ pid, state: 'healthy' })
})

test('a shutdown while some still wait for their turn stops all of them', async () => {
  fleet = await startFleet([program('db'), program('web', needs('db'))])
  await fleet.until('web', 'healthy')
  await fleet.orchestrator.reload([])
  await fleet.orchestrator.shutdown('the test')
  expect([...fleet.orchestrator.view.actors()].filter(({ kind }) => kind === 'process')).toEqual([])
})

test('what changes comes up after what it needs, whatever their order in the config', async () => {
  // More than are told in one turn stand between them.
  const between = (seconds: string) =>
    Array.from({ length: 70 }, (_, n) => specOf({ name: `s${n}`, command: '/bin/sleep', args: [seconds] }))
  const all = (mark: string) => [
    program('web', needs('db'), mark),
    ...between(mark === '' ? '1000' : '1001'),
    program('db', [], mark),
  ]
  fleet = await startFleet(all(''))
  await fleet.until('web', 'healthy')
  await fleet.orchestrator.reload(all('again'))
  await fleet.fact('web', 'service.ready', 2)
  const order = course('service.spawned', 'service.ready').filter((line) => /^(web|db) /.test(line))
  expect(order.slice(4)).toEqual(['db spawned', 'db ready', 'web spawned', 'web ready'])
})

test('a changed one takes its new config wherever it stands: starting, waiting, backing off, failed, stopping', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'hyphae-states-'))
  const never = { ...program('never'), args: ['-c', 'exec sleep 1000'] }
  const falls = specOf({ name: 'falls', command: '/bin/false', restart: { delay: 60_000, stableUptime: 60_000, maxRestarts: 5 } })
  const once = specOf({ name: 'once', command: '/bin/false', restart: { policy: 'never' } })
  const stops = {
    ...program('stops'),
    args: ['-c', `trap 'while test ! -e ${dir}/go; do sleep 0.02; done; exit 0' TERM; echo ready; while :; do sleep 0.05; done`],
  }
  const waits = program('waits', needs('never'))
  const before = [never, falls, once, stops, waits]
  fleet = await startFleet(before)
  await fleet.until('falls', 'backingOff')
  await fleet.until('once', 'failed')
  await fleet.until('never', 'probing')
  await fleet.until('waits', 'gate')
  await fleet.until('stops', 'healthy')
  await fleet.call('service.stop', { services: ['stops'], wait: false })
  await fleet.until('stops', 'terminating')
  await fleet.orchestrator.reload([
    program('never'),
    program('falls'),
    program('once'),
    program('stops', [], 'new'),
    program('waits', needs('never'), 'new'),
  ])
  for (const name of ['never', 'falls', 'once', 'waits']) await fleet.until(name, 'healthy')
  writeFileSync(join(dir, 'go'), '')
  await fleet.until('stops', 'stopped')
  // It was stopped by hand and stays so; what it is started with next is new.
  await fleet.call('service.start', { services: ['stops'] })
  expect(fleet.status('stops').args).toEqual(program('stops', [], 'new').args)
  rmSync(dir, { recursive: true })
})

test('one that is gone ends wherever it stands', async () => {
  const falls = specOf({ name: 'falls', command: '/bin/false', restart: { delay: 60_000, stableUptime: 60_000, maxRestarts: 5 } })
  const never = { ...program('never'), args: ['-c', 'exec sleep 1000'] }
  fleet = await startFleet([falls, never, program('waits', needs('never')), program('stays')])
  await fleet.until('falls', 'backingOff')
  await fleet.until('waits', 'gate')
  await fleet.orchestrator.reload([program('stays')])
  await eventually(() => expect(fleet.orchestrator.view.serviceNames()).toEqual(['stays']), 20_000)
})
