import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, test } from 'vitest'
import { cgroupPath } from '../../src/actors/cgroup-fs.ts'
import { createMemoryGroups } from '../../src/actors/memory-group.ts'
import { eventually } from '../support/eventually.ts'
import { assertDead, noCgroup } from '../support/programs.ts'
import { siege, type Siege } from '../support/up.ts'

/** Users and memory limits of a whole fleet, with a death of the orchestrator in between. */

const isRoot = process.getuid?.() === 0
const noKernel = ((): string | null => {
  if (noCgroup !== null) return noCgroup
  const groups = createMemoryGroups(`hyphae-limits-${process.pid}`)
  const group = groups.of('/no/such/web')
  const possible = group.procs !== null && group.limit(2 ** 26)
  groups.removeAll()
  return possible ? null : 'there is no memory hierarchy that we may write'
})()
if (noKernel !== null) process.stderr.write(`not tested: a whole fleet with memory limits of the kernel, because ${noKernel}\n`)

/** Eats so many MB as soon as there is a file of that name, and keeps them. */
const eater = (file: string, mb: number) => ({
  command: process.execPath,
  args: [
    '-e',
    `const eaten = []
     setInterval(() => { if (eaten.length < ${mb} && require('fs').existsSync('${file}')) for (let i = 0; i < 4; i++) eaten.push(Buffer.alloc(2 ** 20, 1)) }, 10)`,
  ],
})

let fleet: Siege | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})
const pidOf = async (one: Siege, name: string): Promise<number> => (await one.service(name)).pid ?? 0
const uidOf = (pid: number): number => Number(/^Uid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

test.skipIf(noKernel !== null)(
  'a memory limit of the kernel outlives us, and says what it did; it leaves nothing behind',
  async () => {
    const one = (fleet = siege({
      services: {
        hungry: { ...eater('eat', 200), memory_limit: '64MB', max_restarts: 0 },
        free: { command: '/bin/sleep', args: ['1000'] },
      },
    }))
    const first = await one.up()
    const before = await one.service('hungry')
    expect(before).toMatchObject({ memory_limit: { mb: 64, by: 'kernel' }, containment: 'cgroup' })
    const path = cgroupPath(readFileSync(`/proc/${before.pid}/cgroup`, 'utf8'), 'memory') ?? ''
    const dir = join('/sys/fs/cgroup/memory', path)
    expect(readFileSync(join(dir, 'memory.limit_in_bytes'), 'utf8').trim()).toBe(String(64 * 2 ** 20))
    await one.kill(first)
    await one.up()
    expect(await one.service('hungry')).toMatchObject({ pid: before.pid, memory_limit: { mb: 64, by: 'kernel' } })
    expect(await one.service('free')).toMatchObject({ memory_limit: null })

    writeFileSync(join(one.cwd, 'eat'), '')
    await eventually(async () => expect((await one.service('hungry')).state).toBe('failed'))
    expect((await one.service('hungry')).reason).toBe(
      "was ended by its memory limit (64 MB): killed by the kernel's OOM killer; gave up after 0 restarts (max_restarts: 0)",
    )
    expect(existsSync(dir)).toBe(true)
    expect((await one.run('down')).code).toBe(0)
    expect(existsSync(dir)).toBe(false)
  },
)

test('where the kernel does not enforce it, we look, ask it to stop, and start it again under its policy', async () => {
  const one = (fleet = siege({
    services: { hungry: { ...eater('eat', 100), memory_limit: '100MB', containment: 'mark', max_restarts: 0 } },
  }))
  await one.up()
  expect(await one.service('hungry')).toMatchObject({ memory_limit: { mb: 100, by: 'watch' } })
  writeFileSync(join(one.cwd, 'eat'), '')
  await eventually(async () => expect((await one.service('hungry')).state).toBe('failed'))
  expect((await one.service('hungry')).reason).toMatch(
    /^used 1\d\d(\.\d)? MB, more than its memory_limit of 100 MB; gave up after 0 restarts \(max_restarts: 0\)$/,
  )
  const [end] = await one.facts('service.exited', 'hungry')
  expect(end?.data).toMatchObject({ exit: { kind: 'signalled', signal: 'SIGTERM' }, planned: false })
})

describe.skipIf(!isRoot)('users', () => {
  const sleeper = { command: '/bin/sleep', args: ['1000'], working_dir: '/' }

  test('a service of somebody else is adopted, stopped and reloaded as any other; its probe runs as its user', async () => {
    const app = { ...sleeper, user: 'nobody', nice: 1, readiness: { exec: ['sh', '-c', 'test "$(id -un)" = nobody'] } }
    const one = (fleet = siege({ services: { app } }))
    const first = await one.up()
    const pid = await pidOf(one, 'app')
    // Its probe has passed, so it is the program itself.
    await eventually(() => expect(uidOf(pid)).toBe(65_534))
    await one.kill(first)
    await one.up()
    expect(await one.service('app')).toMatchObject({ pid, user: 'nobody', reason: 'found running and adopted' })
    const config = JSON.parse(readFileSync(join(one.cwd, 'hyphae.yaml'), 'utf8')) as { supervisor: { services: object } }
    config.supervisor.services = { app: { ...app, user: 'daemon', readiness: undefined } }
    writeFileSync(join(one.cwd, 'hyphae.yaml'), JSON.stringify(config))
    await one.ask((client) => client.call('system.reload'))
    await eventually(async () => expect(await one.service('app')).toMatchObject({ state: 'healthy', user: 'daemon' }))
    // It runs from the moment when the shell does that becomes it.
    await eventually(async () => expect(uidOf(await pidOf(one, 'app'))).toBe(1))
    await one.ask((client) => client.call('service.stop', { services: ['app'] }))
    assertDead(pid)
  })

  test('whoever is not root is told so before anything starts, or by the service that fails', async () => {
    const nobody = 65_534
    const before = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--']
    const services = { own: { ...sleeper, user: 'nobody' }, eager: { ...sleeper, nice: -5, autostart: false } }
    const one = (fleet = siege({ services, owner: nobody }))
    chmodSync(one.cwd, 0o755)
    await one.up({ before })
    expect(uidOf(await pidOf(one, 'own'))).toBe(nobody)
    const refused = one.ask((client) => client.call('service.start', { services: ['eager'] }))
    await expect(refused).rejects.toThrow(/nice of -5 is a higher priority than Hyphae's own \(\d+\), which only root may give/)
    expect((await one.service('eager')).status).toBe('failed')

    const config = JSON.parse(readFileSync(join(one.cwd, 'hyphae.yaml'), 'utf8')) as { supervisor: { services: object } }
    config.supervisor.services = { ...services, own: { ...sleeper, user: 'root' } }
    writeFileSync(join(one.cwd, 'hyphae.yaml'), JSON.stringify(config))
    await expect(one.ask((client) => client.call('system.reload'))).rejects.toThrow(
      'supervisor.services.own.user: Hyphae itself runs as uid 65534 here, and only root may start a program as somebody else',
    )
    expect((await one.service('own')).user).toBe('nobody')
  })
})
