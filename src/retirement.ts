import { stopLayers } from './commands/system.ts'
import type { Directory } from './directory.ts'
import { addressOf, parseAddress, type Address } from './protocol/ids.ts'

/** Services that are not in the config any more go one layer after the other: nothing ends before what needs it has. */

export interface RetirementParts {
  readonly directory: Directory
  /** Tells a service that it is to go. */
  tell(service: string): void
  /** What it depends on, as it runs now. */
  needs(service: string): readonly string[]
  /** Is it in the config, perhaps again? */
  isWanted(service: string): boolean
}

export interface Retirement {
  /** These are to go too. Those that nothing needs are told at once. */
  retire(services: readonly string[]): void
  /** Is it to go, and not told yet, or not gone? */
  isGoing(service: string): boolean
}

export function createRetirement({ directory, tell, needs, isWanted }: RetirementParts): Retirement {
  let going: ReadonlySet<string> = new Set()
  let stop = (): void => {}
  const isThere = (name: string): boolean => directory.refOf(addressOf('service', name)) !== undefined
  const goes = (name: string): boolean => !isWanted(name) && isThere(name)

  const next = (layers: ReadonlyArray<readonly string[]>): void => {
    stop()
    const [layer, ...later] = layers
    if (layer === undefined) return
    for (const name of layer) if (goes(name)) tell(name)
    // Of thousands only those that changed are looked at.
    const left = new Set(layer.filter(goes).map((name) => addressOf('service', name)))
    const look = (changed: Iterable<Address>): void => {
      for (const address of changed) if (!goes(parseAddress(address).key)) left.delete(address)
      if (left.size === 0) next(later)
    }
    stop = directory.listen([...left], look)
    look([])
  }
  return {
    retire(services) {
      // What was told before may still be on its way, and what it needs must go on waiting for it.
      going = new Set([...[...going].filter(goes), ...services])
      next(stopLayers([...going], needs))
    },
    isGoing: (service) => going.has(service) && goes(service),
  }
}
