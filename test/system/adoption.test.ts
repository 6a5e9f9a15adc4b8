import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readStat } from '../../src/actors/proc.ts'
import type { OrchestratorOptions } from '../../src/options.ts'
import { createOrchestrator } from '../../src/orchestrator.ts'
import { openJournal } from '../../src/store/journal.ts'
import { markedProcesses } from '../../src/actors/scan.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { logPathOf, stateIdOf } from '../../src/state-dir.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { fixture, modes, noCgroup } from '../support/programs.ts'
import { probe, specOf } from '../support/specs.ts'

let stateDir = ''
let fleet: Fleet
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'hyphae-adopt-'))
})
afterEach(async () => {
  await fleet.end()
  expect(await markedProcesses(stateIdOf(stateDir))).toEqual([])
  rmSync(stateDir, { recursive: true, force: true })
})

/** An orchestrator in the state folder of this test; `again` is the next one. */
const begin = async (...services: ServiceSpec[]): Promise<Fleet> => (fleet = await startFleet(services, { stateDir }))
const again = async (...services: ServiceSpec[]): Promise<Fleet> => {
  await fleet.leave()
  return begin(...services)
}
const gone = (pid: number | null): Promise<void> =>
  eventually(() => expect(pid === null ? null : ['Z', undefined]).toContain(readStat(pid ?? 0)?.state))

const sh = (script: string, more: Parameters<typeof specOf>[0] = {}): ServiceSpec =>
  specOf({ command: '/bin/sh', args: ['-c', script], workingDir: stateDir, ...more })
const sleeper = specOf({ command: '/bin/sleep', args: ['1000'] })

describe('adopted, with a line in its log to tell that it is ready', () => {
  const readiness = { ...probe, target: { type: 'log', pattern: '^ready' } } as const
  const logPath = (): string => logPathOf(stateDir, 'web')

  test('a line of an earlier process says nothing', async () => {
    const web = sh('if [ -e once ]; then sleep 1000; fi; : >once; echo ready; exec sleep 1000', { readiness })
    const other = sh('echo ready; exec sleep 1000', { name: 'other', readiness })
    await begin(web, other)
    await fleet.until('web', 'healthy')
    await fleet.call('service.restart', { services: ['web'], wait: false })
    await fleet.fact('web', 'service.spawned', 2)
    await again(web, other)
    await fleet.fact('web', 'service.adopted')
    // As long as it takes to find such a line.
    await fleet.call('service.restart', { services: ['other'] })
    expect(fleet.status('web').state).toBe('probing')
    appendFileSync(logPath(), 'ready in the end\n')
    await fleet.until('web', 'healthy')
  })

  test('one that was ready stays so, whatever became of its log', async () => {
    const web = sh('echo ready; exec sleep 1000', { readiness })
    await begin(web)
    await fleet.until('web', 'healthy')
    truncateSync(logPath())
    await again(web)
    await fleet.until('web', 'healthy')
    expect(fleet.status('web').reason).toBe('found running and adopted')
  })
})

