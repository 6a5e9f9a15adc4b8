import { expect, test } from 'vitest'
import { createSemaphore } from '../../src/actors/semaphore.ts'

const { signal } = new AbortController()

test('lets so many in, and the others in order as places come back', async () => {
  const places = createSemaphore(2)
  const order: number[] = []
  const enter = async (name: number): Promise<() => void> => {
    const leave = await places.acquire(signal)
    order.push(name)
    return leave
  }
  const [one, two] = await Promise.all([enter(1), enter(2)])
  const third = enter(3)
  const fourth = enter(4)
  await new Promise(setImmediate)
  expect(order).toEqual([1, 2])
  one()
  // Given back once, however often it is said.
  one()
  await third
  await new Promise(setImmediate)
  expect(order).toEqual([1, 2, 3])
  two()
  await fourth
  expect(order).toEqual([1, 2, 3, 4])
})

test('who gives up while waiting takes no place', async () => {
  const places = createSemaphore(1)
  const leave = await places.acquire(signal)
  const control = new AbortController()
  const gone = places.acquire(control.signal)
  control.abort(new Error('enough'))
  await expect(gone).rejects.toThrow('enough')
  leave()
  await places.acquire(signal)
  await expect(places.acquire(control.signal)).rejects.toThrow('enough')
})
