import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { modes } from '../support/programs.ts'
import { load, siege, type Siege, type Up } from '../support/up.ts'

/** Descriptors and processes that the kernel refuses to a whole orchestrator. */

const sleeper = { command: '/bin/sleep', args: ['100000'] }

let fleet: Siege | undefined
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await fleet?.end()
  fleet = undefined
})

const pidOf = async (one: Siege, name: string): Promise<number> => (await one.service(name)).pid ?? 0
const until = (one: Siege, name: string, state: string, patience?: number) =>
  eventually(async () => expect((await one.service(name)).state).toBe(state), patience)

describe('descriptors (supervisord: test_spawn_fail_make_pipes_emfile)', () => {
  const most = 64
  const few = { before: ['sh', '-c', `ulimit -n ${most}; exec "$@"`, 'sh'] }
  const openIn = ({ pid }: Up): number => readdirSync(`/proc/${pid}/fd`).length

  /** Connections to the control socket until it has no descriptor left for one more. */
  const exhaust = async (one: Siege, up: Up): Promise<void> => {
    const more = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const socket = connect(join(one.stateDir, 'control.sock'))
        socket.on('error', () => {})
        sockets.push(socket)
      }
    }
    more(most - openIn(up) + 20)
    await eventually(() => {
      // Something else of it may just have let go of one.
      const left = most - openIn(up)
      more(left)
      expect(left).toBe(0)
    })
  }

  test.each(modes)('%s: none left hurts no service, costs no CPU, and is over when they are back', async (way) => {
    const containment = way === 'mark' ? 'mark' : 'auto'
    const services = { plain: sleeper, victim: sleeper, adopted: sleeper }
    const one = (fleet = siege({
      services: Object.fromEntries(Object.entries(services).map(([name, spec]) => [name, { ...spec, containment }])),
    }))
    await one.kill(await one.up())
    const up = await one.up(few)
    const before = (await one.status()).services
    // Now it is our child; the others were adopted, and are watched.
    await one.ask((client) => client.call('service.restart', { services: ['victim'] }))
    const victim = await pidOf(one, 'victim')
    await exhaust(one, up)
    await expect(one.status()).rejects.toThrow(/the connection to .* was lost/)
    process.kill(victim, 'SIGKILL')
    process.kill(before['adopted']?.pid ?? 0, 'SIGKILL')
    expect(await load(up.pid, 2_000)).toBeLessThan(0.1)
    expect(up.child.exitCode).toBeNull()

    for (const socket of sockets.splice(0)) socket.destroy()
    for (const name of ['victim', 'adopted']) await until(one, name, 'healthy')
    expect(await pidOf(one, 'plain')).toBe(before['plain']?.pid)
    for (const name of ['victim', 'adopted']) {
      // It was tried, and tried again, and says why it could not be.
      const [first, second] = await one.facts('service.restarting', name)
      expect(first?.because).toMatch(/^(was ended by SIGKILL|ended unseen)/)
      expect(second?.because).toMatch(/EMFILE.*tried again in 1 s, as often as it takes$/)
      expect(await one.service(name)).toMatchObject({ desired: 'run', state: 'healthy' })
    }
    // The journal has gone on: what is acknowledged is kept, and so is what was stated meanwhile.
    await one.ask((client) => client.call('service.stop', { services: ['plain'] }))
    expect((await one.status()).supervisor.faults).toEqual([])
    await one.kill(up)
    await one.up()
    expect(await one.service('plain')).toMatchObject({ state: 'stopped', desired: 'stop' })
    expect((await one.facts('service.restarting', 'victim')).length).toBeGreaterThan(1)
  })
})

/** The kernel bounds no processes of root, so it has to be somebody else. */
const nobody = process.getuid?.() === 0 ? 65_534 : undefined
const asNobody: readonly string[] =
  nobody === undefined ? [] : ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--']
const noRefusal = ((): string | null => {
  const [program, ...args] = [...asNobody, process.execPath, '-e', '0']
  const ran = spawnSync(program, args, { encoding: 'utf8' })
  if (ran.status !== 0) return `nobody else can run programs here: ${ran.error?.message ?? ran.stderr}`
  return spawnSync('prlimit', ['--version']).status === 0 ? null : 'there is no prlimit here'
})()
if (noRefusal !== null) process.stderr.write(`not tested: refused forks, because ${noRefusal}\n`)

describe.skipIf(noRefusal !== null)('processes', () => {
  /** Null: as many as before. Only the soft limit is moved: whoever is not root could not take the other one back. */
  const allow = ({ pid }: Up, most: number | null): void => {
    const all = /^Max processes +\S+ +(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1]
    const [program, ...args] = [...asNobody, 'prlimit', '--pid', String(pid), `--nproc=${most ?? all}:`]
    execFileSync(program, args)
  }

  test('none to be had hurts nobody; what ended is tried again until it can be started (supervisord: test_spawn_fork_fail_eagain; Nomad: TaskRunner_Run_RecoverableStartError)', async () => {
    const job = { command: '/bin/true', one_shot: true, autostart: false }
    const one = (fleet = siege({
      services: { plain: sleeper, victim: { ...sleeper, max_restarts: 1 }, job },
      owner: nobody,
    }))
    const up = await one.up({ before: asNobody })
    const before = (await one.status()).services
    allow(up, 1)
    process.kill(before['victim']?.pid ?? 0, 'SIGKILL')
    await eventually(async () => {
      const restarts = await one.facts('service.restarting', 'victim')
      // More often than it may be restarted.
      expect(restarts.filter(({ because }) => because?.includes('EAGAIN')).length).toBeGreaterThan(2)
    })
    await expect(one.ask((client) => client.call('service.start', { services: ['job'] }))).rejects.toThrow(/EAGAIN/)
    expect(await load(up.pid, 1_000)).toBeLessThan(0.1)
    const during = await one.status()
    expect(during.services['plain']).toMatchObject({ pid: before['plain']?.pid, restart_count: 0 })
    expect(during.services['victim']).toMatchObject({ status: 'backing_off', desired: 'run', pid: null })
    expect(during.supervisor.faults).toEqual([])
    allow(up, null)
    await until(one, 'victim', 'healthy')
    await until(one, 'job', 'completed')
    // The one restart that it has was spent on its own end alone.
    expect(await one.facts('service.gaveUp')).toEqual([])
    process.kill(await pidOf(one, 'victim'), 'SIGKILL')
    await eventually(async () => expect((await one.facts('service.gaveUp'))[0]?.because).toMatch(/gave up after 1 restart/))
  })
})
