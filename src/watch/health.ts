import { setImmediate as turn } from 'node:timers/promises'
import { formatDuration } from '../protocol/duration.ts'
import { messageOf } from '../protocol/errors.ts'
import type { HealthCheck, HealthReport } from '../protocol/health.ts'
import type { Journal } from '../protocol/journal.ts'
import { limits } from '../protocol/limits.ts'
import type { ServiceStatus } from '../protocol/service.ts'
import type { FleetView } from '../protocol/view.ts'

/** Health: looks at the read model, and at the journal by writing to it. */

export interface HealthParts {
  readonly view: Pick<FleetView, 'supervisor' | 'listeners' | 'serviceNames' | 'service'>
  /** Undefined until it has been opened. */
  journal(): Pick<Journal, 'put' | 'sync'> | undefined
  /** Monotonic ms. */
  clock(): number
}

/** Why a service that should run is not ready; null: it is, or it should not run. */
function lackOf({ desired, status, reason }: ServiceStatus): string | null {
  if (desired !== 'run' || status === 'running' || status === 'completed' || status === 'stopped' || status === 'removed')
    return null
  const word = status.replace('_', ' ')
  return reason === null ? word : `${word} (${reason})`
}

export function createHealth({ view, journal, clock }: HealthParts): () => Promise<HealthReport> {
  /** The last try to write, which everybody shares who asks within a second. */
  let tried: { readonly at: number; readonly outcome: Promise<string | null> } | undefined

  /** Why the journal takes no write; null: it does. */
  function write(): Promise<string | null> {
    const open = journal()
    if (open === undefined) return Promise.resolve(null)
    if (tried !== undefined && clock() - tried.at < limits.healthInterval) return tried.outcome
    // The same record each time: the newest takes its place, so the journal does not grow.
    open.put({ kind: 'health', key: 'journal', value: Math.round(clock()) })
    const outcome = open.sync().then(
      () => null,
      (error: unknown) => messageOf(error),
    )
    tried = { at: clock(), outcome: within(outcome, `the journal has not answered for ${formatDuration(limits.healthWait)}`) }
    return tried.outcome
  }

  async function eventLoop(): Promise<string | null> {
    const since = clock()
    await turn()
    const took = clock() - since
    return took < limits.healthWait ? null : `one turn took ${formatDuration(Math.round(took))}`
  }

  const listeners = (): string | null =>
    listed(
      view
        .listeners()
        .flatMap(({ name, address, error }) => (address === null ? [`${name}: ${error ?? 'it is not bound yet'}`] : [])),
    )
  const services = (): string | null => {
    const lacking: string[] = []
    for (const name of view.serviceNames()) {
      const status = view.service(name)
      const lack = status === undefined ? null : lackOf(status)
      if (lack !== null) lacking.push(`${name}: ${lack}`)
    }
    return listed(lacking)
  }

  return async function health() {
    const [loop, written] = await Promise.all([eventLoop(), write()])
    const { status, faults } = view.supervisor()
    const check = (name: HealthCheck['name'], because: string | null): HealthCheck => ({ name, ok: because === null, because })
    const checks = [
      check('event_loop', loop),
      check('journal', written),
      check('status', status === 'running' ? null : `the orchestrator is ${status}`),
      check('listeners', listeners()),
      check('services', services()),
      check('faults', listed(faults.map(({ what, because }) => `${what}: ${because}`))),
    ]
    return { live: loop === null && written === null, ready: checks.every(({ ok }) => ok), status, checks }
  }
}

/** The first few, each as far as it is worth reading; null: there are none. */
function listed(reasons: readonly string[]): string | null {
  if (reasons.length === 0) return null
  const shown = reasons.slice(0, limits.healthReasons).map((reason) => reason.slice(0, limits.quotedText))
  return [...shown, ...(reasons.length > shown.length ? [`${reasons.length - shown.length} more`] : [])].join('; ')
}

/** The outcome, or these words when it takes too long. */
function within(outcome: Promise<string | null>, words: string): Promise<string | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(words), limits.healthWait).unref()
    void outcome.then(resolve).finally(() => clearTimeout(timer))
  })
}
