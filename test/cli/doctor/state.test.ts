import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkJournal } from '../../../src/cli/doctor/journal.ts'
import { askOrchestrator, checkOrchestrator, lockHolder } from '../../../src/cli/doctor/orchestrator.ts'
import { checkFileSystem, checkFolder, checkLogs, checkRoom, checkSocketPath } from '../../../src/cli/doctor/state.ts'
import { lockState } from '../../../src/store/lock.ts'
import { startFleet } from '../../support/fleet.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyphae-doctor-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const uid = process.getuid?.() ?? 0

describe('the state folder', () => {
  test('is made by a start, belongs to us alone, and is a folder', () => {
    expect(checkFolder(join(dir, 'later', 'state'), uid)).toMatchObject({ level: 'ok' })
    expect(checkFolder(dir, uid)).toMatchObject({ level: 'ok' })
    expect(checkFolder(dir, uid + 1)).toMatchObject({
      level: 'error',
      found: expect.stringContaining(`belongs to uid ${uid}`) as string,
    })
    chmodSync(dir, 0o755)
    expect(checkFolder(dir, uid)).toMatchObject({ level: 'warning', remedy: `chmod 700 ${dir}` })
    writeFileSync(join(dir, 'file'), '')
    expect(checkFolder(join(dir, 'file'), uid)).toMatchObject({
      level: 'error',
      found: expect.stringContaining('is no folder') as string,
    })
    expect(checkFolder(join(dir, 'file', 'below'), uid)).toMatchObject({ level: 'error' })
    expect(checkFolder('/proc/1/state', uid)).toMatchObject({ level: 'error' })
  })

  test.each([
    [{ bytes: 1e12, files: 1e6 }, 'ok'],
    [{ bytes: 100 * 1024 * 1024, files: Infinity }, 'warning'],
    [{ bytes: 1024, files: 1e6 }, 'error'],
    [{ bytes: 1e12, files: 0 }, 'error'],
  ])('room %j: %s', (room, level) => {
    expect(checkRoom(dir, () => room).level).toBe(level)
  })

  test.each([
    [0xef53, 'ok'],
    [0x6969, 'warning'],
    [0x01021994, 'warning'],
    [0x4d44, 'error'],
    [0x12345, 'ok'],
  ])('file system 0x%s: %s', (number, level) => {
    expect(checkFileSystem(dir, () => number).level).toBe(level)
  })

  test('a path that is too long for a socket is told, with the one instead', () => {
    expect(checkSocketPath(dir)).toMatchObject({ level: 'ok' })
    const long = join(dir, 'x'.repeat(120))
    expect(checkSocketPath(long)).toMatchObject({
      level: 'warning',
      found: expect.stringContaining('a socket may have') as string,
    })
  })

  test('logs are counted by what they take', () => {
    expect(checkLogs(join(dir, 'logs'))).toMatchObject({ level: 'ok', found: 'none yet' })
    mkdirSync(join(dir, 'logs'))
    writeFileSync(join(dir, 'logs', 'web.log'), 'x'.repeat(10_000))
    // A hole takes nothing.
    truncateSync(join(dir, 'logs', 'web.log'), 8 * 1024 ** 3)
    expect(checkLogs(join(dir, 'logs'))).toMatchObject({
      level: 'ok',
      found: expect.stringMatching(/^1 file, 1\d KB$/) as string,
    })
    expect(checkLogs(join(dir, 'logs', 'web.log'))).toMatchObject({ level: 'error' })
  })
})

describe('the journal', () => {
  test('is looked through without being touched; damage is told', async () => {
    const state = join(dir, 'state')
    expect(checkJournal(state, null)).toMatchObject({ level: 'ok', found: 'none yet' })
    const fleet = await startFleet([], { stateDir: state })
    await fleet.leave()
    const path = join(state, 'journal.db')
    const before = readFileSync(path)
    const { mtimeMs } = statSync(path)
    expect(checkJournal(state, null)).toMatchObject({
      level: 'ok',
      found: expect.stringMatching(/^whole: \d+ records, \d+ events/) as string,
    })
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(statSync(path).mtimeMs).toBe(mtimeMs)
    writeFileSync(path, Buffer.concat([Buffer.alloc(64, 7), before.subarray(64)]))
    const there = readdirSync(state)
    expect(checkJournal(state, null)).toMatchObject({ level: 'warning', found: expect.stringContaining('damaged') as string })
    // A start would set it aside.
    expect(readdirSync(state)).toEqual(there)
    rmSync(path)
    mkdirSync(path)
    expect(checkJournal(state, null).level).not.toBe('ok')
  })
})

describe('the orchestrator', () => {
  test('that answers is told with its pid and how long it took', async () => {
    const fleet = await startFleet([], {
      stateDir: dir,
      listeners: [{ name: 'control', endpoint: `unix:${join(dir, 'control.sock')}`, dialect: 'jsonrpc' }],
    })
    const answer = await askOrchestrator(dir)
    expect(checkOrchestrator(dir, answer)).toMatchObject([
      { level: 'ok', found: expect.stringMatching(/^pid \d+ is running and answers within \d+ ms$/) as string },
    ])
    expect(checkOrchestrator(dir, { ...answer, latency: 3_000 })).toMatchObject([{ level: 'warning' }])
    expect(checkJournal(dir, answer.fleet)).toMatchObject({ level: 'ok', found: 'the running orchestrator writes to it' })
    await fleet.orchestrator.shutdown('the test')
    await fleet.leave()
    expect(checkOrchestrator(dir, await askOrchestrator(dir))).toMatchObject([{ level: 'ok', found: 'none is running' }])
  })

  test('that holds the folder and does not answer is an error; one that was lost is a warning', () => {
    const lock = lockState(dir)
    expect(lockHolder(dir, null)).toBeNull()
    const silent = { fleet: null, latency: 10, because: 'ECONNREFUSED' }
    expect(checkOrchestrator(dir, silent)).toMatchObject([
      { level: 'error', found: expect.stringContaining(`pid ${process.pid} holds the state folder`) as string },
    ])
    if ('release' in lock) lock.release()
    expect(checkOrchestrator(dir, silent)).toMatchObject([{ level: 'ok' }])
    writeFileSync(join(dir, 'supervisor.pid'), '4194303\n')
    expect(checkOrchestrator(dir, silent)).toMatchObject([{ level: 'warning', remedy: 'hyphae up takes it back' }])
  })
})
