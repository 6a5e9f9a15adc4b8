import { setImmediate as turn } from 'node:timers/promises'
import { formatDuration } from '../protocol/duration.ts'
import { messageOf } from '../protocol/errors.ts'
import type { HealthCheck, HealthReport } from '../protocol/health.ts'
import type { Journal } from '../protocol/journal.ts'
import { limits } from '../protocol/limits.ts'
import type { ServiceStatus } from '../protocol/service.ts'
import type { FleetView } from '../protocol/view.ts'

/**
 * Health: looks at the read model, and at the journal by writing to it. A journal that says that its disk takes nothing has
 * answered: another start of ours would find the same disk, so we live and are not ready.
 */

/** What came of a write. */
interface Written {
  /** Why it was not taken; null: it was. */
  readonly because: string | null
  readonly answered: boolean
}

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
  let tried: { readonly at: number; readonly outcome: Promise<Written> } | undefined

  function write(): Promise<Written> {
    const open = journal()
    if (open === undefined) return Promise.resolve(taken)
    if (tried !== undefined && clock() - tried.at < limits.healthInterval) return tried.outcome
    // The same record each time: the newest takes its place, so the journal does not grow.
    open.put({ kind: 'health', key: 'journal', value: Math.round(clock()) })
    const outcome = open.sync().then(
      () => taken,
      (error: unknown) => ({ because: messageOf(error), answered: true }),
    )
    tried = { at: clock(), outcome: within(outcome) }
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
      check('journal', written.because),
      check('status', status === 'running' ? null : `the orchestrator is ${status}`),
      check('listeners', listeners()),
      check('services', services()),
      check('faults', listed(faults.map(({ what, because }) => `${what}: ${because}`))),
    ]
    return { live: loop === null && written.answered, ready: checks.every(({ ok }) => ok), status, checks }
  }
}

/** The first few, each as far as it is worth reading; null: there are none. */
function listed(reasons: readonly string[]): string | null {
  if (reasons.length === 0) return null
  const shown = reasons.slice(0, limits.healthReasons).map((reason) => reason.slice(0, limits.quotedText))
  return [...shown, ...(reasons.length > shown.length ? [`${reasons.length - shown.length} more`] : [])].join('; ')
}

const taken: Written = { because: null, answered: true }

/** What came of it, unless that takes too long. */
function within(outcome: Promise<Written>): Promise<Written> {
  const because = `the journal has not answered for ${formatDuration(limits.healthWait)}`
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ because, answered: false }), limits.healthWait).unref()
    void outcome.then(resolve).finally(() => clearTimeout(timer))
  })
}
