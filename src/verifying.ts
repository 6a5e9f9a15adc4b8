import type { Directory } from './directory.ts'
import { formatDuration } from './protocol/duration.ts'
import { addressOf, parseAddress, type Address } from './protocol/ids.ts'
import { limits } from './protocol/limits.ts'
import type { FleetView } from './protocol/view.ts'
import type { Readiness, ReadinessOf } from './readiness.ts'

/**
 * Waits until services are ready, each within its own start timeout, which begins when it is its turn. What was started anew and
 * has no probe must stay up for a moment: a program that refuses an argument ends just after it was spawned.
 */

export interface VerifyingParts {
  readonly directory: Pick<Directory, 'listen'>
  readonly view: Pick<FleetView, 'serviceDetail'>
  readonly readinessOf: ReadinessOf
  /** Monotonic ms. */
  clock(): number
}

export interface Verification {
  readonly services: readonly string[]
  /** Of these, those that were started anew. */
  readonly fresh: ReadonlySet<string>
  /** Overlapping restarts that came to nothing before. */
  readonly known: ReadonlySet<object>
  /** null: all are ready; else which one is not, and why. */
  done(because: string | null): void
}

/** Calls back once; what it answers gives it up. */
export function verify({ services, fresh, known, done }: Verification, parts: VerifyingParts): () => void {
  const { directory, view, readinessOf, clock } = parts
  const standing = new Map<string, Readiness>()
  /** When the time of each began. */
  const begun = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  let unlisten = (): void => {}
  let over = false
  const stop = (): void => {
    over = true
    clearTimeout(timer)
    unlisten()
  }
  const end = (because: string | null): void => {
    stop()
    done(because)
  }
  const specOf = (service: string) => view.serviceDetail(service)?.spec
  const settles = (service: string): boolean => fresh.has(service) && specOf(service)?.readiness === null

  /** ms until it is worth another look; 0: it is ready. A text: why it will not be. */
  const left = (service: string, seen: Readiness, othersGoOn: boolean, now: number): number | string => {
    if (seen.kind === 'resting') return 0
    if (seen.kind === 'failed') return `${service} failed: ${seen.because}`
    if (seen.kind === 'ready') {
      if (seen.lapsed !== null && !known.has(seen.lapsed)) return `${service}: ${seen.lapsed.because}`
      return seen.since !== null && settles(service) ? Math.max(0, seen.since + limits.changeSettles - now) : 0
    }
    if (seen.kind === 'ending' || (seen.kind === 'waiting' && othersGoOn && !begun.has(service))) return Infinity
    const from = begun.get(service) ?? now
    begun.set(service, from)
    const allowed = (specOf(service)?.startTimeout ?? 0) + limits.changeSettles
    if (now - from < allowed) return from + allowed - now
    return `${service} is not ready after ${formatDuration(allowed)}${seen.because === null ? '' : `: ${seen.because}`}`
  }

  const decide = (): void => {
    clearTimeout(timer)
    const seen = Array.from(standing)
    const goesOn = seen.some(([, { kind }]) => kind === 'starting' || kind === 'ending')
    const now = clock()
    let next = 0
    // What failed by itself is told rather than what could not start without it.
    let blocked: string | undefined
    for (const [service, one] of seen) {
      const found = left(service, one, goesOn, now)
      if (typeof found === 'number') next = next === 0 ? found : found === 0 ? next : Math.min(next, found)
      else if (one.kind === 'failed' && one.blocked) blocked ??= found
      else return end(found)
    }
    if (blocked !== undefined) return end(blocked)
    if (next === 0) return end(null)
    if (next !== Infinity) timer = setTimeout(decide, next + 1)
  }
  const look = (changed: Iterable<string>): void => {
    if (over) return
    for (const service of changed) standing.set(service, readinessOf(service))
    decide()
  }
  const addresses = services.map((service) => addressOf('service', service))
  unlisten = directory.listen(addresses, (changed: Iterable<Address>) =>
    look(Array.from(changed, (address) => parseAddress(address).key)),
  )
  look(services)
  return stop
}