describe.each(modes)('adopted, by %s', (containment) => {
  const web = specOf({ command: '/bin/sleep', args: ['1000'], containment })

  test('what runs keeps its pid, its age and its counts, and is not started again (Nomad: TaskRunner_Restore_Running)', async () => {
    await begin(web)
    await fleet.until('web', 'healthy')
    await fleet.call('service.restart', { services: ['web'] })
    const before = fleet.status('web')
    const spawned = fleet.facts.findLast(({ type }) => type === 'service.spawned')?.data
    await again(web)
    await fleet.until('web', 'healthy')
    expect(fleet.status('web')).toMatchObject({
      pid: before.pid,
      restart_count: 1,
      generation: before.generation,
      containment,
      reason: 'found running and adopted',
    })
    expect(fleet.facts.find(({ type }) => type === 'service.adopted')?.data).toMatchObject({
      pid: spawned?.['pid'],
      start: spawned?.['start'],
    })
    expect(fleet.factsAbout('web')).not.toContain('service.spawned')
    const leaders = (await markedProcesses(stateIdOf(stateDir))).filter(({ pid, group }) => pid === group)
    expect(leaders.map(({ pid }) => pid)).toEqual([before.pid])
  })

  test('its death is noticed, its restart is explained', async () => {
    await begin(web)
    await again(web)
    await fleet.until('web', 'healthy')
    const { pid } = fleet.status('web')
    process.kill(pid ?? 0, 'SIGKILL')
    expect((await fleet.fact('web', 'service.restarting')).because).toMatch(/^ended unseen .*; restart 1 of 3, in 1 s$/)
  })

  test('it is stopped and restarted like any other (Nomad: rawexec StartWaitRecoverWaitStop)', async () => {
    await begin(web)
    await again(web)
    await fleet.until('web', 'healthy')
    const { pid } = fleet.status('web')
    await fleet.call('service.restart', { services: ['web'] })
    expect(fleet.status('web').pid).not.toBe(pid)
    await gone(pid)
    await again(web)
    const second = fleet.status('web').pid
    await fleet.call('service.stop', { services: ['web'] })
    await gone(second)
    expect(fleet.status('web').state).toBe('stopped')
  })

  test('what it left behind is swept when it has ended while nobody watched (Nomad: executor CleanOldProcessesInCGroup)', async () => {
    const messy = sh('sleep 1000 & echo $! >rest; sleep 1001', { containment, restart: { delay: 100_000 } })
    await begin(messy)
    await fleet.until('web', 'healthy')
    const rest = await eventually(() => Number(/^\d+$/m.exec(readFileSync(join(stateDir, 'rest'), 'utf8'))?.[0] ?? Number.NaN))
    const { pid } = fleet.status('web')
    await fleet.leave()
    process.kill(pid ?? 0, 'SIGKILL')
    await gone(pid)
    expect(readStat(rest)?.state).toBe('S')
    await begin(messy)
    await gone(rest)
    await fleet.until('web', 'backingOff')
  })
})

describe('how it stood is how it stands', () => {
  test('what was stopped stays stopped (Nomad: TaskRunner_Restore_Dead)', async () => {
    await begin(sleeper)
    await fleet.until('web', 'healthy')
    await fleet.call('service.stop', { services: ['web'] })
    await again(sleeper)
    expect(fleet.status('web')).toMatchObject({ state: 'stopped', desired: 'stop', reason: 'stopped by test' })
  })

  test('a one-shot that has completed is not run again', async () => {
    const once = sh('echo run >>runs', { oneShot: true, restart: { policy: 'on_failure' } })
    await begin(once)
    await fleet.until('web', 'completed')
    await again(once)
    expect(fleet.status('web')).toMatchObject({ state: 'completed', reason: 'exited with code 0; a one-shot is done' })
    expect(readFileSync(join(stateDir, 'runs'), 'utf8')).toBe('run\n')
  })

  test('what gave up stays so with its reason, and its story is known', async () => {
    const broken = sh('exit 3', { restart: { maxRestarts: 1, delay: 1 } })
    await begin(broken)
    await fleet.until('web', 'failed')
    const { reason } = fleet.status('web')
    await again(broken)
    expect(fleet.status('web')).toMatchObject({ state: 'failed', reason, restart_count: 1 })
    expect(reason).toMatch(/gave up after 1 restart/)
    const story = await eventually(async () => {
      const { history } = await fleet.call('service.explain', { service: 'web' })
      expect(history.map(({ type }) => type)).toContain('service.gaveUp')
      return history
    })
    const numbers = story.map(({ seq }) => seq)
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
  })

  test('a restart budget goes on where it was (Nomad: TaskRunner_Restore_Restart)', async () => {
    const broken = sh('exit 3', { restart: { maxRestarts: 2, delay: 60_000 } })
    await begin(broken)
    await fleet.until('web', 'backingOff')
    await again(broken)
    expect((await fleet.fact('web', 'service.restarting')).because).toMatch(/restart 2 of 2, in 8 s$/)
    await again(broken)
    await fleet.until('web', 'failed')
  })

  test('after a shutdown everything begins anew', async () => {
    const once = sh('echo run >>runs', { oneShot: true, restart: { policy: 'on_failure' } })
    const other = specOf({ name: 'other', command: '/bin/sleep', args: ['1000'] })
    await begin(once, other)
    await fleet.until('web', 'completed')
    await fleet.call('service.stop', { services: ['other'] })
    await fleet.orchestrator.shutdown('the test')
    await again(once, other)
    await fleet.until('other', 'healthy')
    await fleet.until('web', 'completed')
    expect(readFileSync(join(stateDir, 'runs'), 'utf8')).toBe('run\nrun\n')
  })

  test.each([
    ['always', 'backingOff', /^ended unseen .*; restart 1 of 3/],
    ['on_failure', 'backingOff', /^ended unseen .*; restart 1 of 3/],
    ['never', 'failed', /^ended unseen .*; restart_policy is never/],
  ] as const)('what ended while nobody watched is decided by its policy: %s', async (policy, state, reason) => {
    const web = specOf({ command: '/bin/sleep', args: ['1000'], restart: { policy } })
    await begin(web)
    await fleet.until('web', 'healthy')
    const { pid } = fleet.status('web')
    await fleet.leave()
    process.kill(pid ?? 0, 'SIGKILL')
    await gone(pid)
    await begin(web)
    await fleet.until('web', state)
    expect(fleet.status('web').reason).toMatch(reason)
  })
})

