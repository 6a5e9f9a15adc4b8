import { afterEach, describe, expect, test } from 'vitest'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { HyphaeError } from '../../src/protocol/errors.ts'
import { eventually } from '../support/eventually.ts'
import { startModes, type ModeFleet } from '../support/mode-fleet.ts'

let fleet: ModeFleet
afterEach(() => fleet.end())

const refusal = (work: Promise<unknown>): Promise<HyphaeError> =>
  work.then(
    () => expect.unreachable('it was carried out'),
    (error: unknown) => (error instanceof HyphaeError ? error : expect.unreachable(String(error))),
  )

/** A program that says that it is ready, and waits. */
const ready = (more = ''): string =>
  `{ command: /bin/sh, args: ['-c', 'echo ready; exec sleep 1000'], readiness: { log: ready }${more} }`

const four = `
supervisor:
  mode: proxy
  services:
    same: ${ready()}
    changed: ${ready()}
    old: ${ready(', modes: [proxy]')}
    new: ${ready(', modes: [advanced]')}
  modes:
    proxy: { description: basic }
    advanced:
      description: everything
      args: { changed: ['-c', 'echo ready; exec sleep 1001'] }
`

describe('a switch', () => {
  test('stops what the new mode lacks, restarts what differs, starts what is new, and leaves the rest alone', async () => {
    fleet = await startModes(four)
    for (const name of ['same', 'changed', 'old']) await fleet.until(name, 'healthy')
    const before = { same: fleet.status('same').pid, changed: fleet.status('changed').pid }
    const answer = await fleet.switchTo('advanced')
    expect(answer).toMatchObject({
      outcome: 'done',
      step: null,
      because: null,
      mode: 'advanced',
      from: 'proxy',
      stopped: ['old'],
      restarted: ['changed'],
      started: ['new'],
      rolled_back: false,
    })
    expect(fleet.names()).toEqual(['same', 'changed', 'new'])
    expect(fleet.status('same').pid).toBe(before.same)
    expect(fleet.status('changed').pid).not.toBe(before.changed)
    expect(fleet.status('changed')).toMatchObject({ state: 'healthy', reason: 'restarted because the mode is advanced now' })
    expect(fleet.status('new').state).toBe('healthy')
    expect(fleet.steps()).toEqual(['stopping done', 'changing done', 'verifying done'])
    expect(await fleet.call('system.mode', {})).toMatchObject({ mode: 'advanced', source: 'switched', description: 'everything' })
    expect((await fleet.call('system.status', {})).supervisor).toMatchObject({ mode: 'advanced', mode_source: 'switched' })
    expect(await fleet.switchTo('proxy')).toMatchObject({ outcome: 'done', stopped: ['new'], started: ['old'] })
    expect(fleet.names()).toEqual(['same', 'changed', 'old'])
    expect(fleet.status('same').pid).toBe(before.same)
  })

  test('to the mode in force touches nothing', async () => {
    fleet = await startModes(four)
    await fleet.until('old', 'healthy')
    const { pid } = fleet.status('old')
    expect(await fleet.switchTo('proxy')).toMatchObject({ outcome: 'done', mode: 'proxy', from: 'proxy', stopped: [] })
    expect(fleet.status('old').pid).toBe(pid)
    expect(fleet.steps()).toEqual([])
    expect((await fleet.call('system.mode', {})).source).toBe('file')
  })

  test('from no mode says so, and one that fails goes back to none', async () => {
    const broken = '{ command: /bin/false, modes: [lean], restart_policy: never }'
    fleet = await startModes(
      four.replace('mode: proxy\n', 'services:\n').replace('  services:\n    same', `    broken: ${broken}\n    same`),
    )
    await fleet.until('same', 'healthy')
    const { data } = await refusal(fleet.switchTo('lean'))
    expect(data).toMatchObject({ outcome: 'failed', mode: null, from: null, rolled_back: true })
    await fleet.call('service.restart', { services: ['same'] })
    expect(fleet.variable('same', 'MAGICTUNNEL_RUNTIME_MODE')).toBeUndefined()
    expect(await fleet.switchTo('advanced')).toMatchObject({ outcome: 'done', mode: 'advanced', from: null })
  })

  test('to a mode that nobody knows is refused with the nearest', async () => {
    fleet = await startModes(four)
    const error = await refusal(fleet.switchTo('advnaced'))
    expect(error).toMatchObject({
      code: 'invalid_params',
      message: 'mode: there is no mode "advnaced"; known are proxy, advanced; did you mean "advanced"?',
      data: { field: 'mode', nearest: 'advanced' },
    })
  })

  test('where a new service does not get ready everything goes back', async () => {
    fleet = await startModes(`
supervisor:
  mode: proxy
  services:
    same: ${ready()}
    changed: ${ready()}
    old: ${ready(', modes: [proxy]')}
    broken: { command: /bin/false, modes: [advanced], restart_policy: never }
  modes: { proxy: , advanced: { args: { changed: ['-c', 'echo ready; exec sleep 1001'] } } }
`)
    for (const name of ['same', 'changed', 'old']) await fleet.until(name, 'healthy')
    const { pid } = fleet.status('same')
    const error = await refusal(fleet.switchTo('advanced'))
    expect(error.code).toBe('failed')
    expect(error.message).toMatch(
      /^the mode was not switched to advanced: broken failed: .*exited with code 1.*; in the mode proxy again$/,
    )
    expect(error.data).toMatchObject({ outcome: 'failed', rolled_back: true, mode: 'proxy', from: 'proxy' })
    expect(fleet.steps()).toEqual([
      'stopping done',
      'changing done',
      'verifying failed',
      'rollingBack.stopping done',
      'rollingBack.changing done',
      'rollingBack.verifying done',
    ])
    expect(fleet.names()).toEqual(['same', 'changed', 'old'])
    expect(fleet.status('same').pid).toBe(pid)
    expect(fleet.status('changed')).toMatchObject({ state: 'healthy', args: ['-c', 'echo ready; exec sleep 1000'] })
    expect(await fleet.call('system.mode', {})).toMatchObject({ mode: 'proxy', source: 'file' })
    await eventually(() => expect(fleet.orchestrator.view.actor('service.broken')?.live).toBe(false))
  })
})

