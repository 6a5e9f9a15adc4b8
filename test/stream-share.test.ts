import { expect, test } from 'vitest'
import type { Sink } from '../src/protocol/calls.ts'
import type { Principal } from '../src/protocol/principal.ts'
import { createStreamShare } from '../src/stream-share.ts'

const one: Principal = { name: 'token:screen', via: 'http', role: 'viewer' }
const another: Principal = { ...one, name: 'token:ci' }
const sink: Sink = { room: () => undefined, item() {}, end() {} }

test('each caller has so many streams, until they end or he ends them', () => {
  const { subscribe } = createStreamShare(2)
  const sinks: Sink[] = []
  let cancelled = 0
  const open = (principal: Principal) =>
    subscribe(principal, sink, (counted) => {
      sinks.push(counted)
      return { cancel: () => void cancelled++ }
    })
  const first = open(one)
  open(one)
  expect(open(one)).toEqual({
    error: {
      code: 'overloaded',
      message: expect.stringContaining('token:screen has 2 streams open') as unknown,
      data: { limit: 2 },
    },
  })
  expect(open(another)).not.toHaveProperty('error')

  // Told twice that it is over, it is over once.
  sinks[1]?.end('over')
  sinks[1]?.end('over')
  expect([open(one), open(one)]).toEqual([{ cancel: expect.any(Function) as unknown }, { error: expect.anything() as unknown }])
  if ('cancel' in first) first.cancel()
  expect(cancelled).toBe(1)
  expect(open(one)).not.toHaveProperty('error')
})

test('one that was refused for another reason does not count, nor do those of the local user', () => {
  const { subscribe } = createStreamShare(1)
  const error = { code: 'forbidden', message: 'no', data: {} } as const
  expect(subscribe(one, sink, () => ({ error }))).toEqual({ error })
  expect(subscribe(one, sink, () => ({ cancel() {} }))).not.toHaveProperty('error')
  for (let nth = 0; nth < 3; nth++)
    expect(subscribe({ ...one, via: 'unix' }, sink, () => ({ cancel() {} }))).not.toHaveProperty('error')
})
