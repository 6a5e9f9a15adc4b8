import { exposition, expositionType, type Family } from './exposition.ts'
import { fleetFamilies, type FleetParts } from './fleet-families.ts'
import type { Kept } from '../protocol/journal.ts'
import type { FleetView } from '../protocol/view.ts'

/** Everything that is measured, as one text. A scrape reads what is there: it asks no actor and measures no process. */

export interface MetricsParts extends Omit<FleetParts, 'view'> {
  readonly view: FleetParts['view'] & { keptEvents(): Kept }
  /** Brings up to date what is not at hand, for the next scrape. */
  look(): void
  /** Those that are counted, and those of our own process. */
  families(): Iterable<Family>
}

export function createMetrics(parts: MetricsParts): FleetView['metrics'] {
  return function metrics() {
    const fleet = fleetFamilies(parts, parts.view.keptEvents())
    parts.look()
    return { content_type: expositionType, text: exposition([...fleet, ...parts.families()]) }
  }
}
