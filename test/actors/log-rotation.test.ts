import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLineMatcher, type LineMatcher } from '../../src/actors/line-matcher.ts'
import { archiveFolderOf, archivesOf, extentOf } from '../../src/actors/log-archive.ts'
import { readForward } from '../../src/actors/log-bytes.ts'
import { follow } from '../../src/actors/log-follow.ts'
import { compress, prune, recover, rotateLog } from '../../src/actors/log-rotation.ts'
import { searchLines } from '../../src/actors/log-search.ts'
import { endOf, pastLines, resumeAt, tail } from '../../src/actors/log-tail.ts'
import { forgetLooks, noteLook, timesOf } from '../../src/actors/log-times.ts'
import { createHolePuncher, type HolePuncher } from '../../src/actors/punch-hole.ts'
import type { LogRules } from '../../src/protocol/log-rules.ts'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'

const KB = 1024
const { signal } = new AbortController()
const holes = createHolePuncher({ environment: process.env })
const rules: LogRules = { maxSize: 64 * KB, keep: 100, maxAge: null, compress: false }

let dir: string
let log: string
let matcher: LineMatcher
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyphae-rotation-'))
  log = join(dir, 'web.log')
  matcher = createLineMatcher()
})
afterEach(() => {
  matcher.close()
  rmSync(dir, { recursive: true, force: true })
})

const rotate = (changes: Partial<LogRules> = {}, by: HolePuncher = holes): Promise<number> =>
  rotateLog(log, { ...rules, ...changes }, { holes: by, signal })

/** Lines with their numbers, `bytes` of them at least. */
function numbered(from: number, bytes: number): { readonly text: string; readonly next: number } {
  const lines: string[] = []
  let size = 0
  let next = from
  for (; size < bytes; next++) {
    const line = `line ${next} ${'x'.repeat(next % 90)}\n`
    lines.push(line)
    size += line.length
  }
  return { text: lines.join(''), next }
}

/** Everything that can be read, archives first. */
async function union(): Promise<string> {
  const pieces: Buffer[] = []
  for await (const { bytes } of readForward(log, 0, Infinity)) pieces.push(Buffer.from(bytes))
  return Buffer.concat(pieces).toString()
}
const archiveNames = (): string[] => readdirSync(archiveFolderOf(log)).filter((name) => name.includes('.log'))
const onDisk = (path: string): number => statSync(path).blocks * 512

test('what is too large is moved out in lines, and its room is given back; nothing is lost', async () => {
  const { text } = numbered(0, 200 * KB)
  writeFileSync(log, text)
  expect(await rotate()).toBe(3)
  const archives = await archivesOf(log)
  for (const { path, from, to } of archives) {
    expect(readFileSync(path, 'utf8')).toBe(text.slice(from, to))
    expect(text.slice(from, to).endsWith('\n')).toBe(true)
    expect(to - from).toBeLessThanOrEqual(rules.maxSize)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  }
  expect(statSync(log).size).toBe(text.length)
  expect(onDisk(log)).toBeLessThan(rules.maxSize + 8 * KB)
  expect(await union()).toBe(text)
  expect(await rotate()).toBe(0)
})

test('a line that is longer than one looks for its end is cut where the size ends', async () => {
  writeFileSync(log, 'x'.repeat(100 * KB))
  await rotate()
  expect((await archivesOf(log)).map(({ from, to }) => [from, to])).toEqual([[0, 64 * KB]])
  appendFileSync(log, 'y\n')
  expect(await union()).toBe(`${'x'.repeat(100 * KB)}y\n`)
})

test('readers never see the hole: last lines, offsets, ends', async () => {
  const { text } = numbered(0, 200 * KB)
  const lines = text.trimEnd().split('\n')
  writeFileSync(log, text)
  await rotate()
  const first = (await archivesOf(log))[0]
  if (first === undefined) throw new Error('no archive')
  // Plain ones and a compressed one behind one another.
  await compress(first, signal)
  expect(archiveNames().filter((name) => name.endsWith('.gz'))).toHaveLength(1)
  expect((await tail(log, 10_000)).map(({ line }) => line)).toEqual(lines.slice(-10_000))
  const { lines: some } = await pastLines(log, { lines: 1_000, whole: true })
  for (const { line, offset } of some) expect(text.slice(offset - line.length - 1, offset)).toBe(`${line}\n`)
  expect(await endOf(log)).toBe(text.length)
  const inFirst = text.indexOf('\n', 30 * KB) + 1
  expect([await resumeAt(log, inFirst), await resumeAt(log, inFirst + 1), await resumeAt(log, text.length + 1)]).toEqual([
    inFirst,
    0,
    0,
  ])
})