describe('a one-shot keeps its exit code', () => {
  const job = (script: string): ServiceSpec => sh(script, { oneShot: true, restart: { policy: 'never' } })
  const waits = 'while [ ! -e go ]; do sleep 0.02; done;'

  test.each([
    ['exit 0', 'completed', 'exited with code 0; a one-shot is done'],
    ['exit 3', 'failed', 'exited with code 3; restart_policy is never'],
    ['kill -9 $$', 'failed', 'was ended by SIGKILL; restart_policy is never'],
  ])('%s, while nobody watches', async (end, state, reason) => {
    const once = job(`${waits} ${end}`)
    await begin(once)
    const { pid } = await eventually(() => {
      expect(fleet.status('web').pid).not.toBeNull()
      return fleet.status('web')
    })
    await fleet.leave()
    writeFileSync(join(stateDir, 'go'), '')
    await gone(pid)
    // Its recorder is the last of it.
    await eventually(async () => expect(await markedProcesses(stateIdOf(stateDir))).toEqual([]))
    await begin(once)
    await fleet.until('web', state)
    expect(fleet.status('web').reason).toBe(reason)
    await again(once)
    expect(fleet.status('web')).toMatchObject({ state, reason, restart_count: 0 })
  })

  test('after its adoption', async () => {
    const once = job(`${waits} exit 3`)
    await begin(once)
    const { pid } = await eventually(() => {
      expect(fleet.status('web').pid).not.toBeNull()
      return fleet.status('web')
    })
    await again(once)
    await eventually(() => expect(fleet.status('web').pid).toBe(pid))
    writeFileSync(join(stateDir, 'go'), '')
    await fleet.until('web', 'failed')
    expect(fleet.status('web').reason).toBe('exited with code 3; restart_policy is never')
  })
})

describe('a config that changed meanwhile', () => {
  test('what the process is made of: a new one, with the reason (Nomad: TaskRunner_Restore_Update)', async () => {
    await begin(sleeper)
    await fleet.until('web', 'healthy')
    const { pid } = fleet.status('web')
    await again(specOf({ command: '/bin/sleep', args: ['1001'] }))
    await fleet.fact('web', 'service.spawned')
    await fleet.until('web', 'healthy')
    expect(fleet.status('web')).toMatchObject({ generation: 2, reason: 'restarted because its config changed', restart_count: 1 })
    expect(fleet.status('web').pid).not.toBe(pid)
  })

  test('a value of its environment counts, and stands nowhere in the state folder', async () => {
    const secret = (value: string): ServiceSpec => specOf({ command: '/bin/sleep', args: ['1000'], env: { TOKEN: value } })
    await begin(secret('first-hush'))
    await fleet.until('web', 'healthy')
    const { pid } = fleet.status('web')
    await again(secret('first-hush'))
    await fleet.until('web', 'healthy')
    expect(fleet.status('web').pid).toBe(pid)
    await again(secret('second-hush'))
    await fleet.fact('web', 'service.spawned')
    await fleet.leave()
    for (const file of ['journal.db', 'journal.db-wal']) {
      let text = ''
      try {
        text = readFileSync(join(stateDir, file), 'latin1')
      } catch {
        // A journal that was closed has no log beside it.
      }
      expect(text).not.toContain('hush')
    }
    await begin(secret('second-hush'))
  })

  test('anything else: the process stays, and what it is to be from now on holds', async () => {
    await begin(sleeper)
    await fleet.until('web', 'healthy')
    const { pid } = fleet.status('web')
    await again(specOf({ command: '/bin/sleep', args: ['1000'], restart: { maxRestarts: 9 }, stopGrace: 1 }))
    await fleet.until('web', 'healthy')
    expect(fleet.status('web').pid).toBe(pid)
    expect((await fleet.call('service.explain', { service: 'web' })).spec).toMatchObject({ stopGrace: 1 })
  })

  test('what is not in it any more is stopped, decently, and forgotten (Nomad: AllocRunner_PersistState_Destroyed)', async () => {
    const polite = sh("trap 'echo bye >>said; exit 0' TERM; echo up; while :; do sleep 0.02; done", {
      name: 'old',
      readiness: { target: { type: 'log', pattern: 'up' }, interval: 1_000, timeout: 1_000, delay: 0, failures: 3, passes: 1 },
    })
    await begin(sleeper, polite)
    await fleet.until('old', 'healthy')
    const { pid } = fleet.status('old')
    await again(sleeper)
    await fleet.fact('old', 'service.removed')
    await gone(pid)
    expect(readFileSync(join(stateDir, 'said'), 'utf8')).toBe('bye\n')
    expect(Object.keys((await fleet.call('system.status', {})).services)).toEqual(['web'])
    await again(sleeper)
    expect(fleet.facts.filter(({ about }) => about === 'service.old')).toEqual([])
  })
})

