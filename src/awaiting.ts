import type { Directory } from './directory.ts'
import { addressOf, type Address } from './protocol/ids.ts'
import type { ActorStatus } from './protocol/status.ts'

/** Resolves once `done` holds; it is asked again after each change of these. */
function once(directory: Directory, addresses: readonly Address[], done: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (done()) {
      resolve()
      return
    }
    const stop = directory.listen(addresses, () => {
      if (!done()) return
      stop()
      resolve()
    })
  })
}

/** Each listener is bound or has failed. */
export function settled(directory: Directory, names: readonly string[]): Promise<void> {
  const addresses = names.map((name) => addressOf('listener', name))
  return once(directory, addresses, () => addresses.every((address) => directory.entry(address)?.state !== 'open.binding'))
}

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
  return once(directory, addresses, () => addresses.every((address) => directory.entry(address) === undefined))
}