test('a follower goes on over rotations, however far behind it is', async () => {
  let written = ''
  let next = 0
  const write = (bytes: number): void => {
    const more = numbered(next, bytes)
    next = more.next
    written += more.text
    appendFileSync(log, more.text)
  }
  write(300 * KB)
  const heard: string[] = []
  const offsets: number[] = []
  let go = (): void => {}
  const held = new Promise<void>((resolve) => (go = resolve))
  const stop = follow(log, { from: 0 }, async (lines) => {
    heard.push(...lines.map(({ line }) => line))
    offsets.push(...lines.map(({ offset }) => offset))
    if (heard.length < 1_500) await held
  })
  try {
    await eventually(() => expect(heard.length).toBeGreaterThan(0))
    // It has read its first block, and now everything that it has yet to read is moved under its feet.
    await rotate()
    const archives = await archivesOf(log)
    await compress(archives[1] ?? { path: '' }, signal)
    go()
    for (let round = 0; round < 20; round++) {
      write(20 * KB)
      await rotate()
    }
    await eventually(() => expect(heard.length).toBe(next))
    expect(
      createHash('sha256')
        .update(`${heard.join('\n')}\n`)
        .digest('hex'),
    ).toBe(createHash('sha256').update(written).digest('hex'))
    expect(offsets.at(-1)).toBe(written.length)
  } finally {
    stop()
  }
})

test('zeros that a program writes are its own', async () => {
  writeFileSync(log, Buffer.concat([Buffer.from(numbered(0, 80 * KB).text), Buffer.from([0, 0x61, 0, 0x0a])]))
  await rotate()
  const heard: string[] = []
  const stop = follow(log, { from: 70 * KB }, (lines) => void heard.push(...lines.map(({ line }) => line)))
  try {
    await eventually(() => expect(heard.at(-1)).toBe('\0a\0'))
  } finally {
    stop()
  }
  expect((await tail(log, 1))[0]?.line).toBe('\0a\0')
})

describe('killed', () => {
  /** A puncher that ends the rotation right before the hole, as a kill would. */
  const cut: HolePuncher = { unable: holes.unable, punch: () => Promise.reject(new Error('killed')) }

  test('before the hole was punched: what was moved out is read once, and the next start punches it', async () => {
    const { text } = numbered(0, 70 * KB)
    writeFileSync(log, text)
    await expect(rotate({}, cut)).rejects.toThrow('killed')
    expect(await union()).toBe(text)
    expect(onDisk(log)).toBeGreaterThan(64 * KB)
    await recover(log, { holes })
    expect(onDisk(log)).toBeLessThan(16 * KB)
    expect(await union()).toBe(text)
  })

  test('before it was written down what was moved out: the archive says so', async () => {
    const { text } = numbered(0, 70 * KB)
    writeFileSync(log, text)
    await expect(rotate({}, cut)).rejects.toThrow('killed')
    rmSync(join(archiveFolderOf(log), 'cursor.json'))
    expect(await union()).toBe(text)
    await recover(log, { holes })
    expect(JSON.parse(readFileSync(join(archiveFolderOf(log), 'cursor.json'), 'utf8'))).toMatchObject({
      base: 0,
      start: (await archivesOf(log))[0]?.to,
    })
    expect(await union()).toBe(text)
  })

  test('while it was copied or compressed: what is half done goes', async () => {
    const { text } = numbered(0, 70 * KB)
    writeFileSync(log, text)
    await rotate()
    const [archive] = await archivesOf(log)
    const path = archive?.path ?? ''
    writeFileSync(`${path}.gz.tmp`, 'half')
    writeFileSync(join(archiveFolderOf(log), '0000000000090000-0000000000091000.log.tmp'), 'half')
    expect(await union()).toBe(text)
    // Compressed, but the other one was not removed any more.
    writeFileSync(`${path}.gz`, 'anything')
    expect(await union()).toBe(text)
    await recover(log, { holes })
    expect(archiveNames()).toEqual([path.slice(path.lastIndexOf('/') + 1)])
  })
})

