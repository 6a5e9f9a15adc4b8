import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { createActor } from 'xstate'
import type * as Keeper from '../src/actors/log-keeper.ts'
import type { LogRules } from '../src/protocol/log-rules.ts'
import { admin, fleet, spec } from './fleet.ts'
import { median, most, share, type Row } from './measure.ts'

const megabytes = 1_000
const MB = 1024 * 1024
const kept: LogRules = { maxSize: 8 * MB, keep: 3, maxAge: null, compress: false }
const whole: LogRules = { ...kept, maxSize: 4_096 * MB }

const onDisk = (folder: string): number => {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce((sum, file) => {
      const stats = statSync(join(file.parentPath, file.name), { throwIfNoEntry: false })
      return sum + (stats?.isFile() === true ? stats.blocks * 512 : 0)
    }, 0)
  } catch {
    return 0
  }
}

/** MB/s of a program that writes as fast as it can, and the most that its output took on the disk, MB. */
async function flood(logs: LogRules): Promise<{ readonly speed: number; readonly peak: number }> {
  const argv = ['-c', `yes 'a line of a log as one sees it' | head -c ${megabytes * MB}`]
  const one = await fleet([spec({ name: 'flood', command: '/bin/sh', args: argv, oneShot: true, logs })])
  let peak = 0
  try {
    let since = 0
    let end = 0
    const done = new Promise<void>((resolve) => {
      one.onFact(({ type }) => {
        if (type === 'service.spawned') since = performance.now()
        if (type !== 'service.completed') return
        end = performance.now()
        resolve()
      })
    })
    const life = { going: true }
    const watch = async (): Promise<void> => {
      for (; life.going; await sleep(5)) peak = Math.max(peak, onDisk(join(one.stateDir, 'logs')))
    }
    const watching = watch()
    await one.gateway.invoke(admin, 'service.start', { services: ['flood'], wait: false })
    await done
    life.going = false
    await watching
    return { speed: megabytes / ((end - since) / 1_000), peak: peak / MB }
  } finally {
    await one.end()
  }
}

/** Share of a core that looking at so many logs takes in which nothing happens, %. */
async function quiet(count: number): Promise<number> {
  const built: string = '../dist/actors/log-keeper.js'
  const { createLogKeeper } = (await import(built)) as typeof Keeper
  const folder = mkdtempSync(join(tmpdir(), 'hyphae-bench-'))
  mkdirSync(folder, { recursive: true })
  const logs = Array.from({ length: count }, (_, n) => ({ service: `s${n}`, rules: kept }))
  for (const { service } of logs) writeFileSync(join(folder, `${service}.log`), 'one line\n')
  const parts = { folder, logPath: (service: string) => join(folder, `${service}.log`), logs: () => logs, maxAge: null }
  const actor = createActor(createLogKeeper({ ...parts, environment: process.env, tell() {} }).logic, {
    input: { rotation: 'x' },
  })
  actor.start()
  await sleep(3_000)
  const before = process.cpuUsage()
  await sleep(5_000)
  const { user, system } = process.cpuUsage(before)
  actor.stop()
  rmSync(folder, { recursive: true })
  return (user + system) / 5_000_000 / 0.01
}

export async function rotate(rounds = 3): Promise<Row[]> {
  const rotated: number[] = []
  const floor: number[] = []
  let peak = 0
  for (let round = 0; round < rounds; round++) {
    floor.push((await flood(whole)).speed)
    const one = await flood(kept)
    rotated.push(one.speed)
    peak = Math.max(peak, one.peak)
  }
  const room = (kept.maxSize * (kept.keep + 1)) / MB
  return [
    share(`a flood of ${megabytes} MB that is rotated, against one that is not`, median(rotated), median(floor), 0.5),
    most(
      `disk taken by ${megabytes} MB where ${room} MB are kept: and what comes in 3 s`,
      peak,
      room + 3 * Math.max(...rotated),
      'MB',
    ),
    most('looking at 1,000 quiet logs, of one core', await quiet(1_000), 5, '%'),
  ]
}
