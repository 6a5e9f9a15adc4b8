import * as z from 'zod'
import { isRecord } from './json.ts'
import { serviceStatuses } from './service.ts'

/** The fleet in figures, as the guide of MagicTunnel shows them. */

export const fleetMetrics = z.object({
  supervisor: z.object({
    status: z.string().nullable(),
    uptime: z.number().int().nullable().describe('whole seconds'),
    managed_services: z.number().int().nullable(),
  }),
  services: z.record(
    z.string(),
    z.object({
      status: z.enum(serviceStatuses),
      pid: z.number().int().nullable(),
      uptime: z.number().int().describe('whole seconds since it was spawned, 0 without a process'),
      memory_mb: z.number().describe('resident memory of its whole process group, MB'),
      cpu_percent: z.number().describe('of one core, for its whole process group'),
      restart_count: z.number().int().describe('how often it was started again, by itself or on request'),
    }),
  ),
})

const record = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {})

/** `supervisor` and `services` of a `system.status`. What is missing is null: an answer is always one. */
export function metricsOf(output: unknown): Readonly<Record<string, unknown>> {
  const { supervisor, services } = record(output)
  const { status, uptime, managed_services: managed } = record(supervisor)
  const figures = Object.entries(record(services)).map(([name, one]) => {
    const { status: word, pid, uptime: seconds, memory_mb, cpu_percent, restart_count } = record(one)
    return [name, { status: word, pid, uptime: seconds, memory_mb, cpu_percent, restart_count }] as const
  })
  return {
    supervisor: { status: status ?? null, uptime: uptime ?? null, managed_services: managed ?? null },
    services: Object.fromEntries(figures),
  }
}
