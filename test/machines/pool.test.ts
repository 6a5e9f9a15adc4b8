import { createActor, createMachine, type AnyActorRef } from 'xstate'
import { expect, test } from 'vitest'
import { poolOf } from '../../src/machines/pool.ts'
import type { Statement } from '../../src/protocol/facts.ts'
import { limits } from '../../src/protocol/limits.ts'

const child = createMachine({
  id: 'child',
  initial: 'on',
  states: {
    on: {
      tags: 'active',
      on: {
        END: 'off',
        BOOM: {
          actions: () => {
            throw new Error('boom')
          },
        },
      },
    },
    off: { tags: 'reaped', type: 'final' },
  },
})

function start() {
  const facts: Statement[] = []
  const pool = createActor(
    poolOf(child, (fact) => facts.push(fact)),
    { input: { name: 'things' } },
  ).start()
  const buckets = (): AnyActorRef[] => Object.values(pool.getSnapshot().children as Record<string, AnyActorRef>)
  const childrenOf = (bucket: AnyActorRef): Record<string, AnyActorRef> =>
    (bucket.getSnapshot() as { children: Record<string, AnyActorRef> }).children
  return {
    pool,
    facts,
    buckets,
    childrenOf,
    all: () => buckets().flatMap((bucket) => Object.values(childrenOf(bucket))),
    spawn: (count: number, from = 0) => {
      for (let i = from; i < from + count; i++) pool.send({ type: 'pool.spawn', address: `thing.${i}`, input: {} })
    },
  }
}

test('no parent has more than 64 children, however many there are (OTP: scale_start_stop_many_children)', () => {
  const { spawn, buckets, childrenOf, all } = start()
  spawn(200)
  expect(all()).toHaveLength(200)
  expect(buckets().map((bucket) => Object.keys(childrenOf(bucket)).length)).toEqual([
    limits.bucketChildren,
    limits.bucketChildren,
    limits.bucketChildren,
    200 - 3 * limits.bucketChildren,
  ])
})

test('what ended is reaped, and its slot is used again: ids do not grow with what has lived (OTP: do_not_save_start_parameters_for_temporary_children)', () => {
  const { spawn, all, buckets, childrenOf, pool } = start()
  for (let round = 0; round < 50; round++) {
    spawn(10, round * 10)
    for (const one of all()) one.send({ type: 'END' })
    expect(all()).toHaveLength(0)
  }
  spawn(3)
  expect(buckets()).toHaveLength(1)
  expect(Object.keys(childrenOf(buckets()[0] as AnyActorRef))).toEqual(['s0', 's1', 's2'])
  expect(pool.getSnapshot().context.loads).toEqual([3])
})

test('a child that crashes is reaped with its reason; siblings, bucket and pool live on (OTP: tree)', () => {
  const { spawn, all, pool, facts } = start()
  spawn(3)
  all()[1]?.send({ type: 'BOOM' })
  expect(all()).toHaveLength(2)
  expect(facts).toEqual([{ type: 'actor.crashed', about: 'thing.1', because: 'boom' }])
  expect(pool.getSnapshot().status).toBe('active')
  spawn(1, 9)
  expect(all()).toHaveLength(3)
})
