import process from 'node:process'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { HyphaeError } from '../../src/protocol/errors.ts'
import type { ReadConfig, ReloadAnswer } from '../../src/protocol/reload.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { specOf } from '../support/specs.ts'

let fleet: Fleet
afterEach(() => fleet.end())

const sleeper = (name: string, seconds = '1000') => specOf({ name, command: '/bin/sleep', args: [seconds] })

test('what is new starts, what changed restarts, what is gone stops, and the rest is not touched (supervisord: test_diff_to_active_finds_groups)', async () => {
  fleet = await startFleet([sleeper('same'), sleeper('changed'), sleeper('gone')])
  for (const name of ['same', 'changed', 'gone']) await fleet.until(name, 'healthy')
  const [same, changed] = [fleet.status('same'), fleet.status('changed')]
  await fleet.orchestrator.reload([sleeper('new'), sleeper('same'), sleeper('changed', '1001')])
  await fleet.until('new', 'healthy')
  await fleet.fact('gone', 'service.removed')
  await fleet.fact('changed', 'service.ready', 2)
  expect(fleet.status('same')).toMatchObject({ pid: same.pid, generation: same.generation })
  expect(fleet.status('changed')).toMatchObject({
    generation: changed.generation + 1,
    restart_count: 1,
    reason: 'restarted because its config changed',
  })
  expect(Object.keys((await fleet.call('system.status', {})).services)).toEqual(['new', 'same', 'changed'])
  expect(fleet.facts.find(({ type }) => type === 'system.reloaded')?.because).toBe('1 new, 1 changed, 1 gone')
})

test('what was stopped stays so, with its new config for the next start', async () => {
  fleet = await startFleet([sleeper('web')])
  await fleet.until('web', 'healthy')
  await fleet.call('service.stop', { services: ['web'] })
  await fleet.orchestrator.reload([sleeper('web', '1001')])
  expect(fleet.status('web')).toMatchObject({ state: 'stopped', desired: 'stop' })
  await fleet.call('service.start', { services: ['web'] })
  expect((await fleet.call('service.explain', { service: 'web' })).spec).toMatchObject({ args: ['1001'] })
})

test('a new service waits for what it needs, in the config as it is now', async () => {
  fleet = await startFleet([sleeper('db')])
  await fleet.until('db', 'healthy')
  await fleet.call('service.stop', { services: ['db'] })
  const web = specOf({ ...sleeper('web'), dependsOn: [{ service: 'db', condition: 'started' }] })
  await fleet.orchestrator.reload([sleeper('db'), web])
  await fleet.until('web', 'gate')
  expect(fleet.status('web').reason).toBe('waits for db to be started (it is stopped)')
  await fleet.call('service.start', { services: ['db'] })
  await fleet.until('web', 'healthy')
})

test('the same again changes nothing', async () => {
  fleet = await startFleet([sleeper('web')])
  await fleet.until('web', 'healthy')
  const { pid } = fleet.status('web')
  await fleet.orchestrator.reload([sleeper('web')])
  expect(fleet.status('web')).toMatchObject({ pid, state: 'healthy' })
  expect(fleet.facts.at(-1)).toMatchObject({ type: 'system.reloaded', because: 'nothing has changed' })
})

test('other labels are shown, and restart nothing', async () => {
  fleet = await startFleet([sleeper('web')])
  await fleet.until('web', 'healthy')
  const { pid, generation } = fleet.status('web')
  await fleet.orchestrator.reload([{ ...sleeper('web'), category: 'advanced', kind: 'mcp' }])
  await eventually(() => expect(fleet.status('web')).toMatchObject({ category: 'advanced', kind: 'mcp', pid, generation }))
})

test('what is gone and at once back is there in the end', async () => {
  fleet = await startFleet([sleeper('web'), sleeper('back')])
  await fleet.until('back', 'healthy')
  await fleet.orchestrator.reload([sleeper('web')])
  await fleet.orchestrator.reload([sleeper('web'), sleeper('back')])
  await fleet.fact('back', 'service.ready', 2)
  expect(fleet.status('back').desired).toBe('run')
})

test('after a reload a new orchestrator knows the services of then', async () => {
  fleet = await startFleet([sleeper('web')])
  await fleet.orchestrator.reload([sleeper('new')])
  await fleet.until('new', 'healthy')
  await fleet.fact('web', 'service.removed')
  const { pid } = fleet.status('new')
  const { stateDir } = fleet
  await fleet.leave()
  fleet = await startFleet([sleeper('new')], { stateDir })
  await fleet.until('new', 'healthy')
  expect(fleet.status('new').pid).toBe(pid)
  expect(fleet.facts.some(({ about }) => about === 'service.web')).toBe(false)
})