describe('what is kept', () => {
  test('is so many archives, and never more bytes than together they may be', async () => {
    const { text } = numbered(0, 300 * KB)
    let most = 0
    const measured: HolePuncher = {
      unable: holes.unable,
      punch(file, length) {
        // The worst moment: the archive is made, and its bytes are still in the log.
        most = Math.max(
          most,
          archiveNames().reduce((sum, name) => sum + statSync(join(archiveFolderOf(log), name)).size, onDisk(log)),
        )
        return holes.punch(file, length)
      },
    }
    for (let at = 0; at < text.length; at += 64 * KB) {
      appendFileSync(log, text.slice(at, at + 64 * KB))
      await rotate({ keep: 2 }, measured)
    }
    expect(await archivesOf(log)).toHaveLength(2)
    expect(most).toBeLessThanOrEqual(3 * 64 * KB + 16 * KB)
    const rest = await union()
    expect(text.endsWith(rest)).toBe(true)
    expect(rest.length).toBeGreaterThan(2 * 60 * KB)
    // Who was in what has gone hears what is left.
    expect(await resumeAt(log, 5)).toBe(5)
  })

  test('can be nothing at all', async () => {
    const { text } = numbered(0, 200 * KB)
    writeFileSync(log, text)
    await rotate({ keep: 0 })
    expect(await archivesOf(log)).toEqual([])
    expect(onDisk(log)).toBeLessThan(72 * KB)
    expect(text.endsWith(`\n${await union()}`)).toBe(true)
  })

  test('is not copied first where a flood was far ahead of us', async () => {
    const { text } = numbered(0, 1_000 * KB)
    writeFileSync(log, text)
    await rotate({ keep: 2 })
    expect((await archivesOf(log)).length).toBeLessThanOrEqual(2)
    const rest = await union()
    expect(text.endsWith(`\n${rest}`)).toBe(true)
    expect(rest.length).toBeGreaterThan(100 * KB)
    expect(onDisk(log)).toBeLessThan(80 * KB)
  })

  test('is no older than it may be', async () => {
    writeFileSync(log, numbered(0, 200 * KB).text)
    await rotate()
    const [first] = await archivesOf(log)
    const old = (Date.now() - 10_000) / 1_000
    utimesSync(first?.path ?? '', old, old)
    await compress(first ?? { path: '' }, signal)
    await prune(log, { ...rules, maxAge: 60_000 })
    expect(await archivesOf(log)).toHaveLength(3)
    // Its age is that of its rotation, not of its compression.
    await prune(log, { ...rules, maxAge: 5_000 })
    expect((await archivesOf(log)).map(({ zipped }) => zipped)).toEqual([false, false])
  })

  test('is the same, compressed', async () => {
    const { text } = numbered(0, 200 * KB)
    writeFileSync(log, text)
    await rotate()
    for (const archive of await archivesOf(log)) await compress(archive, signal)
    expect(archiveNames().every((name) => name.endsWith('.log.gz'))).toBe(true)
    const [first] = await archivesOf(log)
    expect(gunzipSync(readFileSync(first?.path ?? '')).toString()).toBe(text.slice(0, first?.to))
    expect(await union()).toBe(text)
    // A damaged one hides nothing but itself.
    truncateSync(first?.path ?? '', 100)
    expect((await union()).endsWith(text.slice(first?.to))).toBe(true)
    expect((await tail(log, 10_000)).length).toBeGreaterThan(1_000)
  })
})

test('a log that was replaced or emptied goes on behind what it was', async () => {
  writeFileSync(log, numbered(0, 100 * KB).text)
  await rotate()
  const before = await extentOf(log)
  renameSync(log, join(dir, 'elsewhere'))
  writeFileSync(log, 'new\n')
  const after = await extentOf(log)
  expect(after?.base).toBe(before?.start)
  expect(after?.end).toBe((before?.start ?? 0) + 4)
  expect((await tail(log, 1)).map(({ line }) => line)).toEqual(['new'])
  expect((await tail(log, 3)).map(({ line }) => line).at(-1)).toBe('new')
  expect((await tail(log, 3)).length).toBe(3)
})