/** Ready once a file exists: whoever writes it decides when. */
const whenever = (file: string, more = ''): string =>
  `{ command: /bin/sh, args: ['-c', 'until [ -e ${file} ]; do sleep 0.02; done; echo ready; exec sleep 1000'], working_dir: ., readiness: { log: ready }${more} }`
/** Ends once a file exists, whoever asks it to. */
const slow = (file: string, more = ''): string =>
  `{ command: /bin/sh, args: ['-c', 'trap "until [ -e ${file} ]; do sleep 0.02; done; exit" TERM; echo ready; while :; do sleep 0.02; done'], stop_grace: 60s, readiness: { log: ready }${more} }`
const untilStep = (state: string): Promise<void> =>
  eventually(() => {
    const running = Array.from(fleet.orchestrator.view.actors()).find(({ kind }) => kind === 'switch')
    expect(running?.state).toBe(state)
  })
const write = (file: string): void => writeFileSync(join(fleet.stateDir, file), '')

const waiting = `
supervisor:
  mode: proxy
  services:
    same: ${ready()}
    old: ${ready(', modes: [proxy]')}
    new: ${whenever('go', ', modes: [advanced]')}
`

describe('while a switch is under way', () => {
  test('its steps are seen, the same mode joins it, and another one is busy', async () => {
    fleet = await startModes(waiting)
    for (const name of ['same', 'old']) await fleet.until(name, 'healthy')
    const first = fleet.switchTo('advanced')
    await untilStep('verifying')
    const accepted = await fleet.switchTo('advanced', { wait: false })
    expect(accepted).toMatchObject({
      outcome: 'accepted',
      step: 'verifying',
      because: 'to advanced: waiting until every service is ready',
    })
    const second = fleet.switchTo('advanced')
    const error = await refusal(fleet.switchTo('proxy'))
    expect(error).toMatchObject({ code: 'busy', data: { outcome: 'busy', mode: 'advanced' } })
    expect(error.message).toBe(`${accepted.workflow} is switching the mode`)
    write('go')
    const [one, two] = await Promise.all([first, second])
    expect(two).toEqual(one)
    expect(one).toMatchObject({ workflow: accepted.workflow, outcome: 'done', mode: 'advanced' })
  })

  test('a reload is busy, and so is a switch while another reload', async () => {
    fleet = await startModes(waiting)
    await fleet.until('old', 'healthy')
    const work = fleet.switchTo('advanced')
    await untilStep('verifying')
    expect(await refusal(fleet.call('system.reload', {}))).toMatchObject({ code: 'busy' })
    write('go')
    await work
    expect(await fleet.call('system.reload', {})).toMatchObject({ because: 'nothing has changed' })
  })

  test('what is stopped by hand is not waited for', async () => {
    fleet = await startModes(waiting)
    await fleet.until('old', 'healthy')
    const work = fleet.switchTo('advanced')
    await untilStep('verifying')
    await fleet.call('service.stop', { services: ['new'] })
    expect(await work).toMatchObject({ outcome: 'done', mode: 'advanced' })
    expect(fleet.status('new')).toMatchObject({ state: 'stopped', desired: 'stop' })
  })

  test.each(['stopping', 'verifying'])('a shutdown ends it, and everything (%s)', async (step) => {
    fleet = await startModes(`
supervisor:
  mode: proxy
  services:
    old: ${slow('gone', ', modes: [proxy]')}
    new: ${whenever('go', ', modes: [advanced]')}
`)
    await fleet.until('old', 'healthy')
    const work = refusal(fleet.switchTo('advanced'))
    if (step === 'verifying') write('gone')
    await untilStep(step)
    const ended = fleet.orchestrator.shutdown('the test')
    expect((await work).data).toMatchObject({ outcome: 'cancelled', because: 'the orchestrator is stopping', rolled_back: false })
    write('gone')
    await ended
  })

  test('whoever does not wait asks the same id again', async () => {
    fleet = await startModes(waiting)
    await fleet.until('old', 'healthy')
    write('go')
    const one = await fleet.switchTo('advanced', { request_id: 'r1' })
    expect(await fleet.switchTo('advanced', { request_id: 'r1' })).toEqual(one)
    expect(fleet.steps()).toHaveLength(3)
  })
})

