import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exitOf, exitPathOf, listExits, readExit, removeExit } from '../../src/actors/exit-record.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyphae-exits-'))
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

test('a code above 128 that names a signal is that signal, unless it is a success', () => {
  expect(exitOf(0, [0])).toEqual({ kind: 'exited', code: 0 })
  expect(exitOf(1, [0])).toEqual({ kind: 'exited', code: 1 })
  expect(exitOf(128, [0])).toEqual({ kind: 'exited', code: 128 })
  expect(exitOf(143, [0])).toEqual({ kind: 'signalled', signal: 'SIGTERM' })
  expect(exitOf(134, [0])).toEqual({ kind: 'signalled', signal: 'SIGABRT' })
  expect(exitOf(143, [0, 143])).toEqual({ kind: 'exited', code: 143 })
  expect(exitOf(255, [0])).toEqual({ kind: 'exited', code: 255 })
})

test('a record is read whole or not at all', () => {
  const path = exitPathOf(dir, 'web', 'r.1')
  const read = (text: string): unknown => {
    writeFileSync(path, text)
    return readExit(path, [0, 130])
  }
  expect(readExit(path)).toBeNull()
  expect(read('7\n')).toEqual({ kind: 'exited', code: 7 })
  expect(read('137\n')).toEqual({ kind: 'signalled', signal: 'SIGKILL' })
  expect(read('130\n')).toEqual({ kind: 'exited', code: 130 })
  for (const text of ['', '7', '\n', 'x\n', '7\n8\n', '-1\n', '7777\n']) expect(read(text), text).toBeNull()
  expect(readExit(dir)).toBeNull()
})

test('records are listed by service and incarnation, and what is no record is left alone', () => {
  writeFileSync(exitPathOf(dir, 'web', 'a1.1'), '0\n')
  writeFileSync(exitPathOf(dir, 'my.web-2', 'a1.12'), '')
  for (const name of ['web', '@a1.1', 'web@', 'a@b@c']) writeFileSync(join(dir, name), '0\n')
  mkdirSync(join(dir, 'folder'))
  expect(listExits(dir).toSorted((a, b) => a.service.localeCompare(b.service))).toEqual([
    { service: 'my.web-2', incarnation: 'a1.12' },
    { service: 'web', incarnation: 'a1.1' },
  ])
  for (const { service, incarnation } of listExits(dir)) removeExit(exitPathOf(dir, service, incarnation))
  expect(readdirSync(dir).toSorted()).toEqual(['@a1.1', 'a@b@c', 'folder', 'web', 'web@'])
  expect(listExits(join(dir, 'missing'))).toEqual([])
  removeExit(join(dir, 'missing'))
})
