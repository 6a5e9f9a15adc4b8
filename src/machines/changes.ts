import type { Observed } from '../protocol/observed.ts'
import { changedFields, changedMarks } from '../protocol/record.ts'
import type { ReloadChange } from '../protocol/reload.ts'
import type { Step } from './reconcile.ts'

/** What these steps mean for a person: which services are new, gone, or changed, and in what. In the order of the steps. */
export function changesOf(steps: readonly Step[], observed: ReadonlyMap<string, Observed>): ReloadChange[] {
  // All that is new about these is told with that step.
  const rescheduled = new Set(steps.flatMap((step) => (step.do === 'reschedule' ? [step.service] : [])))
  return steps.flatMap((step): ReloadChange[] => {
    const { service } = step
    if (step.do === 'create') return [{ service, change: 'added', fields: [] }]
    if (step.do === 'remove') return [{ service, change: 'removed', fields: [] }]
    if (step.do !== 'reconfigure' && step.do !== 'reschedule' && step.do !== 'settle') return []
    const seen = observed.get(service)
    if (step.do === 'settle') {
      const fields = seen?.supervised == null || rescheduled.has(service) ? [] : changedMarks(seen.supervised, step.spec)
      return fields.length === 0 ? [] : [{ service, change: 'changed', fields }]
    }
    // It was told to go already, so it comes back.
    if (seen === undefined || seen.supervised === null || seen.leaving) return [{ service, change: 'added', fields: [] }]
    return [{ service, change: 'changed', fields: changedFields(seen.supervised, step.spec) }]
  })
}