describe('what a switch waits for', () => {
  test('a service that never gets ready in its time fails it, and says so', async () => {
    fleet = await startModes(`
supervisor:
  mode: proxy
  services:
    old: ${ready(', modes: [proxy]')}
    new: ${whenever('never', ', modes: [advanced], start_timeout: 300ms')}
`)
    await fleet.until('old', 'healthy')
    const error = await refusal(fleet.switchTo('advanced'))
    expect(error.message).toMatch(
      /^the mode was not switched to advanced: new is not ready after 1\.3 s: .*; in the mode proxy again$/,
    )
    expect(fleet.status('old').state).toBe('healthy')
  })

  test('a program that ends just after its start is not ready, with a probe or without', async () => {
    fleet = await startModes(`
supervisor:
  mode: proxy
  services:
    web: { command: sleep, args: ['1000'], start_timeout: 500ms, restart: { delay: 60s, stable_uptime: 10 } }
  modes: { proxy: , advanced: { args: ['0.1'] } }
`)
    await fleet.until('web', 'healthy')
    const error = await refusal(fleet.switchTo('advanced'))
    expect(error.data).toMatchObject({ rolled_back: true, mode: 'proxy' })
    expect(fleet.status('web')).toMatchObject({ state: 'healthy', args: ['1000'] })
  })

  test('dependants are stopped first and started last; a one-shot completes before who needs it', async () => {
    fleet = await startModes(`
supervisor:
  mode: proxy
  services:
    db: ${ready(', modes: [proxy]')}
    api: ${ready(', modes: [proxy], depends_on: [db]')}
    migrate: { command: 'true', one_shot: true, modes: [advanced] }
    web: ${ready(', modes: [advanced], depends_on: [migrate]')}
`)
    await fleet.until('api', 'healthy')
    await fleet.switchTo('advanced')
    const order = fleet.facts
      .filter(
        ({ type, about }) =>
          ['service.exited', 'service.spawned', 'service.completed'].includes(type) && !about.includes('switch'),
      )
      .map(({ type, about }) => `${about.slice('service.'.length)} ${type.slice('service.'.length)}`)
    expect(order.slice(2)).toEqual([
      'api exited',
      'db exited',
      'migrate spawned',
      'migrate exited',
      'migrate completed',
      'web spawned',
    ])
    expect(fleet.status('migrate').state).toBe('completed')
  })

  test('a one-shot that fails is told rather than who waits for it', async () => {
    fleet = await startModes(`
supervisor:
  mode: proxy
  services:
    web: ${ready(', modes: [advanced], depends_on: [migrate]')}
    migrate: { command: 'false', one_shot: true, modes: [advanced], restart_policy: never }
`)
    expect((await refusal(fleet.switchTo('advanced'))).message).toMatch(/switched to advanced: migrate failed: .*code 1/)
  })

  test('what is in a crash loop in both modes does not stand in its way', async () => {
    fleet = await startModes(`
supervisor:
  mode: proxy
  restart: { delay: 20ms, max_delay: 20ms, jitter: 0, max_restarts: unlimited }
  services:
    loop: { command: 'false', readiness: { log: never }, start_timeout: 200ms }
    old: ${ready(', modes: [proxy]')}
    new: ${ready(', modes: [advanced]')}
`)
    await fleet.fact('loop', 'service.exited', 3)
    expect(await fleet.switchTo('advanced')).toMatchObject({ outcome: 'done' })
    expect(await fleet.switchTo('proxy')).toMatchObject({ outcome: 'done' })
  })

  test('where the way back fails too, both are told', async () => {
    fleet = await startModes(`
supervisor:
  mode: proxy
  services:
    old:
      command: /bin/sh
      args: ['-c', 'test -e started && exit 3; touch started; echo ready; exec sleep 1000']
      readiness: { log: ready }
      restart_policy: never
      modes: [proxy]
    broken: { command: 'false', modes: [advanced], restart_policy: never }
`)
    await fleet.until('old', 'healthy')
    const error = await refusal(fleet.switchTo('advanced'))
    expect(error.message).toMatch(/broken failed: .*; and in the mode proxy again, where old failed: .*code 3/)
    expect(error.data).toMatchObject({ rolled_back: false, mode: 'proxy', outcome: 'failed' })
  })

  test('an overlapping restart that comes to nothing fails it, and the process of before runs on', async () => {
    const program = 'test $0 = bad && exit 1; echo ready; exec sleep 1000'
    fleet = await startModes(`
supervisor:
  mode: proxy
  services:
    web: { command: /bin/sh, args: ['-c', '${program}', good], readiness: { log: ready }, restart: { overlap: true } }
  modes: { proxy: , advanced: { args: ['-c', '${program}', bad] }, other: { args: ['-c', '${program}', fine] } }
`)
    await fleet.until('web', 'healthy')
    const { pid } = fleet.status('web')
    const error = await refusal(fleet.switchTo('advanced'))
    expect(error.message).toMatch(/web: the restart came to nothing: .*; in the mode proxy again$/)
    expect(error.data).toMatchObject({ rolled_back: true })
    expect(fleet.status('web')).toMatchObject({ pid, state: 'healthy' })
    await fleet.switchTo('other')
    expect(fleet.status('web').args.at(-1)).toBe('fine')
    await fleet.fact('web', 'service.handedOver')
  })
})

