import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { follow, type FollowOptions } from '../../src/actors/log-follow.ts'
import { createLineCutter, lineOf, type LogLine } from '../../src/actors/log-lines.ts'
import { tail } from '../../src/actors/log-tail.ts'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'

let dir: string
let log: string
const cancels: Array<() => void> = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyphae-log-'))
  log = join(dir, 'web.log')
})
afterEach(() => {
  for (const cancel of cancels.splice(0)) cancel()
  rmSync(dir, { recursive: true, force: true })
})

const whole = (...lines: string[]): LogLine[] => lines.map((line) => ({ line, truncated: false }))

test('tail: the last lines, the incomplete one included', async () => {
  writeFileSync(log, 'one\ntwo\r\n\nthree\nfour')
  expect(await tail(log, 2)).toEqual(whole('three', 'four'))
  expect(await tail(log, 100)).toEqual(whole('one', 'two', '', 'three', 'four'))
  appendFileSync(log, '\n')
  expect(await tail(log, 1)).toEqual(whole('four'))
  expect(await tail(log, 0)).toEqual([])
})

test('tail: no log is no lines, and an empty one too', async () => {
  expect(await tail(log, 10)).toEqual([])
  writeFileSync(log, '')
  expect(await tail(log, 10)).toEqual([])
  writeFileSync(log, '\n')
  expect(await tail(log, 10)).toEqual(whole(''))
})

test('tail: lines that cross the borders of what is read at once are whole', async () => {
  const lines = Array.from({ length: 5000 }, (_, index) => `${index} ${'ä'.repeat(index % 100)}`)
  writeFileSync(log, `${lines.join('\n')}\n`)
  expect(await tail(log, 4000)).toEqual(whole(...lines.slice(-4000)))
})

test('tail: a line that is too long is cut between characters and marked; the others are not', async () => {
  writeFileSync(log, `before\na${'ä'.repeat(limits.logLineBytes)}\nafter\n`)
  const [before, long, after] = await tail(log, 3)
  expect(long?.truncated).toBe(true)
  expect(long?.line).toBe(`a${'ä'.repeat(limits.logLineBytes / 2 - 1)}`)
  expect([before, after]).toEqual(whole('before', 'after'))
})

test('tail: bytes that are no text do no harm', async () => {
  writeFileSync(log, Buffer.from([0xff, 0xfe, 0x0a, 0x00, 0xc3, 0x0a]))
  expect(await tail(log, 2)).toEqual(whole('\ufffd\ufffd', '\0\ufffd'))
})

test('tail: reads no more than its limit, and marks the line that it entered in the middle', async () => {
  writeFileSync(log, Buffer.alloc(limits.logTailBytes + 100_000, 'x'))
  expect(await tail(log, 5)).toEqual([{ line: 'x'.repeat(limits.logLineBytes), truncated: true }])
  appendFileSync(log, '\nlast\n')
  expect(await tail(log, 5)).toEqual(whole('last'))
})

test('a cut line keeps its carriage return, a whole one loses it', () => {
  expect(lineOf(Buffer.from('one\r'))).toEqual({ line: 'one', truncated: false })
  expect(lineOf(Buffer.alloc(limits.logLineBytes, 'x')).truncated).toBe(false)
  expect(lineOf(Buffer.alloc(limits.logLineBytes + 1, 'x')).truncated).toBe(true)
})

test('a cutter holds no more than one line, however long it gets', () => {
  const cutter = createLineCutter()
  for (let count = 0; count < 100; count++) expect(cutter.push(Buffer.alloc(limits.logLineBytes, 'x'), 0)).toEqual([])
  expect(cutter.push(Buffer.from('y\nz\n'), 10)).toEqual([
    { line: 'x'.repeat(limits.logLineBytes), truncated: true, offset: 12 },
    { line: 'z', truncated: false, offset: 14 },
  ])
})

function collect(options: FollowOptions = { from: 0 }): string[] {
  const heard: string[] = []
  cancels.push(follow(log, options, (lines) => void heard.push(...lines.map(({ line }) => line))))
  return heard
}

test('follow: what is there and what is appended, once it is a whole line', async () => {
  writeFileSync(log, 'one\ntw')
  const heard = collect()
  await eventually(() => expect(heard).toEqual(['one']))
  appendFileSync(log, 'o\nthree\n')
  await eventually(() => expect(heard).toEqual(['one', 'two', 'three']))
})

test('follow: from an offset, and from the end', async () => {
  writeFileSync(log, 'one\ntwo\n')
  const early = collect({ from: 4 })
  await eventually(() => expect(early).toEqual(['two']))
  const late = collect({ from: 'end' })
  // Appended again and again, because nothing tells from outside when it has begun.
  await eventually(() => {
    appendFileSync(log, 'three\n')
    expect(late[0]).toBe('three')
  })
})

test('follow: a log that does not exist yet', async () => {
  const heard = collect({ from: 'end' })
  writeFileSync(join(dir, 'other.log'), 'not this\n')
  await new Promise((resolve) => void setTimeout(resolve, 50))
  writeFileSync(log, 'one\n')
  await eventually(() => expect(heard).toEqual(['one']))
})

test('follow: a log that is truncated begins anew', async () => {
  writeFileSync(log, 'one\ntwo\n')
  const heard = collect()
  await eventually(() => expect(heard).toEqual(['one', 'two']))
  truncateSync(log, 0)
  await eventually(() => {
    appendFileSync(log, 'x\n')
    expect(heard).toContain('x')
  })
})

test('follow: a log that is renamed is read to its end, then the new one', async () => {
  writeFileSync(log, 'one\n')
  const heard = collect()
  await eventually(() => expect(heard).toEqual(['one']))
  renameSync(log, `${log}.1`)
  appendFileSync(`${log}.1`, 'two\n')
  await eventually(() => expect(heard).toEqual(['one', 'two']))
  writeFileSync(log, 'three\n')
  await eventually(() => expect(heard).toEqual(['one', 'two', 'three']))
  appendFileSync(log, 'four\n')
  await eventually(() => expect(heard).toEqual(['one', 'two', 'three', 'four']))
})

test('follow: a log that is removed and written again, twice', async () => {
  writeFileSync(log, '1\n')
  const heard = collect()
  await eventually(() => expect(heard).toEqual(['1']))
  for (const line of ['2', '3']) {
    rmSync(log)
    writeFileSync(log, `${line}\n`)
    await eventually(() => expect(heard.at(-1)).toBe(line))
  }
  expect(heard).toEqual(['1', '2', '3'])
})

test('follow: nothing is read while the consumer is full', async () => {
  writeFileSync(log, `${'x'.repeat(1000)}\n`.repeat(1000))
  let calls = 0
  let resume = (): void => undefined
  let lines = 0
  cancels.push(
    follow(log, { from: 0 }, (some) => {
      calls++
      lines += some.length
      return new Promise((resolve) => {
        resume = resolve
      })
    }),
  )
  await eventually(() => expect(calls).toBe(1))
  appendFileSync(log, 'more\n')
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  expect(calls).toBe(1)
  await eventually(() => {
    resume()
    expect(lines).toBe(1001)
  })
})

test('follow: once cancelled it says nothing more', async () => {
  writeFileSync(log, 'one\n')
  const heard: string[] = []
  const cancel = follow(log, { from: 0 }, (lines) => {
    heard.push(...lines.map(({ line }) => line))
    cancel()
  })
  await eventually(() => expect(heard).toEqual(['one']))
  appendFileSync(log, 'two\n')
  const other = collect()
  await eventually(() => expect(other).toEqual(['one', 'two']))
  expect(heard).toEqual(['one'])
})
