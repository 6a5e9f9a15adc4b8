import { expect, test } from 'vitest'
import { createRepeater } from '../../src/cli/repeater.ts'
import { HyphaeError } from '../../src/protocol/errors.ts'
import { eventually } from '../support/eventually.ts'

test('asked while it is at it, it is done once more, however often that was', async () => {
  const ends: Array<() => void> = []
  const repeater = createRepeater(() => new Promise((resolve) => ends.push(resolve)))
  for (let n = 0; n < 5; n++) repeater.ask()
  expect(ends).toHaveLength(1)
  ends[0]?.()
  await eventually(() => expect(ends).toHaveLength(2))
  ends[1]?.()
  await new Promise((resolve) => setImmediate(resolve))
  expect(ends).toHaveLength(2)
  repeater.ask()
  expect(ends).toHaveLength(3)
})

test('somebody else who is at it is waited for', async () => {
  let tries = 0
  const repeater = createRepeater(() => {
    tries++
    return tries < 3 ? Promise.reject(new HyphaeError('busy', 'not now')) : Promise.resolve()
  })
  repeater.ask()
  await eventually(() => expect(tries).toBe(3))
  repeater.stop()
  repeater.ask()
  expect(tries).toBe(3)
})