describe('what belongs to services', () => {
  test('the variable of the mode: what is started has it, and another mode restarts only its reader', async () => {
    fleet = await startModes(`
supervisor:
  mode: proxy
  default_service: reader
  services:
    reader: ${ready()}
    own: ${ready(', env: { MAGICTUNNEL_RUNTIME_MODE: mine }')}
    other: ${ready()}
    new: ${ready(', modes: [advanced]')}
`)
    for (const name of ['reader', 'own', 'other']) await fleet.until(name, 'healthy')
    const variable = (name: string): string | undefined => fleet.variable(name, 'MAGICTUNNEL_RUNTIME_MODE')
    expect(['reader', 'own', 'other'].map(variable)).toEqual(['proxy', 'mine', 'proxy'])
    expect(await fleet.switchTo('advanced')).toMatchObject({ restarted: ['reader'], started: ['new'] })
    expect(['reader', 'own', 'other', 'new'].map(variable)).toEqual(['advanced', 'mine', 'proxy', 'advanced'])
    await fleet.call('service.restart', { services: ['other'] })
    expect(variable('other')).toBe('advanced')
    // As asked: the original lets its own value win.
    await fleet.call('service.custom_restart', { service: 'other', env: { MAGICTUNNEL_RUNTIME_MODE: 'asked' } })
    expect(variable('other')).toBe('asked')
  })

  test('instances, groups and schedules of one mode alone come and go with it', async () => {
    fleet = await startModes(`
supervisor:
  mode: proxy
  services:
    core: ${ready()}
    web: ${ready(', instances: 2, modes: [advanced]')}
    nightly: ${ready(", modes: [advanced], restart: { schedule: '0 4 * * *' }")}
  groups: { both: { strategy: one_for_all, services: [core, web] } }
`)
    await fleet.until('core', 'healthy')
    const { pid } = fleet.status('core')
    expect(await fleet.switchTo('advanced')).toMatchObject({ started: ['web-1', 'web-2', 'nightly'], restarted: [] })
    expect(fleet.orchestrator.view.groups().map(({ members }) => members)).toEqual([['core', 'web-1', 'web-2']])
    await eventually(() => expect(fleet.status('nightly').next_restart).not.toBeNull())
    expect(await fleet.switchTo('proxy')).toMatchObject({ outcome: 'done', stopped: ['web-1', 'web-2', 'nightly'] })
    expect(fleet.orchestrator.view.groups().map(({ members }) => members)).toEqual([['core']])
    expect(fleet.status('core').pid).toBe(pid)
  })

  test('arguments by hand go where the mode changes a service, and stay where it does not', async () => {
    fleet = await startModes(four)
    for (const name of ['same', 'changed', 'old']) await fleet.until(name, 'healthy')
    const args = ['-c', 'echo ready; exec sleep 5000']
    for (const service of ['same', 'changed']) await fleet.call('service.custom_restart', { service, args })
    const { pid } = fleet.status('same')
    await fleet.switchTo('advanced')
    expect(fleet.status('same')).toMatchObject({ pid, args })
    expect(fleet.status('changed').args).toEqual(['-c', 'echo ready; exec sleep 1001'])
    expect((await fleet.call('service.explain', { service: 'same' })).overridden).toEqual(['args'])
  })

  test('a way back brings back what was changed by hand', async () => {
    fleet = await startModes(`
supervisor:
  mode: proxy
  services:
    changed: ${ready()}
    old: ${ready(', modes: [proxy]')}
    broken: { command: 'false', modes: [advanced], restart_policy: never }
  modes: { proxy: , advanced: { args: ['-c', 'echo ready; exec sleep 1001'] } }
`)
    for (const name of ['changed', 'old']) await fleet.until(name, 'healthy')
    const args = ['-c', 'echo ready; exec sleep 5000']
    for (const service of ['changed', 'old']) await fleet.call('service.custom_restart', { service, args })
    expect((await refusal(fleet.switchTo('advanced'))).data).toMatchObject({ rolled_back: true })
    for (const service of ['changed', 'old']) {
      expect(fleet.status(service)).toMatchObject({ state: 'healthy', args })
      expect((await fleet.call('service.explain', { service })).overridden).toEqual(['args'])
    }
  })

  test('what was stopped by hand stays so, also after a way back', async () => {
    fleet = await startModes(`
supervisor:
  mode: proxy
  services:
    same: ${ready()}
    old: ${ready(', modes: [proxy]')}
    broken: { command: 'false', modes: [advanced], restart_policy: never }
`)
    for (const name of ['same', 'old']) await fleet.until(name, 'healthy')
    await fleet.call('service.stop', { services: ['same', 'old'] })
    await refusal(fleet.switchTo('advanced'))
    for (const name of ['same', 'old']) expect(fleet.status(name)).toMatchObject({ state: 'stopped', desired: 'stop' })
  })
})

