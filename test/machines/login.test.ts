import { createActor, SimulatedClock } from 'xstate'
import { expect, test } from 'vitest'
import { loginMachine } from '../../src/machines/login.ts'
import type { Statement } from '../../src/protocol/facts.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { LoginEvent } from '../../src/protocol/login.ts'

/** LOGIN by a clock of its own: what it states, and when its secret is over. */

const from = { via: 'http', peer: '10.0.0.7:5' }
const input = { id: '7', name: 'local:me via inspector', role: 'viewer', by: 'local:me', from: { via: 'unix' } } as const

function begin() {
  const stated: Statement[] = []
  const over: string[] = []
  const clock = new SimulatedClock()
  const machine = loginMachine.provide({
    actions: {
      state: (_, statement) => stated.push(statement),
      over: (_, { id, because }) => over.push(`${id}: ${because}`),
    },
  })
  const actor = createActor(machine, { input, clock }).start()
  return {
    clock,
    over,
    stated,
    send: (...events: LoginEvent[]) => events.forEach((event) => actor.send(event)),
    state: () => actor.getSnapshot().value,
    last: () => stated.map(({ type, because, by }) => [type, because, by]).at(-1),
  }
}
const used = { type: 'USED', from, once: false } as const
const usedOnce = { type: 'USED', from, once: true } as const

test('who made it for whom is stated, then who used it and from where, and how it ended', () => {
  const login = begin()
  login.send(used, { type: 'END', by: 'token:ops' })
  expect(login.stated).toEqual([
    {
      type: 'access.ticket',
      about: 'login.7',
      because: 'lets in once, as viewer',
      by: 'local:me',
      data: { role: 'viewer', via: 'unix' },
    },
    {
      type: 'access.login',
      about: 'login.7',
      because: 'as viewer',
      by: 'local:me via inspector',
      data: { role: 'viewer', ...from },
    },
    { type: 'access.loginEnded', about: 'login.7', because: 'ended by token:ops', by: 'token:ops', data: { role: 'viewer' } },
  ])
  expect(login.over).toEqual(['7: ended by token:ops'])
  expect(login.state()).toBe('ended')
})

test('a ticket that nobody uses expires after its minute', () => {
  const login = begin()
  login.clock.increment(limits.ticketTime - 1)
  expect(login.state()).toBe('issued')
  login.clock.increment(1)
  expect(login.state()).toBe('expired')
  expect(login.last()).toEqual(['access.loginEnded', 'it was not used within 1 min', null])
  expect(login.over).toHaveLength(1)
})

test('one in use lasts its half day', () => {
  const login = begin()
  login.clock.increment(limits.ticketTime - 1)
  login.send(used)
  login.clock.increment(limits.sessionTime - 1)
  expect(login.state()).toBe('inUse')
  login.clock.increment(1)
  expect(login.state()).toBe('expired')
})

test('one for a single connection ends with it, or where none comes', () => {
  const login = begin()
  login.send(usedOnce)
  expect(login.state()).toBe('opening')
  login.send({ type: 'CARRIED' })
  expect(login.state()).toBe('inUse')
  login.send({ type: 'DROPPED' })
  expect([login.state(), login.last()]).toEqual(['ended', ['access.loginEnded', 'its connection has gone', null]])

  const lost = begin()
  lost.send(usedOnce)
  lost.clock.increment(limits.ticketTime)
  expect([lost.state(), lost.over]).toEqual(['ended', ['7: there was no connection within 1 min']])
})

test.each([
  ['issued', []],
  ['opening', [usedOnce]],
  ['inUse', [used]],
] as const)('from %s it can be revoked, replaced and ended', (state, before) => {
  for (const [event, end] of [
    [{ type: 'REVOKED', because: 'token:ci is not valid any more' }, 'revoked'],
    [{ type: 'REPLACED' }, 'replaced'],
    [{ type: 'END' }, 'ended'],
  ] as const) {
    const login = begin()
    login.send(...before)
    expect(login.state()).toBe(state)
    login.send(event)
    expect(login.state()).toBe(end)
    expect(login.over).toHaveLength(1)
    // What comes then changes nothing.
    login.send(used, { type: 'END' })
    expect(login.over).toHaveLength(1)
  }
})
