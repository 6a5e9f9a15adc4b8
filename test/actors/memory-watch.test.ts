import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMemoryWatch } from '../../src/actors/memory-watch.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { MemoryExceeded } from '../../src/protocol/process.ts'
import { invoke } from '../support/invoked.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

test('so many looks in a row above the limit, and it says so once; a short peak is none', async () => {
  let used = 99
  const measured: string[] = []
  const meter = {
    measure: async (services: readonly string[]) => void measured.push(...services),
    read: () => ({ memoryMb: used, cpuPercent: 0 }),
  }
  const watch = invoke<{ type: 'memory.none' }, MemoryExceeded, { service: string; limit: number }>(createMemoryWatch(meter), {
    service: 'web',
    limit: 100 * 2 ** 20,
  })
  const look = async (mb: number): Promise<void> => {
    used = mb
    await vi.advanceTimersByTimeAsync(limits.memoryLook)
  }
  for (const mb of [99, 120, 120, 100, 120, 120]) await look(mb)
  expect([watch.facts, measured.length]).toEqual([[], 6])
  await look(120.5)
  const told = [{ type: 'memory.exceeded', because: 'used 120.5 MB, more than its memory_limit of 100 MB' }]
  expect(watch.facts).toEqual(told)
  await look(200)
  expect([watch.facts, measured.length, vi.getTimerCount()]).toEqual([told, 7, 0])
  watch.stop()
})