/** A fleet whose config is what the test says it is at the time. */
async function configured(services: readonly ServiceSpec[], more: Partial<ReadConfig> = {}) {
  let next: () => Promise<ReadConfig> = () => Promise.resolve({ path: '/srv/hyphae.yaml', services, ...more })
  const asked: Array<string | null> = []
  fleet = await startFleet(services, {
    configPath: '/srv/hyphae.yaml',
    environment: { ...process.env, SECRET: 'hunter2' },
    loadConfig(path) {
      asked.push(path)
      return next()
    },
    ...(more.settings === undefined ? {} : { settings: more.settings }),
  })
  return {
    asked,
    says(read: Partial<ReadConfig> & Pick<ReadConfig, 'services'>): void {
      next = () => Promise.resolve({ path: '/srv/hyphae.yaml', ...read })
    },
    reads(read: () => Promise<ReadConfig>): void {
      next = read
    },
  }
}
const refusal = (work: Promise<unknown>): Promise<HyphaeError> =>
  work.then(
    (answer) => {
      throw new Error(`it was not refused: ${JSON.stringify(answer)}`)
    },
    (error: unknown) => error as HyphaeError,
  )
const factsOf = (type: string) => fleet.facts.filter((fact) => fact.type === type)
const identities = () =>
  Object.fromEntries(
    fleet.orchestrator.view.serviceNames().map((name) => {
      const { pid, generation } = fleet.status(name)
      return [name, { pid, generation }]
    }),
  )

