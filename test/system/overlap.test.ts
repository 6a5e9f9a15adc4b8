import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { canBeApart, restartUnderLoad } from '../../bench/restarts.ts'
import { isAlive, readStat } from '../../src/actors/proc.ts'
import { markedProcesses } from '../../src/actors/scan.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { logPathOf, stateIdOf } from '../../src/state-dir.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { freePort } from '../support/free-port.ts'
import { fixture, modes } from '../support/programs.ts'
import { probe, specOf } from '../support/specs.ts'
import { siege, type Up } from '../support/up.ts'

/** For what a whole process has to start for, ms. */
const patience = 30_000
const server = fixture('sharing-server.mjs')
let folder = ''
let release = ''
let port = 0
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-overlap-'))
  release = join(folder, 'release')
  port = await freePort()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const web = (env: Record<string, string> = {}, more: Parameters<typeof specOf>[0] = {}): ServiceSpec =>
  specOf({
    command: process.execPath,
    args: [server, String(port)],
    env: { RELEASE: release, ...env },
    readiness: { ...probe, target: { type: 'log', pattern: '^ready$' } },
    restart: { overlap: true },
    ...more,
  })
const get = (path = '/'): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.once('end', () => resolve(body))
    })
    asked.once('error', reject).end()
  })
const gone = (pid: number | null): Promise<void> =>
  eventually(() => expect(pid === null ? null : ['Z', undefined]).toContain(readStat(pid ?? 0)?.state))
/** The failure of a command, in words. */
const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'it did not fail',
    (error: Error) => error.message,
  )

describe.each(modes)('kept together by %s', (containment) => {
  let fleet: Fleet
  afterEach(async () => {
    await fleet.end()
    expect(await markedProcesses(stateIdOf(fleet.stateDir))).toEqual([])
  })
  const begin = async (spec = web({}, { containment })): Promise<number> => {
    fleet = await startFleet([spec])
    await fleet.until('web', 'healthy')
    return fleet.status('web').pid ?? 0
  }
  const log = (): string => readFileSync(logPathOf(fleet.stateDir, 'web'), 'utf8')

  test('the new one answers while the old one ends what it had begun', async () => {
    const old = await begin()
    const slow = get('/slow')
    await eventually(() => expect(log()).toContain('slow request'))
    await fleet.call('service.restart', { services: ['web'] })
    const { pid, state, containment: kept } = fleet.status('web')
    expect({ state, kept }).toEqual({ state: 'healthy', kept: containment })
    expect(pid).not.toBe(old)
    expect((await fleet.fact('web', 'service.handedOver')).data).toMatchObject({ from: old, pid })
    await eventually(() => expect(log()).toContain('draining'))
    expect(await get()).toBe(`${pid} `)
    expect(fleet.orchestrator.view.actor('process.web~previous')?.state).toBe('terminating')
    writeFileSync(release, '')
    expect(await slow).toBe(`${old} `)
    expect((await fleet.fact('web', 'service.exited')).data).toMatchObject({ pid: old, exit: { code: 0 }, planned: true })
    expect(fleet.status('web')).toMatchObject({ pid, state: 'healthy', restart_count: 1 })
    // In the place that the first one had.
    await fleet.call('service.restart', { services: ['web'] })
    await gone(pid)
    expect(await get()).toBe(`${fleet.status('web').pid} `)
  })

  test('a new one that does not get ready leaves the old one as it is, and the restart tells why', async () => {
    const old = await begin()
    const spec = (env: Record<string, string>, more: Parameters<typeof specOf>[0] = {}) => web(env, { containment, ...more })
    const restart = { service: 'web', env: { BROKEN: 'exit' } }
    expect(await failure(fleet.call('service.custom_restart', restart))).toContain(
      `the restart came to nothing: the new process exited with code 3; pid ${old} runs on as it was`,
    )
    expect(fleet.status('web')).toMatchObject({ pid: old, state: 'healthy', restart_count: 0, generation: 1 })
    expect(await fleet.call('service.explain', { service: 'web' })).toMatchObject({ overridden: [], pending_change: false })

    await fleet.orchestrator.reload([spec({ BROKEN: 'mute' }, { startTimeout: 300 })])
    expect((await fleet.fact('web', 'service.overlapFailed', 2)).because).toContain('was not ready within 300 ms')
    expect(fleet.status('web')).toMatchObject({ pid: old, state: 'healthy' })

    await fleet.orchestrator.reload([spec({ VERSION: 'two' })])
    await fleet.fact('web', 'service.handedOver')
    await gone(old)
    expect(await get()).toBe(`${fleet.status('web').pid} two`)
  })

  test('STOP in the middle ends both', async () => {
    const old = await begin()
    await fleet.orchestrator.reload([web({ BROKEN: 'mute' }, { containment })])
    const pid = Number((await fleet.fact('web', 'service.overlapping')).data['pid'])
    expect(fleet.status('web')).toMatchObject({ state: 'overlapping', status: 'running', pid: old })
    expect(fleet.status('web').reason).toBe(`restarted because its config changed: pid ${pid} starts beside pid ${old}`)
    await fleet.call('service.stop', { services: ['web'] })
    expect(fleet.status('web').state).toBe('stopped')
    expect(await markedProcesses(stateIdOf(fleet.stateDir))).toEqual([])
    expect(fleet.factsAbout('web')).not.toContain('service.killing')
  })
})

