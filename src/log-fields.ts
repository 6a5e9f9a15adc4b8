import { monotonic } from './actors/proc.ts'
import type { Entry } from './directory.ts'
import type { ServiceContext } from './machines/service.ts'
import type { Log } from './options.ts'
import type { Fact, FactType } from './protocol/facts.ts'
import { parseAddress } from './protocol/ids.ts'
import { limits } from './protocol/limits.ts'

/** Our own log: one line a fact and one a health check, with fields that can be searched for by name. */

/** What asks for somebody's attention; all else is `info`. */
const levels: Partial<Record<FactType, 'warn' | 'error'>> = {
  'service.unhealthy': 'warn',
  'service.killing': 'warn',
  'service.stuck': 'error',
  'service.failed': 'error',
  'service.gaveUp': 'error',
  'service.overlapFailed': 'warn',
  'group.gaveUp': 'error',
  'listener.failed': 'error',
  'system.fault': 'error',
  'system.crashed': 'error',
  'system.damaged': 'error',
  'system.reloadRefused': 'warn',
  'actor.crashed': 'error',
  'access.refused': 'warn',
  'command.refused': 'warn',
  'program.refused': 'warn',
  'system.lockdown': 'warn',
  'hook.failed': 'warn',
  'hook.dropped': 'warn',
}

/** Ends that nobody asked for may be anything; who ends well says so by its exit. */
const levelOf = ({ type, data }: Fact): 'info' | 'warn' | 'error' =>
  type === 'service.exited' && data['planned'] !== true ? 'warn' : (levels[type] ?? 'info')

/** The fields of the guide, where a fact is about a service: whose process it is, how long it has run, what went wrong. */
function serviceFields({ about, because, data }: Fact, entry: Entry | undefined, level: string): object {
  const { pid: now = null, spawnedAt = null } = (entry?.snapshot.context ?? {}) as Partial<ServiceContext>
  const ran = data['uptime_ms']
  const pid = typeof data['pid'] === 'number' ? data['pid'] : now
  const uptime =
    typeof ran === 'number' ? ran : pid === null || pid !== now || spawnedAt === null ? null : monotonic() - spawnedAt
  return {
    service: parseAddress(about).key,
    ...(pid === null ? {} : { pid }),
    ...(uptime === null ? {} : { uptime: Math.max(0, Math.floor(uptime / 1000)) }),
    ...(level === 'info' || because === null ? {} : { error: because }),
  }
}

/** `entry`: of the actor that it is about, as it was before. */
export function logFact(log: Log, fact: Fact, entry: Entry | undefined): void {
  const { type, about, because, by, data, seq } = fact
  const level = levelOf(fact)
  const own = parseAddress(about).kind === 'service' ? serviceFields(fact, entry, level) : {}
  const who = by === null ? {} : { by }
  log[level]({ seq, about, ...who, ...data, ...own }, `${type}${because === null ? '' : `: ${because}`}`)
}

interface Passed {
  readonly pid?: number
}

/** What probes saw. That it passes for the first time, and again, is worth a line; that it still does is for `debug`. */
export function tellChecks(log: Log): (service: string, ok: boolean, fields: object) => void {
  /** The process of which the last look was good, by service. */
  const passing = new Map<string, number | undefined>()
  return (service, ok, fields) => {
    if (!ok) {
      passing.delete(service)
      return log.warn({ service, ...fields }, 'Service health check failed')
    }
    const { pid } = fields as Passed
    const known = passing.has(service) && passing.get(service) === pid
    // Of services that are gone: they are few.
    if (passing.size > 2 * limits.services) passing.clear()
    passing.set(service, pid)
    log[known ? 'debug' : 'info']({ service, ...fields }, 'Service health check passed')
  }
}