describe('system.reload', () => {
  test('reads the config of now, goes over to it, and says what changed and who asked', async () => {
    const config = await configured([sleeper('same'), sleeper('changed'), sleeper('gone')])
    config.says({ services: [sleeper('same'), sleeper('changed', '1001'), sleeper('new')], warnings: ['beware'] })
    const answer = await fleet.call('system.reload', {})
    expect(config.asked).toEqual(['/srv/hyphae.yaml'])
    expect(answer).toEqual({
      config: '/srv/hyphae.yaml',
      dry_run: false,
      changes: [
        { service: 'new', change: 'added', fields: [] },
        { service: 'changed', change: 'changed', fields: ['args'] },
        { service: 'gone', change: 'removed', fields: [] },
      ],
      groups: [],
      unchanged: 1,
      because: '1 new, 1 changed, 1 gone',
      env_files: [],
      warnings: ['beware'],
    })
    await fleet.until('new', 'healthy')
    await fleet.fact('gone', 'service.removed')
    expect(factsOf('system.reloaded')).toMatchObject([
      { by: 'test', because: '1 new, 1 changed, 1 gone', data: { added: ['new'], changed: ['changed'], removed: ['gone'] } },
    ])
    expect(fleet.orchestrator.view.supervisor().warnings).toEqual(['beware'])
    expect((await fleet.call('actor.list', { kind: 'reload' })).actors).toEqual([])
  })

  test('wait: false answers before anything was read', async () => {
    const config = await configured([])
    config.says({ services: [sleeper('new')] })
    const answer = await fleet.call('system.reload', { wait: false })
    expect(answer).toMatchObject({ config: '/srv/hyphae.yaml', changes: [], dry_run: false })
    await fleet.until('new', 'healthy')
  })

  test('a config that cannot be read changes nothing, and says why (OTP: code_change with faulty specs)', async () => {
    const config = await configured([sleeper('web')])
    await fleet.until('web', 'healthy')
    const before = identities()
    config.reads(() => Promise.reject(new Error('line 3 is wrong')))
    const error = await refusal(fleet.call('system.reload', {}))
    expect(error).toMatchObject({ code: 'invalid_params', message: 'line 3 is wrong', data: { problems: ['line 3 is wrong'] } })
    expect(identities()).toEqual(before)
    expect(factsOf('system.reloadRefused')).toMatchObject([{ because: 'line 3 is wrong', by: 'test' }])
    expect(factsOf('system.reloaded')).toEqual([])
    await refusal(fleet.call('system.reload', { dry_run: true }))
    expect(factsOf('system.reloadRefused')).toHaveLength(1)
  })

  test('an orchestrator without a config says so', async () => {
    fleet = await startFleet([sleeper('web')])
    expect(await refusal(fleet.call('system.reload', {}))).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('loadConfig') as string,
    })
  })

  test('what takes effect with a start only is named, against how it was at the start', async () => {
    const config = await configured([], { settings: { http: { port: 1 }, log: { level: 'info' } } })
    config.says({ services: [], settings: { http: { port: 2 }, log: { level: 'info' } } })
    const late = ['http has changed: that takes effect with the next start']
    expect((await fleet.call('system.reload', {})).warnings).toEqual(late)
    expect((await fleet.call('system.reload', {})).warnings).toEqual(late)
    config.says({ services: [], settings: { http: { port: 1 }, log: { level: 'info' } } })
    expect((await fleet.call('system.reload', {})).warnings).toEqual([])
  })

  test('config_path is relative to the config of now, and stays', async () => {
    const config = await configured([])
    config.says({ path: '/srv/blue/next.yaml', services: [] })
    expect((await fleet.call('system.reload', { config_path: 'blue/next.yaml', dry_run: true })).config).toBe(
      '/srv/blue/next.yaml',
    )
    expect(fleet.orchestrator.view.supervisor().config).toBe('/srv/hyphae.yaml')
    await fleet.call('system.reload', { config_path: 'blue/next.yaml' })
    expect(fleet.orchestrator.view.supervisor().config).toBe('/srv/blue/next.yaml')
    await fleet.call('system.reload', { config_path: '../other.yaml' })
    await fleet.call('system.reload', {})
    expect(config.asked).toEqual(['/srv/blue/next.yaml', '/srv/blue/next.yaml', '/srv/other.yaml', '/srv/blue/next.yaml'])
  })

  test('what children inherit goes with the config', async () => {
    const config = await configured([])
    const lists = specOf({ name: 'lists', command: '/bin/sh', args: ['-c', 'echo "[$KEPT$SECRET]"; exec sleep 1000'] })
    config.says({ services: [lists], environment: { PATH: '/bin:/usr/bin', KEPT: 'yes' } })
    await fleet.call('system.reload', {})
    await fleet.until('lists', 'healthy')
    await expect.poll(async () => (await fleet.call('logs.read', { services: ['lists'], lines: 1 })).lines[0]?.line).toBe('[yes]')
  })

  test('one at a time: another is busy, a dry run is not, and the next goes on (systemd: TEST-59-RELOADING-RESTART)', async () => {
    const config = await configured([])
    let go: (read: ReadConfig) => void = () => {}
    config.reads(() => new Promise((resolve) => (go = resolve)))
    const first = fleet.call('system.reload', {})
    await expect.poll(() => config.asked.length).toBe(1)
    config.says({ services: [sleeper('web')] })
    const error = await refusal(fleet.call('system.reload', {}))
    expect(error).toMatchObject({ code: 'busy', message: expect.stringMatching(/^reload\.\S+ is reloading/) as string })
    expect((await fleet.call('system.reload', { dry_run: true })).changes).toHaveLength(1)
    expect(await refusal(fleet.orchestrator.reload([]))).toMatchObject({ code: 'busy' })
    go({ path: '/srv/hyphae.yaml', services: [] })
    expect((await first).because).toBe('nothing has changed')
    expect((await fleet.call('system.reload', {})).because).toBe('1 new')
  })

  test('while it stops nothing is reloaded, also not what was being read (supervisord: test_handle_sighup_in_shutdown_state)', async () => {
    const config = await configured([
      specOf({ name: 'slow', command: '/bin/sh', args: ['-c', 'trap "sleep 0.3; exit" TERM; while :; do sleep 0.05; done'] }),
    ])
    await fleet.until('slow', 'healthy')
    let go: (read: ReadConfig) => void = () => {}
    config.reads(() => new Promise((resolve) => (go = resolve)))
    const read = refusal(fleet.call('system.reload', {}))
    await expect.poll(() => config.asked.length).toBe(1)
    await fleet.call('system.shutdown', { wait: false })
    go({ path: '/srv/hyphae.yaml', services: [sleeper('new')] })
    expect(await read).toMatchObject({ code: 'shutting_down' })
    expect(await refusal(fleet.call('system.reload', {}))).toMatchObject({ code: 'shutting_down' })
    expect(fleet.orchestrator.view.service('new')).toBeUndefined()
    await fleet.orchestrator.finished
    expect(factsOf('service.added').map(({ about }) => about)).not.toContain('service.new')
  })

  test('a shutdown in the midst of it starts nothing any more', async () => {
    const many = Array.from({ length: 150 }, (_, n) => sleeper(`s${n}`))
    const config = await configured([])
    config.says({ services: many })
    const reload = fleet.call('system.reload', {}).then(
      () => 'done',
      (error: HyphaeError) => error.code,
    )
    await expect
      .poll(
        () => fleet.facts.some(({ type }) => type === 'service.added') || fleet.orchestrator.view.service('s0') !== undefined,
        { interval: 1 },
      )
      .toBe(true)
    await fleet.orchestrator.shutdown('the test')
    expect(['done', 'shutting_down']).toContain(await reload)
    expect([...fleet.orchestrator.view.actors()].filter(({ kind }) => kind === 'process')).toEqual([])
  })

  test('two hundred services are told in time, and those that stay are not touched', async () => {
    const all = Array.from({ length: 200 }, (_, n) => sleeper(`s${n}`))
    const config = await configured(all)
    for (const { name } of all) await fleet.until(name, 'healthy')
    const before = identities()
    config.says({ services: all.map((spec, n) => (n % 2 === 0 ? spec : sleeper(spec.name, '1001'))) })
    const answer = await fleet.call('system.reload', { wait: 10_000 })
    expect(answer).toMatchObject({ unchanged: 100, because: '100 changed' })
    for (const { name } of all) await fleet.until(name, 'healthy')
    const kept = (one: Record<string, unknown>) => Object.entries(one).filter(([name]) => Number(name.slice(1)) % 2 === 0)
    expect(kept(identities())).toEqual(kept(before))
  })

  test('a dry run says what the reload then does, whatever the two configs are', async () => {
    const spec = (name: string) =>
      fc
        .record({
          args: fc.constantFrom(['1000'], ['1001']),
          env: fc.constantFrom({}, { A: '1' }),
          autostart: fc.boolean(),
          description: fc.constantFrom('', 'x'),
          restart: fc.record({ delay: fc.constantFrom(100, 200) }),
        })
        .map((more) => specOf({ name, command: '/bin/sleep', ...more }))
    const specs = fc
      .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 0 })
      .chain((names) => fc.tuple(...names.map(spec)))
    const config = await configured([])
    await fc.assert(
      fc.asyncProperty(specs, specs, async (one, other) => {
        config.says({ services: one })
        await fleet.call('system.reload', {})
        // Those that go still do; what runs then is what is compared.
        await expect.poll(() => fleet.orchestrator.view.serviceNames()).toEqual(one.map(({ name }) => name))
        for (const { name } of one) await expect.poll(() => fleet.status(name).state).toMatch(/^(healthy|stopped)$/)
        config.says({ services: other })
        const before = identities()
        const told = fleet.facts.length
        const dry = await fleet.call('system.reload', { dry_run: true })
        expect(identities()).toEqual(before)
        expect(fleet.facts.slice(told).map(({ type }) => type)).toEqual(['command.accepted'])
        const done: ReloadAnswer = await fleet.call('system.reload', {})
        expect(done.changes).toEqual(dry.changes)
        expect(done.unchanged).toBe(dry.unchanged)
        const changed = new Set(dry.changes.map(({ service }) => service))
        const kept = (all: ReturnType<typeof identities>) => other.map(({ name }) => (changed.has(name) ? null : all[name]))
        expect(kept(identities())).toEqual(kept(before))
        const now = new Map(one.map((it) => [it.name, it]))
        const wanted = other.filter((it) => JSON.stringify(it) !== JSON.stringify(now.get(it.name)))
        expect(
          dry.changes
            .filter(({ change }) => change !== 'removed')
            .map(({ service }) => service)
            .toSorted(),
        ).toEqual(wanted.map(({ name }) => name).toSorted())
      }),
      { numRuns: 15 },
    )
  })

  test('an override of a restart counts as a change, and the reload takes it back', async () => {
    await configured([sleeper('web')])
    await fleet.until('web', 'healthy')
    await fleet.orchestrator.reload([sleeper('web', '1002')])
    await fleet.fact('web', 'service.ready', 2)
    const dry = await fleet.call('system.reload', { dry_run: true })
    expect(dry.changes).toEqual([{ service: 'web', change: 'changed', fields: ['args'] }])
    await fleet.call('system.reload', {})
    await fleet.fact('web', 'service.ready', 3)
    expect((await fleet.call('service.explain', { service: 'web' })).spec).toMatchObject({ args: ['1000'] })
  })
})
