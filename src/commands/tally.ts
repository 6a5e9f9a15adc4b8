import type { Changed } from '../protocol/command.ts'
import type { Address } from '../protocol/ids.ts'

/** How it stands with each of many actors. */
export interface Tally<T> {
  /** One of each address, in their order; undefined while one is still open. */
  look(changed: Changed): readonly T[] | undefined
}

/**
 * Waits for an outcome of each of many. `of` says how it stands with one, undefined: open. It is asked again only of those that
 * changed, so that to wait for a thousand costs what happens to them and not a thousand looks at each change. A change of an
 * address that is none of them (a dependency) is a look at all that are open.
 */
export function createTally<T>(addresses: readonly Address[], of: (address: Address) => T | undefined): Tally<T> {
  const found = new Map<Address, T>()
  const open = new Set(addresses)
  const lookAt = (address: Address): void => {
    const outcome = of(address)
    if (outcome === undefined) {
      found.delete(address)
      open.add(address)
    } else {
      found.set(address, outcome)
      open.delete(address)
    }
  }
  return {
    look(changed) {
      const ours = changed === null ? addresses : [...changed].filter((address) => open.has(address) || found.has(address))
      ours.forEach(lookAt)
      if (changed !== null && ours.length < changed.size) [...open].forEach(lookAt)
      return open.size > 0 ? undefined : addresses.flatMap((address) => found.get(address) ?? [])
    },
  }
}
