import type { Directory } from './directory.ts'
import type { Lapsed } from './machines/service-overlap.ts'
import type { ServiceContext } from './machines/service.ts'
import { addressOf } from './protocol/ids.ts'
import type { FleetView } from './protocol/view.ts'

/** How a service stands towards being ready, as a switch of modes has to know it. */

export type Readiness =
  /** `since`: monotonic ms from when its process is; null: none runs, and none need run. `lapsed`: it was to be replaced, and was not. */
  | { readonly kind: 'ready'; readonly since: number | null; readonly lapsed: Lapsed | null }
  /** Nobody wants it to run. */
  | { readonly kind: 'resting' }
  /** Its process of before is on its way out. */
  | { readonly kind: 'ending' }
  /** For something that it needs, or for its group. */
  | { readonly kind: 'waiting'; readonly because: string | null }
  | { readonly kind: 'starting'; readonly because: string | null }
  /** For good, as long as nobody does anything. `blocked`: because of something that it needs. */
  | { readonly kind: 'failed'; readonly because: string; readonly blocked: boolean }

export type ReadinessOf = (service: string) => Readiness

interface ReadinessParts {
  readonly directory: Pick<Directory, 'entry'>
  readonly view: Pick<FleetView, 'serviceDetail'>
}

export const createReadiness =
  ({ directory, view }: ReadinessParts): ReadinessOf =>
  (service) => {
    const entry = directory.entry(addressOf('service', service))
    if (entry === undefined) return { kind: 'failed', because: 'it is not there any more', blocked: false }
    const { state } = entry
    const context = entry.snapshot.context as unknown as ServiceContext
    const { desired, because, generation, readyGeneration, readyAt, lapsed } = context
    if (desired === 'stop') return { kind: 'resting' }
    if (state === 'failed') return { kind: 'failed', because: because ?? 'nobody knows why', blocked: false }
    if (view.serviceDetail(service)?.blocked === true)
      return { kind: 'failed', because: because ?? 'what it needs has failed', blocked: true }
    // It ended, and its policy is content with that.
    if (state === 'completed' || state === 'stopped') return { kind: 'ready', since: null, lapsed: null }
    if (state === 'live.running.healthy' && readyGeneration >= generation) return { kind: 'ready', since: readyAt, lapsed }
    if (state.startsWith('live.stopping')) return { kind: 'ending' }
    return { kind: state.startsWith('gate') || state === 'held' ? 'waiting' : 'starting', because }
  }
