import type { Directory } from './directory.ts'
import { addressOf, type Address } from './protocol/ids.ts'
import type { ActorStatus } from './protocol/status.ts'

/** Resolves once `done` holds for each of these; one that changed is asked again until it does. */
function once(directory: Directory, addresses: readonly Address[], done: (address: Address) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const open = new Set(addresses.filter((address) => !done(address)))
    if (open.size === 0) {
      resolve()
      return
    }
    const stop = directory.listen(addresses, (changed) => {
      for (const address of changed) if (done(address)) open.delete(address)
      if (open.size > 0) return
      stop()
      resolve()
    })
  })
}

/** Each listener is bound or has failed. */
export function settled(directory: Directory, names: readonly string[]): Promise<void> {
  const addresses = names.map((name) => addressOf('listener', name))
  return once(directory, addresses, (address) => directory.entry(address)?.state !== 'open.binding')
}

/** There was an actor at this address, and it has ended. */
export const reaped = (directory: Directory, address: Address): Promise<void> =>
  once(directory, [address], () => directory.actor(address)?.live === false)

/** A promise, and how it is resolved from outside. */
export function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve: () => resolve() }
}

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })

/** So that everybody who listens has heard of what has happened up to now. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export function gone(directory: Directory, actors: readonly ActorStatus[]): Promise<void> {
  const addresses = actors.map(({ address }) => address)
  return once(directory, addresses, (address) => directory.entry(address) === undefined)
}