describe('a journal that is of no use', () => {
  test('lost: what runs is found by its mark all the same', async () => {
    await begin(sleeper)
    await fleet.until('web', 'healthy')
    const { pid } = fleet.status('web')
    await fleet.leave()
    for (const file of ['journal.db', 'journal.db-wal']) rmSync(join(stateDir, file), { force: true })
    await begin(sleeper)
    await fleet.until('web', 'healthy')
    expect(fleet.status('web')).toMatchObject({ pid, generation: 1 })
  })

  test('damaged: it is said, kept aside, and the fleet starts (Nomad: TestClientState_Corrupt)', async () => {
    await begin(sleeper)
    await fleet.until('web', 'healthy')
    const { pid } = fleet.status('web')
    await fleet.leave()
    writeFileSync(join(stateDir, 'journal.db'), 'this is no journal')
    await begin(sleeper)
    await fleet.until('web', 'healthy')
    expect(fleet.status('web').pid).toBe(pid)
    const damage = fleet.facts.find(({ type }) => type === 'system.damaged')
    const kept = String(damage?.data['keptAs'])
    expect(readFileSync(kept.startsWith('/') ? kept : join(stateDir, kept), 'utf8')).toBe('this is no journal')
    const { supervisor } = await fleet.call('system.status', {})
    expect(supervisor.warnings.join()).toMatch(/the journal was damaged: .*kept as/)
  })

  test('a program that has overwritten its environment is found by the pid in the journal', async () => {
    const bare = specOf({ command: '/usr/bin/env', args: ['-i', '/bin/sleep', '1000'], containment: 'mark' })
    await begin(bare)
    await fleet.until('web', 'healthy')
    const { pid } = fleet.status('web')
    await eventually(async () => expect(await markedProcesses(stateIdOf(stateDir))).toEqual([]))
    await again(bare)
    await fleet.until('web', 'healthy')
    expect(fleet.status('web').pid).toBe(pid)
  })
})

describe('while it comes up', () => {
  const names = Array.from({ length: 80 }, (_, n) => `s${n}`)
  const many = names.map((name) => specOf({ name, command: '/bin/sleep', args: ['1000'] }))
  const coming = (options: Partial<OrchestratorOptions> = {}) => {
    const orchestrator = createOrchestrator({ services: many, stateDir, listeners: [], environment: process.env, ...options })
    return { orchestrator, begun: orchestrator.start() }
  }

  test.each(['service.start', 'service.restart', 'service.stop'] as const)(
    '%s waits until all that runs is adopted',
    async (command) => {
      await begin(...many)
      for (const name of names) await fleet.until(name, 'healthy')
      const pids = new Set(names.map((name) => fleet.status(name).pid))
      await fleet.leave()
      const { orchestrator, begun } = coming()
      const reply = await orchestrator.gateway.invoke({ name: 'me', via: 'test', role: 'admin' }, command, { services: names })
      expect(reply).toMatchObject({ ok: true })
      await begun
      const now = names.map((name) => orchestrator.view.service(name)?.pid)
      const leaders = (await markedProcesses(stateIdOf(stateDir))).filter(({ pid, group }) => pid === group)
      await orchestrator.close()
      await begin(...many)
      expect(new Set(leaders.map(({ service }) => service)).size).toBe(leaders.length)
      expect(leaders).toHaveLength(command === 'service.stop' ? 0 : names.length)
      expect(now.filter((pid) => pids.has(pid ?? null))).toHaveLength(command === 'service.start' ? names.length : 0)
    },
  )

  test('what the journal knows of a process is not overwritten by what is not known yet', async () => {
    await begin(...many)
    for (const name of names) await fleet.until(name, 'healthy')
    await fleet.leave()
    const written: unknown[] = []
    const { orchestrator, begun } = coming({
      async openJournal(settings) {
        const opened = await openJournal(settings)
        const put: typeof opened.journal.put = (record) => {
          if (record.kind === 'service') written.push((record.value as { leader: unknown }).leader)
          opened.journal.put(record)
        }
        return { ...opened, journal: { ...opened.journal, put, sync: opened.journal.sync } }
      },
    })
    await begun
    await eventually(() =>
      expect(names.map((name) => orchestrator.view.service(name)?.state)).toEqual(names.map(() => 'healthy')),
    )
    await orchestrator.close()
    await begin(...many)
    expect(written.length).toBeGreaterThan(0)
    expect(written).not.toContain(null)
  })
})

