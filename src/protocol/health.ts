import * as z from 'zod'

/** Is the orchestrator alive, and is its fleet as it should be? What probes of others ask. */

export const healthCheck = z.object({
  name: z.enum(['event_loop', 'journal', 'status', 'listeners', 'services', 'faults']),
  ok: z.boolean(),
  because: z.string().nullable().describe('why it is not'),
})
export type HealthCheck = z.infer<typeof healthCheck>

export const healthReport = z.object({
  live: z.boolean().describe('its event loop turns and its journal answers'),
  ready: z.boolean().describe('it is live and runs, every listener is bound, every service that should run is ready'),
  status: z.enum(['starting', 'running', 'stopping', 'leaving']),
  checks: z.array(healthCheck).describe('the first two are about life, all of them about readiness'),
})
export type HealthReport = z.infer<typeof healthReport>