test('a folder without holes says why', async () => {
  expect(await holes.unable(dir)).toBeNull()
  mkdirSync(join(dir, 'bin'))
  writeFileSync(join(dir, 'bin', 'fallocate'), '#!/bin/sh\necho "fallocate: no such thing" >&2; exit 1\n', { mode: 0o755 })
  const without = createHolePuncher({ environment: { PATH: join(dir, 'bin') } })
  expect(await without.unable(dir)).toBe('fallocate: no such thing')
  expect(await createHolePuncher({ environment: { PATH: join(dir, 'none') } }).unable(dir)).toMatch(/"fallocate" was not found/)
  expect(readdirSync(dir)).toEqual(['bin'])
})

test('a hole is punched in the file that is open, whatever has its name by now', async () => {
  writeFileSync(log, 'x'.repeat(64 * KB))
  const file = await open(log, 'r+')
  renameSync(log, `${log}.old`)
  writeFileSync(log, 'y'.repeat(64 * KB))
  await holes.punch(file, 32 * KB)
  await file.close()
  expect(readFileSync(log, 'utf8')).toBe('y'.repeat(64 * KB))
  expect(readFileSync(`${log}.old`).indexOf(0x78)).toBe(32 * KB)
})

describe('times', () => {
  test('are those of the first look behind a line', async () => {
    await noteLook(log, { time: 1_000, position: 10 })
    await noteLook(log, { time: 2_000, position: 20 })
    const times = await timesOf(log, 9_000)
    expect([1, 10, 11, 20, 21].map((position) => Date.parse(times.at(position)))).toEqual([1_000, 1_000, 2_000, 2_000, 9_000])
    expect([500, 1_000, 1_001, 2_000, 2_001].map(times.since)).toEqual([0, 0, 10, 10, 20])
    expect([500, 1_000, 1_999, 2_000, 8_999, 9_000].map(times.until)).toEqual([0, 10, 10, 20, 20, null])
  })

  test('are bounded, and what was half written does no harm', async () => {
    for (let n = 1; n <= 20; n++) await noteLook(log, { time: n, position: n })
    const path = join(archiveFolderOf(log), 'times')
    appendFileSync(path, 'torn')
    await noteLook(log, { time: 21, position: 21 })
    expect(Date.parse((await timesOf(log, 99)).at(21))).toBe(21)
    expect(statSync(path).size).toBe(21 * 16)
    writeFileSync(path, Buffer.concat(Array.from({ length: limits.logTimes }, () => Buffer.alloc(16))))
    await noteLook(log, { time: 1, position: 1 })
    expect(statSync(path).size).toBeLessThan(limits.logTimes * 13)
    await forgetLooks(log, { from: 2, to: Infinity })
    expect(statSync(path).size).toBeLessThan(4 * 16)
  })
})

describe('a search', () => {
  const search = (grep: string, more: object = {}, budget = { bytes: limits.logScanBytes }) =>
    searchLines(log, { lines: 10_000, whole: true, grep: { pattern: grep, ignoreCase: false }, ...more }, matcher, budget)

  test('goes through archives, compressed or not, oldest first', async () => {
    const { text } = numbered(0, 200 * KB)
    writeFileSync(log, text)
    await rotate()
    const [first] = await archivesOf(log)
    await compress(first ?? { path: '' }, signal)
    const all = text.trimEnd().split('\n')
    const found = await search('^line \\d*77 ')
    expect(found.lines.map(({ line }) => line)).toEqual(all.filter((line) => /^line \d*77 /.test(line)))
    for (const { line, offset } of found.lines) expect(text.slice(offset - line.length - 1, offset)).toBe(`${line}\n`)
    expect(found.cut).toBe(false)
    const last = await search('77 ', { lines: 2 })
    expect(last.lines.map(({ line }) => line)).toEqual(all.filter((line) => line.includes('77 ')).slice(-2))
    expect(last.cut).toBe(true)
    // No more than it may look through: then the newest.
    const some = await search('^line', {}, { bytes: 1_000 })
    expect(some.cut).toBe(true)
    expect(text.endsWith(`\n${some.lines.map(({ line }) => line).join('\n')}\n`)).toBe(true)
    expect((await search('LINE 77 ', { grep: { pattern: 'LINE 77 ', ignoreCase: true } })).lines).toHaveLength(1)
  })

  test('knows times', async () => {
    writeFileSync(log, 'one\ntwo\nthree\n')
    await noteLook(log, { time: 1_000, position: 4 })
    await noteLook(log, { time: 2_000, position: 8 })
    await noteLook(log, { time: 3_000, position: 14 })
    const lines = async (window: object): Promise<readonly string[]> => (await search('.', window)).lines.map(({ line }) => line)
    expect(await lines({ since: 2_000 })).toEqual(['two', 'three'])
    expect(await lines({ since: 1_500, until: 2_500 })).toEqual(['two'])
    const past = await pastLines(log, { lines: 10, whole: false, since: 1_500, until: 2_500 })
    expect(past.lines).toEqual([{ line: 'two', truncated: false, offset: 8, time: new Date(2_000).toISOString() }])
  })

  test('of a pattern that runs away ends, and the next one is answered', async () => {
    const impatient = createLineMatcher({ patience: 2_000 })
    const ignoreCase = false
    const bad = impatient.match(`${'a'.repeat(40)}!`, { pattern: '^(a+)+$', ignoreCase })
    const good = impatient.match('one\ntwo\r\nthree', { pattern: 'o$', ignoreCase })
    await expect(bad).rejects.toMatchObject({ code: 'invalid_params', data: { field: 'grep' } })
    expect(await good).toEqual([1])
    impatient.close()
  })
})