test('a command that is asked whether it is ready knows which process it is asked about', async () => {
  const ready = join(folder, 'ready')
  const spec = specOf({
    command: '/bin/sh',
    args: ['-c', `:>${ready}.$$; exec sleep 1000`],
    readiness: {
      ...probe,
      interval: 20,
      target: { type: 'exec', command: '/bin/sh', args: ['-c', `[ -e ${ready}.$HYPHAE_PID ]`] },
    },
    restart: { overlap: true },
  })
  const fleet = await startFleet([spec])
  await fleet.until('web', 'healthy')
  const old = fleet.status('web').pid
  await fleet.call('service.restart', { services: ['web'] })
  expect(fleet.status('web').pid).not.toBe(old)
  await fleet.end()
})

describe('a killed orchestrator', () => {
  const place = (env: Record<string, string> = {}) =>
    siege({
      services: {
        web: {
          command: process.execPath,
          args: [server, String(port)],
          env: { RELEASE: release, ...env },
          readiness: { log: '^ready' },
          restart: { overlap: true },
        },
      },
    })
  type Place = ReturnType<typeof place>
  /** Once it runs: two orchestrators one after the other take their time on a machine that has other work. */
  const begun = async (at: Place): Promise<Up> => {
    const up = at.launch()
    await eventually(async () => {
      if (up.child.exitCode !== null) throw new Error(up.words())
      expect(await at.service('web')).toMatchObject({ state: 'healthy' })
    }, patience)
    return up
  }
  const living = async ({ stateDir }: Place): Promise<number[]> =>
    (await markedProcesses(stateIdOf(stateDir))).filter(isAlive).map(({ pid }) => pid)
  const count = async (at: Place, what: string): Promise<number> =>
    readFileSync(logPathOf(at.stateDir, 'web'), 'utf8').split(what).length - 1

  test('while the old one drains: it goes on draining, and is told once only', async () => {
    const at = place()
    try {
      const up = await begun(at)
      const { pid: old } = await at.service('web')
      const slow = get('/slow')
      await eventually(async () => expect(await count(at, 'slow request')).toBe(1))
      await at.ask((client) => client.call('service.restart', { services: ['web'] }, { timeout: patience }))
      const { pid } = await at.service('web')
      await eventually(async () => expect(await count(at, 'draining')).toBe(1))
      await at.kill(up)
      await begun(at)
      expect(await at.service('web')).toMatchObject({ pid, state: 'healthy' })
      expect(new Set(await living(at))).toEqual(new Set([old, pid]))
      writeFileSync(release, '')
      expect(await slow).toBe(`${old} `)
      await gone(old)
      expect(await living(at)).toEqual([pid])
      expect(await at.facts('system.swept')).toEqual([])
    } finally {
      await at.end()
    }
  }, 90_000)

  test('while the new one starts: it takes over once it is ready', async () => {
    const at = place({ LATE: '1' })
    writeFileSync(release, '')
    try {
      const up = await begun(at)
      const { pid: old } = await at.service('web')
      rmSync(release)
      await at.ask((client) => client.call('service.restart', { services: ['web'], wait: false }))
      const next = await eventually(async () => {
        const [fact] = await at.facts('service.overlapping', 'web')
        expect(fact?.data['pid']).toBeTypeOf('number')
        return Number(fact?.data['pid'])
      })
      await at.kill(up)
      at.launch()
      await eventually(async () => expect(await at.service('web')).toMatchObject({ pid: old, state: 'overlapping' }), patience)
      expect(new Set(await living(at))).toEqual(new Set([old, next]))
      writeFileSync(release, '')
      await eventually(async () => expect(await at.service('web')).toMatchObject({ pid: next, state: 'healthy' }))
      await gone(old)
      expect(await living(at)).toEqual([next])
      expect(await get()).toBe(`${next} `)
      // It was asked to go, and went.
      expect(await count(at, 'draining')).toBe(1)
      expect(await at.facts('system.swept')).toEqual([])
    } finally {
      await at.end()
    }
  }, 90_000)
})

describe('under load, each request over a connection of its own', () => {
  const isolated = canBeApart()

  test('a restart that overlaps refuses nobody, and where the kernel moves the queue none fails at all', () => {
    const counts = restartUnderLoad('overlap', 4, isolated)
    expect(counts).toMatchObject({ refused: 0, other: 0, ...(counts.migrates ? { reset: 0 } : {}) })
    expect(counts.answered).toBeGreaterThan(20)
    expect(counts.reset).toBeLessThan(counts.answered)
  }, 90_000)

  test('a plain one does', () => {
    expect(restartUnderLoad('plain', 1, isolated).refused).toBeGreaterThan(0)
  }, 90_000)
})
