import { metricsOf } from '../../protocol/fleet-metrics.ts'
import { isRecord } from '../../protocol/json.ts'
import type { Reply } from '../../protocol/reply.ts'
import { processStatus, servicesOf } from '../magictunnel/shapes.ts'
import { environmentOf } from './environment.ts'
import { modeInForce, shownMode } from './mode.ts'
import { answersFor, standingOf } from './results.ts'
import { answer, ask, type DashboardParts, type Route, type Script } from './turns.ts'

/** How the whole fleet is, in the shapes of the original's status pages. */

type Shape = Readonly<Record<string, unknown>>

/** Our states in the original's words. */
const words: Readonly<Record<string, string>> = {
  waiting: 'initializing',
  starting: 'initializing',
  running: 'running',
  unhealthy: 'warning',
  stopping: 'stopping',
  // It ran, failed and will be started again.
  backing_off: 'warning',
  stopped: 'stopped',
  completed: 'stopped',
  failed: 'failed',
  removed: 'stopped',
}

const all = (output: unknown): ReadonlyArray<readonly [string, Shape]> =>
  Object.entries(servicesOf(output)).map(([name, one]) => [name, isRecord(one) ? one : {}] as const)

/** A service that should run does, and one that has done its part is no worry. */
const isWell = ({ status, desired }: Shape): boolean => status === 'running' || status === 'completed' || desired === 'stop'
export const allWell = (output: unknown): boolean => all(output).every(([, one]) => isWell(one))

/** `12s`, `3m 7s`, `2h 5m`. */
export function shownUptime(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  if (minutes === 0) return `${seconds}s`
  return minutes < 60 ? `${minutes}m ${seconds % 60}s` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`
}

function basicStatus(status: unknown, mode: Reply, parts: DashboardParts): Shape {
  const { supervisor } = isRecord(status) ? status : {}
  const { status: word, version, uptime } = isRecord(supervisor) ? supervisor : {}
  const services = all(status).map(([, one]) => one)
  const memory = services.reduce((sum, { memory_mb: mb }) => sum + (typeof mb === 'number' ? mb : 0), 0)
  const external = services.filter(({ kind }) => kind === 'mcp')
  return {
    status: word !== 'running' ? word : allWell(status) ? 'healthy' : 'degraded',
    version,
    uptime: shownUptime(typeof uptime === 'number' ? uptime : 0),
    total_tools: 0,
    memory_usage: `${memory.toFixed(1)} MB`,
    external_mcp: {
      servers_configured: external.length,
      servers_active: external.filter(({ status: now }) => now === 'running').length,
    },
    environment: environmentOf(parts.environment(), modeInForce(mode)),
  }
}

function supervisorStatus(status: Reply, parts: DashboardParts): Shape {
  const output = status.ok ? status.output : null
  const { because, port } = standingOf(status)
  const available = because === null
  return {
    supervisor: available
      ? {
          available,
          status: 'healthy',
          data: processStatus(output, parts.defaultService()),
          message: 'Status retrieved successfully',
        }
      : { available, status: 'unavailable', message: `Supervisor not accessible: ${because}` },
    restart_capability: { available, method: 'supervisor', port },
    services: metricsOf(output)['services'],
  }
}

/** Asks how the fleet is and which mode it is in; of the mode it can do without. */
const look =
  (parts: DashboardParts, tell: (status: Reply & { readonly ok: true }, mode: Reply) => unknown): Script =>
  ([status, mode]) => {
    if (status === undefined) return ask('system.status')
    if (!status.ok) {
      const answers = answersFor({ action: 'system_status' }, parts)
      return answers.concluded(status, { success: false, message: status.error.message, data: null }, null)
    }
    return mode === undefined ? ask('system.mode') : answer(200, tell(status, mode))
  }

export const basicRoute: Route = {
  method: 'GET',
  path: 'status',
  begin: (_, parts) => look(parts, ({ output }, mode) => basicStatus(output, mode, parts)),
}

export const systemStatusRoute: Route = {
  method: 'GET',
  path: 'system/status',
  begin: (_, parts) =>
    look(parts, (status, mode) => ({ ...basicStatus(status.output, mode, parts), ...supervisorStatus(status, parts) })),
}

export const servicesStatusRoute: Route = {
  method: 'GET',
  path: 'system/services/status',
  begin: (_, parts) =>
    look(parts, ({ output }, mode) => {
      const services = all(output).map(([name, { status, reason, category }]) => ({
        name,
        status: words[String(status)] ?? 'warning',
        message: typeof reason === 'string' && reason !== '' ? reason : 'No message',
        category: category === 'advanced' ? 'advanced' : 'core',
      }))
      const count = (category: string): number => services.filter((one) => one.category === category).length
      return {
        runtime_mode: shownMode(mode),
        total_services: services.length,
        is_healthy: allWell(output),
        services,
        categories: { core: count('core'), advanced: count('advanced') },
      }
    }),
}