test('what was stable before it ended unseen has its whole budget', async () => {
  const script = 'if [ ! -e once ]; then touch once; exit 1; fi; exec sleep 1000'
  const web = sh(script, { restart: { maxRestarts: 1, delay: 1, stableUptime: 100 } })
  await begin(web)
  await fleet.fact('web', 'service.ready', 2)
  const { time } = await fleet.fact('web', 'service.ready', 2)
  await eventually(() => expect(Date.now() - Date.parse(time)).toBeGreaterThan(200))
  const { pid } = fleet.status('web')
  await fleet.leave()
  process.kill(pid ?? 0, 'SIGKILL')
  await gone(pid)
  await begin(web)
  expect((await fleet.fact('web', 'service.restarting')).because).toMatch(/restart 1 of 1, at once/)
})

test('a state folder is the same by whichever path one comes', async () => {
  await begin(sleeper)
  await fleet.until('web', 'healthy')
  const { pid } = fleet.status('web')
  await fleet.leave()
  const other = `${stateDir}-link`
  symlinkSync(stateDir, other)
  try {
    fleet = await startFleet([sleeper], { stateDir: other })
    await fleet.until('web', 'healthy')
    expect(fleet.status('web').pid).toBe(pid)
    await fleet.leave()
  } finally {
    rmSync(other)
  }
  await begin(sleeper)
})

describe('one orchestrator a state folder', () => {
  test('a second one is refused with the pid of the first, and touches nothing', async () => {
    await begin(sleeper)
    await fleet.until('web', 'healthy')
    const { pid } = fleet.status('web')
    await expect(startFleet([specOf({ args: ['other'] })], { stateDir })).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining(`already running as pid ${process.pid}`) as string,
    })
    expect(fleet.status('web')).toMatchObject({ pid, state: 'healthy' })
  })
})

test('logs are followed across orchestrators: nothing that a program writes meanwhile is lost (Nomad: logmon Start_restart_flusheslogs)', async () => {
  const talks = sh('echo first; while [ ! -e go ]; do sleep 0.02; done; echo second; exec sleep 1000')
  await begin(talks)
  await fleet.until('web', 'healthy')
  await fleet.leave()
  writeFileSync(join(stateDir, 'go'), '')
  await eventually(() => expect(readFileSync(join(stateDir, 'logs', 'web.log'), 'utf8')).toContain('second'))
  await begin(talks)
  appendFileSync(join(stateDir, 'logs', 'web.log'), 'third\n')
  const { lines } = await fleet.call('logs.read', {})
  expect(lines.map(({ line }) => line)).toEqual(['first', 'second', 'third'])
})

test.skipIf(noCgroup !== null)('what left its group and its environment is stopped with an adopted service', async () => {
  const file = join(stateDir, 'escaped')
  const escaping = specOf({ command: fixture('env-setsid.sh'), args: [file], containment: 'cgroup', workingDir: stateDir })
  await begin(escaping)
  const escaped = await eventually(() => Number(readFileSync(file, 'utf8')))
  await again(escaping)
  await fleet.until('web', 'healthy')
  expect(readStat(escaped)?.state).toBe('S')
  await fleet.call('service.stop', { services: ['web'] })
  await gone(escaped)
})
