import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createDiskWatch, type Room } from '../../src/actors/disk-watch.ts'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})
const round = (): Promise<unknown> => vi.advanceTimersByTimeAsync(limits.diskLook)

test('tells when there is no room, and that there is again only once there is plenty', async () => {
  const told: (string | null)[] = []
  let room: Room = { bytes: limits.logRoom, files: 1 }
  const watch = createDiskWatch({ folder: '/logs', tell: (because) => told.push(because), look: () => Promise.resolve(room) })
  watch.start()
  await vi.advanceTimersByTimeAsync(0)
  for (const next of [
    { bytes: limits.logRoom - 1, files: 1 },
    { bytes: 2 * limits.logRoom - 1, files: 1 },
    { bytes: 2 * limits.logRoom, files: 1 },
    { bytes: Infinity, files: 0 },
  ]) {
    room = next
    await round()
  }
  expect(told.map((because) => because !== null)).toEqual([false, true, true, false, true])
  expect(told[1]).toMatch(/^what services write to their logs in \/logs is lost: .*; free space there$/)
  watch.stop()
  await round()
  expect(told).toHaveLength(5)
})

test('looks once at a time, however long a look takes', async () => {
  let looks = 0
  let answer = (_: Room): void => {}
  const watch = createDiskWatch({
    folder: '/logs',
    tell: () => {},
    look: () => {
      looks++
      return new Promise((resolve) => (answer = resolve))
    },
  })
  watch.start()
  watch.start()
  for (let i = 0; i < 5; i++) await round()
  expect(looks).toBe(1)
  answer({ bytes: Infinity, files: Infinity })
  await round()
  expect(looks).toBe(2)
  watch.stop()
})

test('a real folder has room; one that has gone is told', async () => {
  vi.useRealTimers()
  const folder = mkdtempSync(join(tmpdir(), 'hyphae-disk-watch-'))
  const told: (string | null)[] = []
  const look = async (): Promise<void> => {
    const before = told.length
    const watch = createDiskWatch({ folder, tell: (because) => told.push(because) })
    watch.start()
    await eventually(() => expect(told.length).toBeGreaterThan(before))
    watch.stop()
  }
  await look()
  rmSync(folder, { recursive: true })
  await look()
  expect(told).toEqual([null, expect.stringMatching(/may be lost: ENOENT.*see what is wrong with that folder/)])
})
