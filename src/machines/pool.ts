import {
  assign,
  enqueueActions,
  sendParent,
  setup,
  stopChild,
  type AnyActorLogic,
  type AnyEventObject,
  type DoneActorEvent,
  type ErrorActorEvent,
} from 'xstate'
import { messageOf } from '../protocol/errors.ts'
import type { Statement } from '../protocol/facts.ts'
import { addressOf, type Address } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { limits } from '../protocol/limits.ts'
import { port } from './port.ts'

/**
 * A supervisor for any number of children of one kind, in buckets of 64.
 *
 *   pool ─┬─ b0 ─┬─ s0   service.web         XState copies a parent's children on each spawn and stop, and remembers
 *         │      └─ s1   service.worker      each child id for ever. So buckets stay small, and ids are slots that are
 *         └─ b1 ─── …                        used again; the address is a key of the directory, never an id.
 *
 * A child that ends or crashes is reaped and its slot is free again; nothing that happens to one reaches another.
 */

export interface PoolSpawn {
  readonly type: 'pool.spawn'
  readonly address: Address
  readonly input: unknown
}

interface BucketInput {
  readonly index: number
}

interface BucketContext extends BucketInput {
  /** Who sits in which slot; null = free. */
  readonly slots: ReadonlyArray<Address | null>
}

type ChildEnd = DoneActorEvent | ErrorActorEvent

const slotOf = (actorId: string): number => Number(actorId.slice(1))

const bucketMachine = setup({
  types: {
    input: {} as BucketInput,
    context: {} as BucketContext,
    events: {} as PoolSpawn | ChildEnd,
    tags: {} as Phase,
  },
  actors: { child: port<AnyEventObject, unknown>('child') },
  actions: {
    state: (_, _statement: Statement) => {},
    spawn: enqueueActions(({ enqueue, context }, { address, input }: PoolSpawn) => {
      const free = context.slots.indexOf(null)
      const slot = free < 0 ? context.slots.length : free
      const slots = [...context.slots]
      slots[slot] = address
      enqueue.assign({ slots })
      enqueue.spawnChild('child', { id: `s${slot}`, input })
    }),
    reap: enqueueActions(({ enqueue, context }, { actorId }: { actorId: string }) => {
      const slot = slotOf(actorId)
      enqueue(stopChild(actorId))
      enqueue.assign({ slots: context.slots.with(slot, null) })
      enqueue(sendParent({ type: 'bucket.freed', index: context.index }))
    }),
  },
}).createMachine({
  id: 'bucket',
  context: ({ input }) => ({ ...input, slots: [] }),
  initial: 'open',
  on: {
    'pool.spawn': { actions: { type: 'spawn', params: ({ event }) => event } },
    'xstate.done.actor.*': { actions: { type: 'reap', params: ({ event }) => event } },
    'xstate.error.actor.*': {
      actions: [
        {
          type: 'state',
          params: ({ context, event }) => ({
            type: 'actor.crashed',
            about: context.slots[slotOf(event.actorId)] ?? event.actorId,
            because: messageOf(event.error),
          }),
        },
        { type: 'reap', params: ({ event }) => event },
      ],
    },
  },
  states: { open: { tags: 'active' } },
})

const poolMachine = setup({
  types: {
    input: {} as { readonly name: string },
    context: {} as { readonly address: Address; readonly loads: readonly number[] },
    events: {} as PoolSpawn | { readonly type: 'bucket.freed'; readonly index: number } | ErrorActorEvent,
    tags: {} as Phase,
  },
  actors: { bucket: bucketMachine },
  actions: {
    spawn: enqueueActions(({ enqueue, context }, event: PoolSpawn) => {
      const roomy = context.loads.findIndex((load) => load < limits.bucketChildren)
      const index = roomy < 0 ? context.loads.length : roomy
      const loads = [...context.loads]
      loads[index] = (loads[index] ?? 0) + 1
      if (roomy < 0) enqueue.spawnChild('bucket', { id: `b${index}`, input: { index } })
      enqueue.assign({ loads })
      enqueue.sendTo(`b${index}`, event)
    }),
    free: assign({
      loads: ({ context }, { index }: { index: number }) => context.loads.with(index, (context.loads[index] ?? 1) - 1),
    }),
  },
}).createMachine({
  id: 'pool',
  context: ({ input }) => ({ address: addressOf('supervisor', input.name), loads: [] }),
  on: {
    'pool.spawn': { actions: { type: 'spawn', params: ({ event }) => event } },
    'bucket.freed': { actions: { type: 'free', params: ({ event }) => event } },
  },
  initial: 'open',
  states: { open: { tags: 'active' } },
})

/** A pool of this logic; its input is what `pool.spawn` carries. Crashes of children are stated. */
export function poolOf(child: AnyActorLogic, state: (statement: Statement) => void) {
  const bucket = bucketMachine.provide({
    // The port knows neither the child's events nor its input; whoever spawns does.
    actors: { child: child as never },
    actions: { state: (_, statement) => state(statement) },
  })
  return poolMachine.provide({ actors: { bucket } })
}
