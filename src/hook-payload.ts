import { hostname } from 'node:os'
import type { Directory, Entry } from './directory.ts'
import type { ServiceContext } from './machines/service.ts'
import { isSuccess, type Exit } from './protocol/exit.ts'
import type { Fact, FactType } from './protocol/facts.ts'
import type { HookEvent, HookPayload, HookSpec } from './protocol/hook.ts'
import { addressOf, parseAddress } from './protocol/ids.ts'
import type { FleetView } from './protocol/view.ts'
import { version } from './version.ts'

/** Which facts are events of hooks, whom they are told, and what is said of them. */

const plain: Partial<Record<FactType, HookEvent>> = {
  'service.gaveUp': 'gave_up',
  'group.gaveUp': 'gave_up',
  'service.failed': 'failed',
  'service.unhealthy': 'unhealthy',
  'service.recovered': 'recovered',
  'service.ready': 'ready',
  'service.stopped': 'stopped',
  'service.completed': 'completed',
  'system.fault': 'fault',
  'system.mended': 'mended',
  'system.lockdown': 'lockdown',
}

const successCodesOf = (entry: Entry | undefined): readonly number[] =>
  (entry?.snapshot.context as unknown as ServiceContext | undefined)?.spec.successCodes ?? [0]

/** Facts about hooks are none, so no hook triggers another. */
export function eventOf(
  { type, about, time, data }: Fact,
  directory: Pick<Directory, 'lastRestart' | 'entry'>,
): HookEvent | null {
  const { exit, planned } = data as { readonly exit?: Exit; readonly planned?: boolean }
  if (type === 'service.exited') {
    // One that ended well has completed, or is started again by its policy.
    if (planned === true || exit === undefined || exit.kind === 'left') return null
    return isSuccess(exit, successCodesOf(directory.entry(about))) ? null : 'crashed'
  }
  if (type === 'service.spawned' || type === 'service.handedOver')
    return directory.lastRestart(about) === time ? 'restarted' : null
  return plain[type] ?? null
}

/** Is this hook told of that? What is about no service and no group is told whatever the hook names. */
export function isTold({ events, services, groups }: HookSpec, event: HookEvent, about: string): boolean {
  if (!events.includes(event)) return false
  const { kind, key } = parseAddress(about)
  if (kind === 'service') return services === null || services.includes(key)
  return kind !== 'group' || groups === null || groups.includes(key)
}

export interface PayloadParts {
  readonly directory: Pick<Directory, 'history'>
  readonly view: Pick<FleetView, 'service'>
}

/** How the last process of a service ended; undefined where it has one that runs, or never had one. */
function lastEnd({ directory }: PayloadParts, { about, seq }: Fact): Readonly<Record<string, unknown>> | undefined {
  const before = directory.history(about).filter((one) => one.seq <= seq)
  return before.findLast(({ type }) => type === 'service.exited' || type === 'service.spawned')?.data
}

/** What a hook is told. */
export function payloadOf(
  parts: PayloadParts,
  fact: Fact,
  { delivery, hook, event }: Pick<HookPayload, 'delivery' | 'hook' | 'event'>,
): HookPayload {
  const { about, because, by, time, seq, data } = fact
  const { kind, key } = parseAddress(about)
  const service = kind === 'service' ? key : null
  const status = service === null ? undefined : parts.view.service(service)
  const end = service === null ? undefined : lastEnd(parts, fact)
  const exit = end?.['exit'] as Exit | undefined
  const pid = data['pid'] ?? (exit === undefined ? status?.pid : end?.['pid'])
  const ran = exit === undefined ? undefined : end?.['uptime_ms']
  return {
    delivery,
    hook,
    event,
    service: service ?? (kind === 'group' ? addressOf('group', key) : null),
    reason: because,
    at: time,
    seq,
    by,
    pid: typeof pid === 'number' ? pid : null,
    exit_code: exit?.kind === 'exited' ? exit.code : null,
    signal: exit?.kind === 'signalled' ? exit.signal : null,
    restart_count: status?.restart_count ?? null,
    state: status?.state ?? null,
    uptime: typeof ran === 'number' ? Math.floor(ran / 1000) : (status?.uptime ?? null),
    hostname: hostname(),
    version,
  }
}
