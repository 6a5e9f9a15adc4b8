import { spawn } from 'node:child_process'
import process from 'node:process'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { descendants, descendantsAmong, isAlive, monotonic, parseStat, readStat, send, spawnedAt } from '../../src/actors/proc.ts'
import { listByPs, parsePs, statByPs } from '../../src/actors/ps.ts'
import { allProcesses, createScanner, markedProcesses, markOf } from '../../src/actors/scan.ts'
import { eventually } from '../support/eventually.ts'
import { createStage, fixture, identityOf, type Stage } from '../support/programs.ts'

let stage: Stage
beforeEach(() => {
  stage = createStage()
})
afterEach(() => stage.clear())

const line = '42 (a) b (c) S 1 40 40 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 1 0 9876543 1000000 256 18446744073709551615 0'

test('a stat line is read whatever the program calls itself', () => {
  expect(parseStat(line)).toEqual({
    pid: 42,
    state: 'S',
    ppid: 1,
    group: 40,
    cpu: 2000,
    start: 9_876_543,
    memory: 256 * 4096,
  })
  expect(parseStat('')).toBeNull()
  expect(parseStat('42 (cut')).toBeNull()
})

test('our own stat is read', () => {
  expect(readStat(process.pid)).toMatchObject({ pid: process.pid, ppid: process.ppid })
  expect(Math.abs((readStat(process.pid)?.memory ?? 0) - process.memoryUsage.rss())).toBeLessThan(50 * 2 ** 20)
})

test('a process is told from another with the same pid', async () => {
  const child = spawn('sleep', ['1000'])
  const identity = identityOf(child.pid ?? 0)
  expect(isAlive(identity)).toBe(true)
  expect(isAlive({ ...identity, start: identity.start - 1 })).toBe(false)
  child.kill()
  await once(child, 'exit')
  expect(isAlive(identity)).toBe(false)
  expect(send(identity.pid, 0)).toBe(false)
})

test('the time of a spawn is found from its start time', () => {
  const before = monotonic()
  const child = spawn('sleep', ['1000'])
  const at = spawnedAt(identityOf(child.pid ?? 0).start, monotonic())
  expect(Math.abs(at - before)).toBeLessThan(100)
  child.kill()
})

test('descendants are found by parentage, from the children files and from a list alike', async () => {
  const child = stage.run({ command: fixture('setsid.sh'), args: [`${stage.dir}/pid`], containment: 'mark' })
  const { pid } = await child.fact('child.spawned')
  const below = await stage.written('pid')
  expect(descendants([pid]).map((stat) => stat.pid)).toContain(below)
  expect(descendantsAmong(await allProcesses(), [pid]).map((stat) => stat.pid)).toContain(below)
  expect(descendants([pid]).find((stat) => stat.pid === below)?.group).toBe(below)
})

test('a sweep finds an incarnation by its mark and its group, and nothing else', async () => {
  const one = stage.run({ name: 'one', command: fixture('double-fork.sh'), args: [`${stage.dir}/pid`], containment: 'mark' })
  const two = stage.run({ name: 'two', containment: 'mark' }, { incarnation: 'x' })
  const leader = await one.fact('child.spawned')
  const other = await two.fact('child.spawned')
  const stray = await stage.written('pid')
  const scanner = createScanner()
  const [marked, grouped, both, none] = await Promise.all([
    scanner.find({ group: null, mark: markOf(stage.stateId, 'one', 'i1') }),
    scanner.find({ group: other.pid, mark: null }),
    scanner.find({ group: leader.pid, mark: markOf(stage.stateId, 'one', 'i2') }),
    scanner.find({ group: null, mark: markOf(stage.stateId, 'on', 'i1') }),
  ])
  expect(marked).toContainEqual({ pid: leader.pid, start: leader.start })
  expect(marked).toContainEqual(identityOf(stray))
  expect(grouped).toEqual([{ pid: other.pid, start: other.start }])
  expect(both.map(({ pid }) => pid)).toContain(leader.pid)
  expect(both.map(({ pid }) => pid)).not.toContain(stray)
  expect(none).toEqual([])
  const all = await markedProcesses(stage.stateId)
  expect(all).toContainEqual({ pid: other.pid, start: other.start, group: other.pid, service: 'two', incarnation: 'x' })
})

const hasPs = statByPs(process.pid) !== null

test.skipIf(!hasPs)('where there is no /proc, ps tells', () => {
  const own = readStat(process.pid)
  const told = statByPs(process.pid)
  expect(told).toMatchObject({ pid: process.pid, ppid: own?.ppid, group: own?.group })
  expect(Math.abs((told?.start ?? 0) * 1000 - (Date.now() - process.uptime() * 1000))).toBeLessThan(3000)
  expect(listByPs().map(({ pid }) => pid)).toContain(process.pid)
  expect(statByPs(2 ** 22 + 1)).toBeNull()
})

test('what ps prints on other systems is read too', () => {
  expect(
    parsePs('  501   1   501 Ss    2048   1-02:03:04 Sat Nov 21 03:42:01 2026\n 7 1 7 R+ 1 0:01.50 Sat Nov 21 03:42:01 2026'),
  ).toMatchObject([
    { pid: 501, ppid: 1, group: 501, state: 'S', memory: 2 ** 21, cpu: 93_784_000 },
    { pid: 7, state: 'R', cpu: 1500 },
  ])
})

test('a sweep lets others have their turn', async () => {
  let turns = 0
  const count = (): void => {
    turns++
    ticking = setImmediate(count)
  }
  let ticking = setImmediate(count)
  await eventually(async () => {
    await createScanner().find({ group: 1, mark: 'none' })
    if (turns === 0) throw new Error('deaf')
  })
  clearImmediate(ticking)
  expect(turns).toBeGreaterThan(0)
})
