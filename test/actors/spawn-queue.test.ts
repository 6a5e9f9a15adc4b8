import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createSpawnQueue } from '../../src/actors/spawn-queue.ts'
import { limits } from '../../src/protocol/limits.ts'

/** Tasks that take a while of a clock of their own. */
function start(cost: number) {
  let now = 0
  const done: number[] = []
  const queue = createSpawnQueue(() => now)
  const add = (name: number): (() => void) =>
    queue.run(() => {
      now += cost
      done.push(name)
    })
  return { queue, done, add }
}

test('one is run at once', () => {
  const { add, done } = start(5)
  add(1)
  expect(done).toEqual([1])
})

test('many are run in order, a slice in each turn of the loop', async () => {
  const { add, done } = start(limits.spawnSlice / 2)
  for (let name = 0; name < 7; name++) add(name)
  expect(done).toEqual([0, 1])
  await turn()
  expect(done).toEqual([0, 1, 2, 3])
  await turn()
  await turn()
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6])
})

test('once the loop has turned, the next is run at once again', async () => {
  const { add, done } = start(limits.spawnSlice)
  add(1)
  await turn()
  add(2)
  expect(done).toEqual([1, 2])
})

test('what is taken out again is not run', async () => {
  const { add, done } = start(limits.spawnSlice)
  add(1)
  const cancel = add(2)
  add(3)
  cancel()
  await turn()
  await turn()
  expect(done).toEqual([1, 3])
})

test('a task that throws does not stop the others', async () => {
  const { queue, add, done } = start(limits.spawnSlice)
  expect(() =>
    queue.run(() => {
      throw new Error('no')
    }),
  ).toThrow('no')
  add(1)
  add(2)
  await turn()
  await turn()
  expect(done).toEqual([1, 2])
})
