import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cgroupPath } from '../../src/actors/cgroup-fs.ts'
import { groupFor, moveToLeaf, unifiedMounts } from '../../src/actors/own-cgroup.ts'
import { eventually } from '../support/eventually.ts'
import { siege, type Siege } from '../support/up.ts'

/** The files of a unified hierarchy; what the kernel does with them is tested below, where it lets us. */
describe('with plain files', () => {
  let mount = ''
  beforeEach(() => {
    mount = mkdtempSync(join(tmpdir(), 'hyphae-cgroup-'))
  })
  afterEach(() => rmSync(mount, { recursive: true, force: true }))

  const group = (path: string, pids: readonly number[] = []): string => {
    const dir = join(mount, path)
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, 'cgroup.procs'), pids.map((pid) => `${pid}\n`).join(''))
    writeFileSync(join(dir, 'cgroup.subtree_control'), '')
    return dir
  }
  const move = (path: string, env: NodeJS.ProcessEnv = {}) => moveToLeaf({ env, mount, path, pid: process.pid })

  test('in a group of our own we go into a leaf, and containers stay beside it', () => {
    const dir = group('/unit', [process.pid])
    // The kernel makes its files with the directory.
    group('/unit/supervisor')
    expect(move('/unit')).toBe(true)
    expect(readFileSync(join(dir, 'supervisor', 'cgroup.procs'), 'utf8')).toMatch(new RegExp(`^${process.pid}`))
    expect(groupFor(mount, '/unit/supervisor')).toBe(dir)
    expect(groupFor(mount, '/unit')).toBe(dir)
    // Where the service manager has put us into it already there is nothing to do.
    expect(move('/unit/supervisor', { INVOCATION_ID: 'x' })).toBe(true)
  })

  test('we stay where others are, at the root, under a systemd that will come back, and where nothing is there', () => {
    group('/shared', [process.pid, 1])
    group('/', [process.pid])
    group('/unit', [process.pid])
    group('/empty')
    // Whatever keeps us from it, it is not that there is no leaf.
    const leaves = ['/shared', '/', '/unit', '/empty'].map((path) => join(group(join(path, 'supervisor')), 'cgroup.procs'))
    expect(move('/shared')).toBe(false)
    expect(move('/')).toBe(false)
    expect(move('/unit', { INVOCATION_ID: '0123' })).toBe(false)
    expect(move('/empty')).toBe(false)
    expect(move('/../elsewhere')).toBe(false)
    expect(move('/no/such')).toBe(false)
    expect(leaves.map((procs) => readFileSync(procs, 'utf8'))).toEqual(['', '', '', ''])
  })

  test('a move that fails leaves no leaf behind', () => {
    group('/unit', [process.pid])
    // Without the files that the kernel would make there, nothing can be written to.
    expect(move('/unit')).toBe(false)
    expect(existsSync(join(mount, 'unit', 'supervisor'))).toBe(false)
  })

  test.skipIf(process.getuid?.() === 0)('what is not ours to write is not ours', () => {
    const dir = group('/unit', [process.pid])
    chmodSync(join(dir, 'cgroup.subtree_control'), 0o444)
    expect(move('/unit')).toBe(false)
    expect(groupFor(mount, '/unit/supervisor')).toBe(join(dir, 'supervisor'))
  })
})

const mount = unifiedMounts.find((dir) => existsSync(join(dir, 'cgroup.controllers')))
const unit = join(mount ?? '/no', `hyphae-unit-${process.pid}`)
/** Why a group like that of a systemd unit can't be made here. */
const refusal = ((): string | null => {
  try {
    mkdirSync(unit)
    return null
  } catch (error) {
    return String(error)
  }
})()
if (refusal !== null) process.stderr.write(`not tested: the leaf of a real cgroup, because ${refusal}\n`)

describe.skipIf(refusal !== null)('with the kernel', () => {
  let world: Siege | undefined
  afterEach(async () => {
    await world?.end()
    await eventually(() => {
      if (existsSync(join(unit, 'supervisor'))) rmdirSync(join(unit, 'supervisor'))
      rmdirSync(unit)
    })
  })

  const groupOf = (pid: number): string | undefined => cgroupPath(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), 'unified')

  test('up in a group of its own moves into the leaf; after a kill -9 the next one does so too, and adopts', async () => {
    world = siege({ services: { web: { command: 'sleep', args: ['1000'] } } })
    // As a service manager does it: the process is in its group before it begins.
    const before = ['sh', '-c', 'echo $$ >"$0"/cgroup.procs; exec "$@"', unit]
    const first = await world.up({ before, env: { INVOCATION_ID: '' } })
    const { pid } = await world.service('web')
    expect(groupOf(first.pid)).toBe(`/hyphae-unit-${process.pid}/supervisor`)
    expect(groupOf(pid ?? 0)).toMatch(new RegExp(`^/hyphae-unit-${process.pid}/hyphae-[0-9a-f]+/web$`))
    expect(readFileSync(join(unit, 'cgroup.procs'), 'utf8')).toBe('')
    await world.kill(first)
    const second = await world.up({ before, env: { INVOCATION_ID: '' } })
    expect(groupOf(second.pid)).toBe(`/hyphae-unit-${process.pid}/supervisor`)
    expect((await world.service('web')).pid).toBe(pid)
  })
})
