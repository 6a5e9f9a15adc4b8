import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, test } from 'vitest'
import { archiveFolderOf } from '../../src/actors/log-archive.ts'
import { readForward } from '../../src/actors/log-bytes.ts'
import { rotateLog } from '../../src/actors/log-rotation.ts'
import { createHolePuncher } from '../../src/actors/punch-hole.ts'
import { openLogFile } from '../../src/cli/up/log-file.ts'
import type { Sink } from '../../src/protocol/calls.ts'
import { usualLogRules, type LogRules } from '../../src/protocol/log-rules.ts'
import type { FollowedLogItem } from '../../src/protocol/status.ts'
import { logPathOf } from '../../src/state-dir.ts'
import { chance } from '../support/chance.ts'
import { fleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { fixture } from '../support/programs.ts'
import { noDisk, smallDisk } from '../support/small-disk.ts'
import { probe, specOf } from '../support/specs.ts'
import { siege, type Siege } from '../support/up.ts'

/** Logs that are rotated while real programs write to them. */

const KB = 1024
const small: LogRules = { ...usualLogRules, maxSize: 64 * KB, keep: 1_000 }
const numbers = (...args: ReadonlyArray<number | string>) => ({
  command: process.execPath,
  args: [fixture('numbers.mjs'), ...args.map(String)],
})
const textOf = (total: number): string => Array.from({ length: total }, (_, n) => `number ${n} ${'x'.repeat(n % 100)}\n`).join('')

async function union(log: string): Promise<string> {
  const pieces: string[] = []
  for await (const { bytes } of readForward(log, 0, Infinity)) pieces.push(bytes.toString('latin1'))
  return pieces.join('')
}
const archivesIn = (log: string): string[] =>
  existsSync(archiveFolderOf(log)) ? readdirSync(archiveFolderOf(log)).filter((name) => name.includes('.log')) : []
const onDisk = (path: string): number => statSync(path).blocks * 512

let fleet: Fleet | undefined
let place: Siege | undefined
afterEach(async () => {
  await fleet?.end()
  await place?.end()
  fleet = undefined
  place = undefined
})

function listen(one: Fleet, input: object): FollowedLogItem[] {
  const items: FollowedLogItem[] = []
  const sink: Sink = { room: () => undefined, item: (item) => items.push(item as FollowedLogItem), end: () => {} }
  const opened = one.orchestrator.gateway.subscribe({ name: 'me', via: 'test', role: 'viewer' }, 'logs.follow', input, sink)
  if ('error' in opened) throw new Error(opened.error.message)
  return items
}

test('a fleet rotates, and nobody who reads or waits for a line notices', { timeout: 60_000 }, async () => {
  const total = 20_000
  const text = textOf(total)
  const late = { ...probe, target: { type: 'log' as const, pattern: '^ready now$' } }
  const one = (fleet = await startFleet([
    specOf({ name: 'steady', ...numbers(total, 200, 25), logs: { ...small, compress: true } }),
    // Ready with a line that comes after several rotations.
    specOf({ name: 'late', ...numbers(10_000, 200, 25, 'ready now'), readiness: late, logs: { ...small, keep: 2 } }),
    specOf({ name: 'quiet', command: '/bin/sleep', args: ['1000'] }),
  ]))
  const heard = listen(one, { services: ['steady'], after: { steady: 0 } })
  const sevens = listen(one, { services: ['steady'], grep: '777 ', lines: 10_000 })
  await eventually(() => expect(heard.length).toBe(total), 30_000)
  expect(heard.map(({ line }) => `${line}\n`).join('')).toBe(text)
  await one.until('late', 'healthy')

  const log = logPathOf(one.stateDir, 'steady')
  await eventually(() => expect(onDisk(log)).toBeLessThan(2 * 64 * KB))
  expect(await union(log)).toBe(text)
  await eventually(() => expect(archivesIn(log).filter((name) => name.endsWith('.gz')).length).toBeGreaterThan(5))
  await eventually(() => expect(archivesIn(logPathOf(one.stateDir, 'late'))).toHaveLength(2))
  expect(archivesIn(logPathOf(one.stateDir, 'quiet'))).toEqual([])

  const wanted = text.split('\n').filter((line) => line.includes('777 '))
  const found = await one.call('logs.read', { services: ['steady'], grep: '777 ' })
  expect({ ...found, lines: found.lines.map(({ line }) => line) }).toEqual({
    lines: wanted,
    ends: { steady: text.length },
    cut: [],
  })
  await eventually(() => expect(sevens.map(({ line }) => line)).toEqual(wanted))
  const { lines } = await one.call('logs.read', { services: ['steady'], lines: 10_000 })
  expect(lines.map(({ line }) => `${line}\n`).join('')).toBe(text.split('\n').slice(-10_001).join('\n'))

  // Times never go back, and lie between the start and now.
  const times = lines.map(({ time }) => Date.parse(time ?? ''))
  expect(times).toEqual([...times].sort((a, b) => a - b))
  const middle = lines[5_000]
  const since = await one.call('logs.read', { services: ['steady'], since: middle?.time ?? '' })
  expect(since.lines.every(({ time }) => Date.parse(time ?? '') >= Date.parse(middle?.time ?? ''))).toBe(true)
  expect(since.lines.map(({ line }) => line)).toContain(middle?.line)
  const until = await one.call('logs.read', { services: ['steady'], until: middle?.time ?? '', grep: `^${middle?.line ?? ''}$` })
  expect(until.lines).toHaveLength(1)
  expect((await one.call('logs.read', { since: new Date(Date.now() + 60_000).toISOString() })).lines).toEqual([])
  await expect(one.call('logs.read', { grep: '(' })).rejects.toMatchObject({ code: 'invalid_params' })

  const { actors } = await one.call('actor.list', { kind: 'rotation' })
  expect(actors).toMatchObject([{ address: 'rotation.logs', phase: 'active', state: 'open.watching', live: true }])
  expect(actors[0]?.reason).toMatch(/^\d+ archives made so far$/)
  expect(one.orchestrator.view.supervisor().faults).toEqual([])
})

test('a changed rule takes effect with a reload and restarts nothing', { timeout: 30_000 }, async () => {
  const spec = specOf({ name: 'web', ...numbers(3_000, 3_000, 0) })
  const one = (fleet = await startFleet([spec]))
  const log = logPathOf(one.stateDir, 'web')
  await eventually(() => expect(statSync(log).size).toBe(textOf(3_000).length))
  const { pid } = one.status('web')
  await one.orchestrator.reload([{ ...spec, logs: small }])
  expect(one.facts.at(-1)?.because).toBe('1 changed')
  await eventually(() => expect(archivesIn(log).length).toBeGreaterThan(0))
  expect(one.status('web').pid).toBe(pid)
  expect(await union(log)).toBe(textOf(3_000))
})

test('where no hole can be punched that is said, and a restart sets the log aside', { timeout: 30_000 }, async () => {
  const bin = mkdtempSync(join(tmpdir(), 'hyphae-bin-'))
  try {
    const one = (fleet = await startFleet([specOf({ name: 'web', ...numbers(3_000, 3_000, 0), logs: small })], {
      environment: { PATH: bin },
    }))
    const log = logPathOf(one.stateDir, 'web')
    const fault = () => one.orchestrator.view.supervisor().faults.find(({ what }) => what === 'rotation')
    await eventually(() =>
      expect(fault()?.because).toMatch(/^the log of web is not rotated: .*; it is rotated when the service is started again$/),
    )
    await eventually(() => expect(statSync(log).size).toBe(textOf(3_000).length))
    expect(archivesIn(log)).toEqual([])
    const items = listen(one, { lines: 0 })
    await one.call('service.restart', { services: ['web'] })
    await eventually(async () => expect(await union(log)).toBe(textOf(3_000) + textOf(3_000)))
    expect(archivesIn(log)).toHaveLength(1)
    expect(statSync(log).size).toBe(textOf(3_000).length)
    await eventually(() => expect(items.map(({ line }) => `${line}\n`).join('')).toBe(textOf(3_000)))
    const { lines } = await one.call('logs.read', { lines: 4_000 })
    expect(lines.map(({ line }) => `${line}\n`).join('')).toBe(
      (textOf(3_000) + textOf(3_000)).split('\n').slice(-4_001).join('\n'),
    )
  } finally {
    rmSync(bin, { recursive: true, force: true })
  }
})

test(
  'kill -9 in the midst of rotations loses and doubles nothing, and whoever comes next goes on',
  { timeout: 90_000 },
  async () => {
    const total = 45_000
    const text = textOf(total)
    const random = chance(20261121)
    const siegeOf = (place = siege({
      services: { flood: { ...numbers(total, 300, 20), logs: { max_size: '64KB', keep: 1_000, compress: true } } },
    }))
    const log = logPathOf(siegeOf.stateDir, 'flood')
    let up = await siegeOf.up()
    const { pid } = await siegeOf.service('flood')
    for (let round = 0; round < 2; round++) {
      const before = archivesIn(log).length
      await eventually(() => expect(archivesIn(log).length).toBeGreaterThan(before))
      await new Promise((resolve) => setTimeout(resolve, random() * 60))
      await siegeOf.kill(up)
      expect(text.startsWith(await union(log))).toBe(true)
      up = await siegeOf.up()
      expect((await siegeOf.service('flood')).pid).toBe(pid)
    }
    await eventually(async () => expect((await union(log)).length).toBe(text.length), 30_000)
    expect(await union(log)).toBe(text)
    await eventually(() => expect(onDisk(log)).toBeLessThan(2 * 64 * KB))
    // The last archive may still be being compressed.
    await eventually(() => expect(archivesIn(log).filter((name) => name.endsWith('.tmp'))).toEqual([]))
    const { out } = await siegeOf.run('logs', 'flood', '-n', '3', '-t', '--grep', 'NUMBER \\d+ x{99}$', '-i', '--since', '1h')
    expect(out.trim().split('\n')).toHaveLength(3)
    expect(out).toMatch(new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\S+Z flood \\| number ${total - 1} x{99}$`, 'm'))
  },
)

test.skipIf(noDisk !== null)('a full disk loses nothing of what was written, and the rotation goes on later', async () => {
  const disk = await smallDisk(1024 * KB)
  try {
    mkdirSync(join(disk.path, 'logs'))
    const log = join(disk.path, 'logs', 'web.log')
    const text = textOf(8_000)
    appendFileSync(log, text)
    disk.fill()
    const parts = { holes: createHolePuncher({ environment: process.env }), signal: new AbortController().signal }
    const rules = { ...small, maxSize: 300 * KB }
    await expect(rotateLog(log, rules, parts)).rejects.toThrow(/no space/)
    expect(await union(log)).toBe(text)
    disk.free()
    expect(await rotateLog(log, rules, parts)).toBe(1)
    expect(await union(log)).toBe(text)
    expect(readdirSync(archiveFolderOf(log)).some((name) => name.endsWith('.tmp'))).toBe(false)
  } finally {
    await disk.end()
  }
})

describe('our own log', () => {
  test('is set aside while it is written, and so many are kept', () => {
    const dir = mkdtempSync(join(tmpdir(), 'hyphae-own-'))
    try {
      const path = join(dir, 'supervisor.log')
      const file = openLogFile(path, { maxSize: 10_000, keep: 2 })
      for (let n = 0; n < 1_000; n++) file.write(`${JSON.stringify({ n, msg: 'x'.repeat(60) })}\n`)
      expect(readdirSync(dir).sort()).toEqual(['supervisor.log', 'supervisor.log.1', 'supervisor.log.2'])
      const all = ['.2', '.1', ''].flatMap((end) =>
        readFileSync(path + end, 'utf8')
          .trim()
          .split('\n'),
      )
      const seen = all.map((line) => (JSON.parse(line) as { n: number }).n)
      expect(seen.at(-1)).toBe(999)
      expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => 1_000 - seen.length + index))
      for (const end of ['', '.1', '.2']) expect(statSync(path + end).size).toBeLessThan(10_200)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })

  test('and what up -d prints are set aside while the fleet runs', { timeout: 60_000 }, async () => {
    const folder = fleetFolder(`
log: { max_size: 64KB, keep: 2 }
supervisor:
  restart: { delay: 0, max_restarts: unlimited }
  services:
${Array.from({ length: 4 }, (_, n) => `    loop${n}: { command: 'true' }`).join('\n')}
`)
    try {
      expect((await folder.run(['up', '-d'])).code).toBe(0)
      const all = (name: string): string[] => readdirSync(folder.stateDir).filter((file) => file.startsWith(name))
      await eventually(() => expect([...all('supervisor.log'), ...all('up.out')].sort()).toContain('up.out.1'), 40_000)
      await eventually(() => expect(all('supervisor.log')).toContain('supervisor.log.1'), 20_000)
      const output = readFileSync(join(folder.stateDir, 'up.out.1'), 'utf8')
      expect(
        output
          .split('\n')
          .slice(0, -1)
          .every((line) => /^(\d{4}-|[A-Za-z]|$)/.test(line)),
      ).toBe(true)
      expect(statSync(join(folder.stateDir, 'up.out')).size).toBeLessThan(output.length)
    } finally {
      await folder.end()
    }
  })
})
