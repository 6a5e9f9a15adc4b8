import { expect, test } from 'vitest'
import { createTally } from '../../src/commands/tally.ts'
import type { Address } from '../../src/protocol/ids.ts'

const addresses: readonly Address[] = ['service.a', 'service.b', 'service.c']

function stage() {
  const outcomes = new Map<Address, string>()
  const asked: Address[] = []
  const tally = createTally(
    addresses.map((address) => [address]),
    (index) => {
      const address = addresses[index] ?? ''
      asked.push(address)
      return outcomes.get(address)
    },
  )
  return { outcomes, tally, asked: (): readonly Address[] => asked.splice(0) }
}

test('there is an answer once there is one of each, in their order', () => {
  const { outcomes, tally } = stage()
  expect(tally.look(null)).toBeUndefined()
  outcomes.set('service.c', '3').set('service.a', '1')
  expect(tally.look(new Set(['service.c', 'service.a']))).toBeUndefined()
  outcomes.set('service.b', '2')
  expect(tally.look(new Set<Address>(['service.b']))).toEqual(['1', '2', '3'])
})

test('only what changed is looked at', () => {
  const { tally, asked } = stage()
  tally.look(null)
  expect(asked()).toEqual(addresses)
  tally.look(new Set<Address>(['service.b']))
  expect(asked()).toEqual(['service.b'])
})

test('a change of something else is a look at what is open', () => {
  const { outcomes, tally, asked } = stage()
  outcomes.set('service.a', '1')
  tally.look(null)
  asked()
  tally.look(new Set<Address>(['service.dependency']))
  expect(asked()).toEqual(['service.b', 'service.c'])
})

test('what was settled can be open again', () => {
  const { outcomes, tally } = stage()
  outcomes.set('service.a', '1').set('service.b', '2')
  tally.look(null)
  outcomes.delete('service.a')
  outcomes.set('service.c', '3')
  expect(tally.look(new Set<Address>(['service.a', 'service.c']))).toBeUndefined()
  outcomes.set('service.a', 'again')
  expect(tally.look(new Set<Address>(['service.a']))).toEqual(['again', '2', '3'])
})
