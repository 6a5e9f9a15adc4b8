import type { AnyActorRef } from 'xstate'
import type { Directory } from './directory.ts'
import { pools, type PoolName } from './machines/orchestrator.ts'
import type { Log } from './options.ts'
import type { Address } from './protocol/ids.ts'
import { orchestratorEnds } from './protocol/link.ts'
import type { ActorStatus } from './protocol/status.ts'

/** Hands events to actors by their address, and lets pools make new ones. */
export interface Delivery {
  /** False when there is nobody at that address. */
  deliver(to: Address, event: { readonly type: string }): boolean
  spawn(pool: PoolName, address: Address, input: unknown): void
}

/** Says goodbye on every connection; whose. */
export function closeConnections(directory: Directory, deliver: Delivery['deliver']): ActorStatus[] {
  const open = Array.from(directory.actors()).filter(({ kind }) => kind === 'connection')
  for (const { address } of open) deliver(address, { type: 'CLOSE', because: orchestratorEnds } as { type: string })
  return open
}

/** `root` has the pools as children; it is asked for only once it runs. */
export function createDelivery(directory: Directory, root: () => AnyActorRef, log: Log): Delivery {
  const poolOf = (name: string): AnyActorRef | undefined =>
    (root().getSnapshot() as { children: Readonly<Record<string, AnyActorRef | undefined>> }).children[name]
  const deliver: Delivery['deliver'] = (to, event) => {
    const ref = (pools as readonly string[]).includes(to) ? poolOf(to) : directory.refOf(to)
    if (ref === undefined) return false
    ref.send(event)
    return true
  }
  return {
    deliver,
    spawn(pool, address, input) {
      if (directory.refOf(address) !== undefined) {
        log.error({ about: address }, 'an actor with this address is alive already')
        return
      }
      deliver(pool, { type: 'pool.spawn', address, input } as { type: string })
    },
  }
}
