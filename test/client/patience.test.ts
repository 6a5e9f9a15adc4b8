import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { HyphaeError, type Items } from '../../src/client/index.ts'
import { resuming } from '../../src/client/resume.ts'
import { limits } from '../../src/protocol/limits.ts'

/** How long, and how often, a stream tries to connect anew. */

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const lost: Items<number> = {
  next: () => Promise.reject(nobody),
  return: () => Promise.resolve({ done: true, value: undefined }),
  [Symbol.asyncIterator]: () => lost,
}
const nobody = new HyphaeError('unavailable', 'nobody answers')

test('with growing pauses, and not for ever', async () => {
  const tries: number[] = []
  const items = resuming<number>({
    reconnect: true,
    ended() {},
    heard: () => true,
    open() {
      tries.push(performance.now())
      return Promise.reject(nobody)
    },
  })
  const ended = items.next().catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(limits.reconnectTime + 2 * limits.reconnectPause)
  expect(await ended).toMatchObject({ code: 'unavailable', message: 'nobody answers; tried again for 5 min' })
  expect(await items.next()).toEqual({ done: true, value: undefined })
  const pauses = tries.slice(1).map((at, index) => at - (tries[index] ?? 0))
  expect(pauses[0]).toBeLessThanOrEqual(limits.reconnectFirstPause)
  expect(Math.max(...pauses)).toBeLessThanOrEqual(limits.reconnectPause)
  expect(Math.min(...pauses.slice(10))).toBeGreaterThanOrEqual(limits.reconnectPause / 2)
})

test('one that was taken and lost at once, again and again, is no success', async () => {
  let tries = 0
  const items = resuming<number>({
    reconnect: true,
    ended() {},
    heard: () => true,
    open(begun) {
      tries++
      begun()
      return Promise.resolve({ items: lost })
    },
  })
  const ended = items.next().catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(limits.reconnectTime + 2 * limits.reconnectPause)
  expect(await ended).toBeInstanceOf(HyphaeError)
  expect(tries).toBeLessThan((2 * limits.reconnectTime) / limits.reconnectPause + 20)
})
