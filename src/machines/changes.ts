import type { Observed } from '../protocol/observed.ts'
import { changedFields } from '../protocol/record.ts'
import type { ReloadChange } from '../protocol/reload.ts'
import type { Step } from './reconcile.ts'

/** What these steps mean for a person: which services are new, gone, or changed, and in what. In the order of the steps. */
export function changesOf(steps: readonly Step[], observed: ReadonlyMap<string, Observed>): ReloadChange[] {
  return steps.flatMap((step): ReloadChange[] => {
    const { service } = step
    if (step.do === 'create') return [{ service, change: 'added', fields: [] }]
    if (step.do === 'remove') return [{ service, change: 'removed', fields: [] }]
    if (step.do !== 'reconfigure' && step.do !== 'reschedule') return []
    const seen = observed.get(service)
    // It was told to go already, so it comes back.
    if (seen === undefined || seen.supervised === null || seen.leaving) return [{ service, change: 'added', fields: [] }]
    return [{ service, change: 'changed', fields: changedFields(seen.supervised, step.spec) }]
  })
}
