import { expect, test } from 'vitest'
import { createLogins, networkOf } from '../src/logins.ts'
import { limits } from '../src/protocol/limits.ts'

/** How wrong tokens are answered, by the clock that they are given. */

const clocked = () => {
  let now = 0
  return { logins: createLogins({ clock: () => now }), pass: (ms: number) => void (now += ms) }
}

test('the first few are answered at once, then later and later, then the caller is told to stay away', () => {
  const { logins } = clocked()
  const answers = Array.from({ length: 12 }, () => logins.failed('10.0.0.1:1', false))
  expect(answers.map(({ hold }) => hold)).toEqual([0, 0, 0, 0, 250, 500, 1000, 2000, 0, 0, 0, 0])
  expect(answers.map(({ retryAfter }) => retryAfter)).toEqual([...Array<null>(8).fill(null), 2, 4, 8, 16])
})

test('who can be told no time is held instead, and never as long as a connection may stay unknown', () => {
  const { logins } = clocked()
  const holds = Array.from({ length: 20 }, () => logins.failed('10.0.0.1:1', true).hold)
  expect(holds.slice(8)).toEqual(Array<number>(12).fill(limits.failedLoginHoldMost))
  expect(limits.failedLoginHoldMost).toBeLessThan(limits.authenticationTime)
})

test('a pause is bounded, and forgotten after a while', () => {
  const { logins, pass } = clocked()
  const last = Array.from({ length: 300 }, () => logins.failed('10.0.0.1:1', false)).at(-1)
  expect(last).toEqual({ hold: 0, retryAfter: limits.failedLoginPause })
  pass(limits.failedLoginMemory + 1)
  expect(logins.failed('10.0.0.1:1', false)).toEqual({ hold: 0, retryAfter: null })
})

test('another address is another one, and of IPv6 a whole network is one', () => {
  const { logins } = clocked()
  for (let index = 0; index < 20; index++) logins.failed(`[2001:db8::${index}]:1`, false)
  expect(logins.failed('[2001:db8:0:0:ffff::1]:1', false).retryAfter).not.toBeNull()
  expect(logins.failed('[2001:db8:0:1::1]:1', false)).toEqual({ hold: 0, retryAfter: null })
  expect(logins.failed('10.0.0.2:1', false)).toEqual({ hold: 0, retryAfter: null })
})

test('answers that are held back are bounded: beyond it they say when to come again', () => {
  const { logins, pass } = clocked()
  const late = Array.from({ length: 2 * limits.heldAnswers }, (_, index) => {
    for (let time = 0; time < limits.failedLogins; time++) logins.failed(`10.0.${index}.1:1`, true)
    return logins.failed(`10.0.${index}.1:1`, true)
  })
  expect(late.filter(({ hold }) => hold > 0)).toHaveLength(limits.heldAnswers)
  expect(late.at(-1)).toEqual({ hold: 0, retryAfter: 1 })
  pass(limits.failedLoginHold + 1)
  expect(logins.failed('10.0.127.1:1', true).hold).toBe(2 * limits.failedLoginHold)
})

test('addresses that are counted are bounded', () => {
  const { logins } = clocked()
  for (let index = 0; index < limits.failedLogins; index++) logins.failed('10.9.9.9:1', false)
  for (let index = 0; index < limits.failedLoginAddresses; index++) logins.failed(`10.${index >> 8}.${index & 255}.1:1`, false)
  expect(logins.failed('10.9.9.9:1', false)).toEqual({ hold: 0, retryAfter: null })
})

test.each([
  ['10.0.0.1:80', '10.0.0.1'],
  ['[::ffff:10.0.0.1]:80', '10.0.0.1'],
  ['[::1]:80', '0:0:0:0::/64'],
  ['[2001:db8:1:2:3:4:5:6]:80', '2001:db8:1:2::/64'],
  ['[2001:0DB8::7]:80', '2001:db8:0:0::/64'],
  ['[fe80::1%eth0]:80', 'fe80:0:0:0::/64'],
  ['[1::]:80', '1:0:0:0::/64'],
])('%s counts as %s', (peer, network) => {
  expect(networkOf(peer)).toBe(network)
})
