import type { Changed } from '../protocol/command.ts'
import type { Address } from '../protocol/ids.ts'

/** How it stands with each of many. */
export interface Tally<T> {
  /** One of each, in their order; undefined while one is still open. */
  look(changed: Changed): readonly T[] | undefined
}

/** An index that is nobody's. */
const nobody = -1

/**
 * Waits for an outcome of each of many, each told by the addresses of its actors. `of` says how it stands with one, undefined:
 * open. It is asked again only of those that changed, so that to wait for a thousand costs what happens to them and not a
 * thousand looks at each change. A change of an address that is nobody's (a dependency) is a look at all that are open.
 */
export function createTally<T>(all: ReadonlyArray<readonly Address[]>, of: (index: number) => T | undefined): Tally<T> {
  const owner = new Map(all.flatMap((addresses, index) => addresses.map((address) => [address, index] as const)))
  const found = new Map<number, T>()
  const open = new Set(all.keys())
  const lookAt = (index: number): void => {
    const outcome = of(index)
    if (outcome === undefined) {
      found.delete(index)
      open.add(index)
    } else {
      found.set(index, outcome)
      open.delete(index)
    }
  }
  return {
    look(changed) {
      const ours = changed === null ? all.keys() : [...changed].map((address) => owner.get(address) ?? nobody)
      const asked = new Set(ours)
      if (asked.delete(nobody)) for (const index of open) asked.add(index)
      asked.forEach(lookAt)
      return open.size > 0 ? undefined : [...all.keys()].flatMap((index) => found.get(index) ?? [])
    },
  }
}
