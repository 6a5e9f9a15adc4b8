import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { HyphaeError } from '../../src/protocol/errors.ts'
import { eventually } from '../support/eventually.ts'
import { ControlClient, type ControlAnswer } from '../support/control-port.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { specOf } from '../support/specs.ts'

let stateDir = ''
let fleet: Fleet
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'hyphae-family-'))
})
afterEach(async () => {
  await fleet.end()
  rmSync(stateDir, { recursive: true, force: true })
})

const web = (number: number, more: Parameters<typeof specOf>[0] = {}) =>
  specOf({
    name: `web-${number}`,
    family: 'web',
    command: '/bin/sh',
    // Ready once it says so, and not before.
    args: ['-c', 'sleep 0.1; echo ready $INSTANCE; exec sleep 1000'],
    env: { INSTANCE: String(number) },
    readiness: { target: { type: 'log', pattern: 'ready' }, interval: 50, timeout: 1000, delay: 0, failures: 3, passes: 1 },
    startTimeout: 20_000,
    ...more,
  })
const api = specOf({ name: 'api', command: '/bin/sleep', args: ['1000'] })
const three = [web(1), web(2), web(3), api]
const begin = async (services = three): Promise<void> => {
  fleet = await startFleet(services, { stateDir })
  for (const { name } of services) await fleet.until(name, 'healthy')
}
const pids = (): Record<string, number | null> =>
  Object.fromEntries(fleet.orchestrator.view.serviceNames().map((name) => [name, fleet.status(name).pid]))
const refusal = (work: Promise<unknown>): Promise<HyphaeError> =>
  work.then(
    (answer) => {
      throw new Error(`it was not refused: ${JSON.stringify(answer)}`)
    },
    (error: unknown) => error as HyphaeError,
  )
/** What happened to the instances since, one line each. */
const course = (since: number): string[] =>
  fleet.facts
    .slice(since)
    .filter(({ about, type }) => about.startsWith('service.web-') && ['service.stopping', 'service.ready'].includes(type))
    .map(({ about, type }) => `${about.slice(8)} ${type.slice(8)}`)

describe('the name of several', () => {
  test('means all of them where that can be, and one must be named where it can not', async () => {
    await begin()
    expect(Object.keys((await fleet.call('system.status', { services: ['web'] })).services)).toEqual(['web-1', 'web-2', 'web-3'])
    expect(fleet.status('web-2').family).toBe('web')
    const { lines } = await fleet.call('logs.read', { services: ['web'], lines: 1 })
    expect(lines.map(({ service, line }) => `${service} ${line}`)).toEqual(['web-1 ready 1', 'web-2 ready 2', 'web-3 ready 3'])
    const { results } = await fleet.call('service.stop', { services: ['web', 'web-2'] })
    expect(results.map(({ service, state }) => `${service} ${state}`)).toEqual([
      'web-1 stopped',
      'web-2 stopped',
      'web-3 stopped',
    ])
    expect((await fleet.call('service.start', { services: ['web'] })).results).toHaveLength(3)
    // Restarts in turn are kept with an id of ours, and nobody asked for one: a list that is too long for that is none the worse.
    const long = [...Array.from({ length: 9_999 }, () => 'web-1'), 'web-2']
    expect((await fleet.call('service.restart', { services: long })).results).toMatchObject([
      { outcome: 'done' },
      { outcome: 'done' },
    ])
    for (const command of ['service.explain', 'service.custom_restart'] as const)
      expect(await refusal(fleet.call(command, { service: 'web' }))).toMatchObject({
        code: 'invalid_params',
        message: 'service: "web" is web-1, web-2, web-3, and this is for one service; name one of them',
        data: { members: ['web-1', 'web-2', 'web-3'] },
      })
    expect(await refusal(fleet.call('service.stop', { services: ['wbe'] }))).toMatchObject({
      code: 'not_found',
      message: 'there is no service "wbe"; did you mean "web"?',
    })
  })

  test('more of them start, and the others are not touched; fewer end the last', async () => {
    const needs = (...numbers: number[]) => ({
      ...api,
      dependsOn: numbers.map((n) => ({ service: `web-${n}`, condition: 'healthy' as const })),
    })
    await begin([web(1), web(2), web(3), needs(1, 2, 3)])
    const before = pids()
    await fleet.orchestrator.reload([web(1), web(2), web(3), web(4), web(5), needs(1, 2, 3, 4, 5)])
    for (const name of ['web-4', 'web-5']) await fleet.until(name, 'healthy')
    expect(pids()).toMatchObject(before)
    expect((await fleet.call('service.explain', { service: 'api' })).pending_change).toBe(true)
    await fleet.orchestrator.reload([web(1), web(2), needs(1, 2)])
    await eventually(() => expect(fleet.orchestrator.view.serviceNames()).toEqual(['web-1', 'web-2', 'api']))
    expect(pids()).toEqual({ 'web-1': before['web-1'], 'web-2': before['web-2'], api: before['api'] })
  })
})