test('a flood of a real program loses no byte, and the log stays near its size', { timeout: 60_000 }, async () => {
  const size = 8 * 1024 * KB
  const file = await open(log, 'a')
  const flood = `for (let i = 0, s = ''; i < 700000; i++) { s += 'number ' + i + ' ' + 'x'.repeat(80) + '\\n'; if (s.length > 65536 || i === 699999) { require('fs').writeSync(1, s); s = '' } }`
  const { spawn } = await import('node:child_process')
  const child = spawn(process.execPath, ['-e', flood], { stdio: ['ignore', file.fd, 'inherit'] })
  await file.close()
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const life = { over: false }
  void ended.then(() => (life.over = true))
  let made = 0
  while (!life.over) {
    made += await rotate({ maxSize: size })
    await new Promise((resolve) => setTimeout(resolve, limits.logFastLook))
  }
  made += await rotate({ maxSize: size })
  const total = statSync(log).size
  expect(total).toBeGreaterThan(60 * 1024 * KB)
  expect(made).toBe(Math.floor(total / size))
  expect(onDisk(log)).toBeLessThan(size + 64 * KB)
  const hash = createHash('sha256')
  for await (const { bytes } of readForward(log, 0, Infinity)) hash.update(bytes)
  const wanted = createHash('sha256').update(execFileSync(process.execPath, ['-e', flood], { maxBuffer: 2 * total }))
  expect(hash.digest('hex')).toBe(wanted.digest('hex'))
  expect(existsSync(`${log}.tmp`)).toBe(false)
})

test('what only looks like an archive keeps nobody waiting', async () => {
  const { text } = numbered(0, 200 * KB)
  writeFileSync(log, text)
  await rotate()
  const folder = archiveFolderOf(log)
  const last = (await archivesOf(log)).at(-1)?.to ?? 0
  const nameOf = (from: number): string => `${String(from).padStart(16, '0')}-${String(from + 1).padStart(16, '0')}.log`
  symlinkSync(join(dir, 'nowhere'), join(folder, nameOf(last)))
  execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', join(folder, nameOf(last + 1))])
  const read: Buffer[] = []
  for await (const { bytes } of readForward(log, 0, Infinity)) read.push(bytes)
  expect(Buffer.concat(read).toString() === text).toBe(true)
  expect((await tail(log, 10_000)).length).toBe(text.split('\n').length - 1)
})

test('whoever reads while archives are compressed misses none', async () => {
  const { text } = numbered(0, 1_500 * KB)
  writeFileSync(log, text)
  await rotate()
  const press = async (): Promise<void> => {
    for (const archive of await archivesOf(log)) await compress(archive, signal)
  }
  const life = { over: false }
  const pressed = press().finally(() => (life.over = true))
  while (!life.over) expect((await archivesOf(log))[0]?.from).toBe(0)
  await pressed
  expect(await union()).toBe(text)
})
