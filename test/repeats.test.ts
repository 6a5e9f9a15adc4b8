import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRepeats } from '../src/repeats.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the first is told at once, the rest once in a while with their number, and silence ends it', () => {
  const told: Array<readonly [string, number]> = []
  const repeats = createRepeats<string>((sample, count) => told.push([sample, count]), { window: 1000 })
  for (const sample of ['a1', 'a2', 'a3']) repeats.note('a', sample)
  expect(told).toEqual([['a1', 1]])
  vi.advanceTimersByTime(1000)
  expect(told).toEqual([
    ['a1', 1],
    ['a3', 2],
  ])
  vi.advanceTimersByTime(5000)
  expect(vi.getTimerCount()).toBe(0)
  repeats.note('a', 'a4')
  expect(told.at(-1)).toEqual(['a4', 1])
})

test('kinds are bounded: what comes beyond is told together', () => {
  const told: Array<readonly [string, number]> = []
  const repeats = createRepeats<string>((sample, count) => told.push([sample, count]), { window: 1000, most: 2 })
  for (const key of ['a', 'b', 'c', 'd', 'e']) repeats.note(key, key)
  expect(told.map(([sample]) => sample)).toEqual(['a', 'b', 'c'])
  vi.advanceTimersByTime(1000)
  expect(told.at(-1)).toEqual(['e', 2])
})

test('at the end nothing that was counted is lost, and nothing more is', () => {
  const told: number[] = []
  const repeats = createRepeats<string>((_, count) => told.push(count))
  for (let index = 0; index < 5; index++) repeats.note('a', 'a')
  repeats.stop()
  repeats.note('a', 'a')
  expect(told).toEqual([1, 4])
  expect(vi.getTimerCount()).toBe(0)
})