describe('the config', () => {
  test('an edited file means nothing to a switch, and a reload keeps the mode that was switched to', async () => {
    fleet = await startModes(four)
    await fleet.until('changed', 'healthy')
    fleet.says(four.replace('sleep 1001', 'sleep 2002'))
    await fleet.switchTo('advanced')
    expect(fleet.status('changed').args.at(-1)).toContain('1001')
    const answer = await fleet.call('system.reload', {})
    expect(answer.changes).toEqual([{ service: 'changed', change: 'changed', fields: ['args'] }])
    expect(await fleet.call('system.mode', {})).toMatchObject({ mode: 'advanced', source: 'switched' })
    fleet.says('supervisor: { services: { web: { command: sleep } }, modes: { proxy: } }')
    expect((await refusal(fleet.call('system.reload', {}))).message).toContain(
      'the mode in force is "advanced", which was switched to',
    )
  })

  test('what is wrong in the other mode alone refuses the switch, and touches nothing', async () => {
    fleet = await startModes(`
supervisor:
  mode: proxy
  services:
    db: ${ready(', modes: [proxy]')}
    web: ${ready(', modes: [proxy, advanced], depends_on: [db]')}
`)
    await fleet.until('web', 'healthy')
    const error = await refusal(fleet.switchTo('advanced'))
    expect(error.code).toBe('invalid_params')
    expect(error.message).toContain('"db" is left out: it runs in the mode proxy, and the mode is advanced')
    expect(fleet.steps()).toEqual([])
    expect(await fleet.switchTo('proxy')).toMatchObject({ outcome: 'done' })
  })
})

test('a hundred switches in a row leave nothing behind', { timeout: 120_000 }, async () => {
  fleet = await startModes(four)
  for (const name of ['same', 'changed', 'old']) await fleet.until(name, 'healthy')
  const { pid } = fleet.status('same')
  const open = (): number => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0)
  await fleet.switchTo('advanced')
  await fleet.switchTo('proxy')
  const before = {
    open: open(),
    actors: Array.from(fleet.orchestrator.view.actors()).length,
    timers: process.getActiveResourcesInfo().length,
  }
  for (let n = 0; n < 50; n++) {
    await fleet.switchTo('advanced')
    await fleet.switchTo('proxy')
  }
  expect(fleet.status('same').pid).toBe(pid)
  await eventually(() => {
    expect(Array.from(fleet.orchestrator.view.actors())).toHaveLength(before.actors)
    expect(open()).toBeLessThanOrEqual(before.open + 2)
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before.timers + 5)
  })
})