describe('a restart of several', () => {
  test('is one after the other, each ready before the next; others go beside it', async () => {
    await begin()
    const since = fleet.facts.length
    const { results } = await fleet.call('service.restart', { services: ['web', 'api'] })
    expect(results.map(({ service, outcome }) => `${service} ${outcome}`)).toEqual([
      'web-1 done',
      'web-2 done',
      'web-3 done',
      'api done',
    ])
    expect(course(since)).toEqual([
      'web-1 stopping',
      'web-1 ready',
      'web-2 stopping',
      'web-2 ready',
      'web-3 stopping',
      'web-3 ready',
    ])
  })

  test('at once, where that is asked for', async () => {
    await begin()
    const since = fleet.facts.length
    await fleet.call('service.restart', { services: ['web'], at_once: true })
    expect(course(since).slice(0, 3).toSorted()).toEqual(['web-1 stopping', 'web-2 stopping', 'web-3 stopping'])
  })

  test('leaves the rest alone where one does not get ready, and says so', async () => {
    const dies = web(2, {
      args: ['-c', 'test -e $FLAG && exit 3; touch $FLAG; echo ready; exec sleep 1000'],
      env: { FLAG: join(stateDir, 'flag') },
    })
    await begin([web(1), dies, web(3)])
    const before = pids()
    const error = await refusal(fleet.call('service.restart', { services: ['web'] }))
    expect(error).toMatchObject({
      code: 'failed',
      data: {
        results: [
          { service: 'web-1', outcome: 'done' },
          { service: 'web-2', outcome: 'failed' },
          { service: 'web-3', outcome: 'cancelled', because: 'left alone, because web-2 was not restarted' },
        ],
      },
    })
    expect(error.message).toContain('web-3 was not restarted: left alone, because web-2 was not restarted')
    expect(fleet.status('web-3')).toMatchObject({ pid: before['web-3'], generation: 1 })
    expect(fleet.status('web-1').pid).not.toBe(before['web-1'])
  })

  test('joins a restart that is under way already', async () => {
    await begin()
    const [one, all] = await Promise.all([
      fleet.call('service.restart', { services: ['web-1'] }),
      fleet.call('service.restart', { services: ['web'] }),
    ])
    expect(all.results[0]?.workflow).toBe(one.results[0]?.workflow)
    expect(fleet.status('web-1').generation).toBe(2)
  })

  test('is not done again under the same id, and its answer is that of the first time', async () => {
    await begin()
    const asked = { services: ['web'], request_id: 'q1' }
    const early = await fleet.call('service.restart', { ...asked, wait: false })
    expect(early.results.map(({ outcome, workflow }) => [outcome, workflow?.split('.')[0]])).toEqual(
      ['accepted', 'accepted', 'accepted'].map((outcome) => [outcome, 'rolling']),
    )
    // It is still under way.
    expect(await fleet.call('service.restart', { ...asked, wait: false })).toEqual(early)
    await fleet.fact('web-3', 'service.ready', 2)
    await fleet.call('service.restart', asked)
    expect(['web-1', 'web-2', 'web-3'].map((name) => fleet.status(name).generation)).toEqual([2, 2, 2])
  })

  test.each([{}, { request_id: 'q2' }])(
    'that was acknowledged is carried out, also when the orchestrator ends in its midst: %o',
    async (more) => {
      // The second one comes up once the test lets it, so that the end comes in the midst.
      const gate = join(stateDir, 'gate')
      const second = web(2, {
        args: ['-c', 'test -e $GATE && { while test -e $GATE; do sleep 0.02; done; }; touch $GATE; echo ready; exec sleep 1000'],
        env: { GATE: gate },
      })
      await begin([web(1), second, web(3)])
      await fleet.call('service.restart', { services: ['web'], wait: false, ...more })
      await eventually(() => expect(fleet.status('web-2').state).toBe('probing'), 20_000)
      expect([1, 2, 3].map((n) => fleet.status(`web-${n}`).generation)).toEqual([2, 2, 1])
      await fleet.leave()
      rmSync(gate)
      fleet = await startFleet([web(1), second, web(3)], { stateDir })
      for (const n of [1, 2, 3]) await fleet.until(`web-${n}`, 'healthy')
      await eventually(() => expect([1, 2, 3].map((n) => fleet.status(`web-${n}`).generation)).toEqual([2, 2, 2]), 20_000)
    },
  )

  test('ends with the fleet: whoever stops everything is not kept', async () => {
    await begin()
    await fleet.call('service.restart', { services: ['web'], wait: false })
    await fleet.fact('web-1', 'service.stopping')
    await fleet.orchestrator.shutdown('the test')
    expect([...fleet.orchestrator.view.actors()].filter(({ kind }) => kind === 'process')).toEqual([])
  })
})

test('on the control port a name of several is all of them', async () => {
  fleet = await startFleet(three, {
    stateDir,
    listeners: [{ name: 'supervisor', endpoint: 'tcp:127.0.0.1:0', dialect: 'magictunnel' }],
  })
  for (const { name } of three) await fleet.until(name, 'healthy')
  const address = fleet.orchestrator.view.listeners()[0]?.address ?? ''
  const ask = (line: string): Promise<ControlAnswer> => {
    const client = new ControlClient(address).say(`${line}\n`)
    return client.answer().finally(() => client.socket.destroy())
  }
  expect((await ask('health web')).data).toEqual({ healthy: true })
  expect(await ask('restart web')).toMatchObject({ success: true, message: 'web restarted successfully' })
  expect([1, 2, 3].map((n) => fleet.status(`web-${n}`).generation)).toEqual([2, 2, 2])
  await fleet.call('service.stop', { services: ['web-2'] })
  expect((await ask('health web')).data).toEqual({ healthy: false })
  const { data } = await ask('status web')
  expect(data).toMatchObject({ status: 'stopped', services: { 'web-1': {}, 'web-2': { status: 'stopped' }, 'web-3': {} } })
})
