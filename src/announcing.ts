import type { Fact } from './protocol/facts.ts'
import type { Address } from './protocol/ids.ts'

/** Who listens to the directory: to some addresses, or to everything. */

/** The last change of one address. */
export interface LastChange {
  readonly seq: number
  readonly type: 'changed' | 'reaped'
  readonly address: Address
}

export type Change = LastChange | { readonly type: 'fact'; readonly fact: Fact }

/** Told which of the addresses that it listens to have changed. */
export type Listener = (changed: ReadonlySet<Address>) => void

export function createAnnouncing() {
  const listeners = new Map<Address, Set<Listener>>()
  const watchers = new Set<(changes: readonly Change[]) => void>()
  let pending: Change[] = []

  function flush(): void {
    const batch = pending
    pending = []
    const called = new Map<Listener, Set<Address>>()
    for (const change of batch) {
      if (change.type === 'fact') continue
      const { address } = change
      for (const listener of listeners.get(address) ?? []) {
        const changed = called.get(listener)
        if (changed === undefined) called.set(listener, new Set([address]))
        else changed.add(address)
      }
    }
    for (const [listener, changed] of called) listener(changed)
    for (const watcher of watchers) watcher(batch)
  }

  return {
    /** Everyone who listens is told in a turn of their own: a snapshot comes while its actor is still at work. */
    announce(change: Change): void {
      if (pending.push(change) === 1) queueMicrotask(flush)
    },
    /** Calls back in a turn of its own after any of these changed; many changes may come as one call. */
    listen(addresses: readonly Address[], listener: Listener): () => void {
      for (const address of addresses) {
        const set = listeners.get(address) ?? new Set()
        listeners.set(address, set.add(listener))
      }
      return () => {
        for (const address of addresses) {
          const set = listeners.get(address)
          set?.delete(listener)
          if (set?.size === 0) listeners.delete(address)
        }
      }
    },
    /** Every change, in order, in batches. */
    watch(watcher: (changes: readonly Change[]) => void): () => void {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
  }
}
