import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cgroupPath } from '../../src/actors/cgroup-fs.ts'
import { type Containers, createContainers } from '../../src/actors/containment.ts'
import { eventually } from '../support/eventually.ts'
import { assertDead } from '../support/programs.ts'

const text = '9:name=systemd:/a\n4:memory:/m/x:y\n3:cpu,pids:/p\n0::/unified/own\n'

test('the path of each hierarchy is read, colons and joint controllers included', () => {
  expect(cgroupPath(text, 'unified')).toBe('/unified/own')
  expect(cgroupPath(text, 'pids')).toBe('/p')
  expect(cgroupPath(text, 'freezer')).toBeUndefined()
})

for (const hierarchy of ['unified', 'pids', 'freezer'] as const) {
  const stateId = `test-${hierarchy}-${process.pid}`
  const trial = createContainers({ stateId, hierarchies: [hierarchy] })
  const refusal = trial.unavailable()
  trial.removeAll()

  test.skipIf(refusal !== null)(`${hierarchy}: what is put in is listed, found again, killed and removed`, async () => {
    const containers = createContainers({ stateId, hierarchies: [hierarchy] })
    const container = containers.open('web')
    if (container === null) throw new Error('none')
    expect(container.dir.endsWith(`/hyphae-${stateId}/web`)).toBe(true)
    expect(container.pids()).toEqual([])
    const child = spawn('sleep', ['1000'])
    const pid = child.pid ?? 0
    writeFileSync(container.procs, String(pid))
    expect(container.pids()).toEqual([pid])
    // A later run of ours finds it through the process, and only as the service that it is.
    const later = createContainers({ stateId, hierarchies: [hierarchy] })
    expect(later.holding('web', pid)?.dir).toBe(container.dir)
    expect(later.holding('other', pid)).toBeNull()
    // One that starts beside it is in one of its own, which is the same service's.
    const beside = containers.vacant('web')
    expect(beside?.dir).toBe(`${container.dir}~2`)
    writeFileSync(beside?.procs ?? '', String(pid))
    expect([containers.services(), containers.pids('web'), later.holding('web', pid)?.dir]).toEqual([['web'], [pid], beside?.dir])
    expect(containers.vacant('web')?.dir).toBe(container.dir)
    writeFileSync(container.procs, String(pid))
    expect(beside?.pids()).toEqual([])
    expect(container.remove()).toBe(false)
    expect(typeof container.cpu()).toBe(hierarchy === 'unified' ? 'number' : 'object')
    container.kill()
    await once(child, 'exit')
    assertDead(pid)
    await eventually(() => expect(container.pids()).toEqual([]))
    const limited = beside?.limitMemory(64 * 2 ** 20) === true
    // What runs on may have been spawned a moment ago, and not be inside yet.
    expect(containers.removeAll(new Set(['web']))).toBe(false)
    expect(existsSync(container.dir)).toBe(true)
    expect(beside?.memory.limited() ?? null).toBe(limited ? 64 * 2 ** 20 : null)
    containers.removeAll()
    expect(existsSync(container.dir)).toBe(false)
    expect(container.pids()).toEqual([])
    // It comes back for whoever needs it.
    expect(containers.open('web')?.pids()).toEqual([])
    containers.removeAll()
  })
}

let none: Containers
beforeEach(() => {
  none = createContainers({ stateId: 'none', hierarchies: [] })
})
afterEach(() => {
  none.removeAll()
})

test('where there is none, it says so', () => {
  expect(none.unavailable()).toBe('there is no cgroup file system here')
  expect(none.open('web')).toBeNull()
  expect(none.holding('web', 1)).toBeNull()
})
