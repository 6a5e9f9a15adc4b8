import * as z from 'zod'
import { HyphaeError } from '../protocol/errors.ts'
import type { FleetView } from '../protocol/view.ts'

/** What became of each service that a command named. */

const result = z.object({
  service: z.string(),
  outcome: z.enum(['done', 'accepted', 'failed', 'busy', 'cancelled']),
  state: z.string(),
  pid: z.number().int().nullable(),
  because: z.string().nullable(),
  workflow: z.string().nullable().describe('address of the workflow that did it'),
})
export type Result = z.infer<typeof result>
/** What commands that name services answer. */
export const results = z.object({ results: z.array(result) })

/** Enough for a start timeout of the default length and a stop before it. */
export const deadline = 120_000

export function resultOf(view: FleetView, service: string, outcome: Result['outcome'], workflow: string | null = null): Result {
  const status = view.service(service)
  return {
    service,
    outcome,
    workflow,
    state: status?.state ?? 'removed',
    pid: status?.pid ?? null,
    because: status?.reason ?? null,
  }
}

/** All of them, or an error that carries each result. */
export function conclude(verb: string, all: readonly Result[]): { results: Result[] } {
  const bad = all.filter(({ outcome }) => outcome !== 'done' && outcome !== 'accepted')
  if (bad.length === 0) return { results: [...all] }
  const busy = bad.every(({ outcome }) => outcome === 'busy')
  const message = bad.map(({ service, outcome, because }) => `${service} was not ${verb}: ${because ?? outcome}`).join('; ')
  throw new HyphaeError(busy ? 'busy' : 'failed', message, { results: all })
}

export const accepted = (services: readonly string[]) => (view: FleetView) => ({
  results: services.map((service) => resultOf(view, service, 'accepted')),
})
