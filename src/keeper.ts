import { createHash } from 'node:crypto'
import type * as z from 'zod'
import type { Directory, Entry } from './directory.ts'
import type { ServiceContext } from './machines/service.ts'
import type { LockdownInput } from './machines/lockdown.ts'
import type { GroupContext } from './machines/group-parts.ts'
import { groupRecord, type GroupRecord } from './protocol/group.ts'
import { modeRecord, type ModeRecord } from './protocol/mode.ts'
import type { Journal, JournalRecord } from './protocol/journal.ts'
import { fleetRecord, recordFormat, serviceRecord, type FleetRecord, type ServiceRecord } from './protocol/record.ts'
import { lockdownRecord, type Lockdown } from './protocol/lockdown.ts'
import { parseAddress } from './protocol/ids.ts'
import type { ServiceSpec } from './protocol/service.ts'

/** Keeps the journal's records in step with the service actors: what was asked of each, and where its process is. */

export interface KeeperParts {
  readonly directory: Directory
  readonly journal: Journal
  /** Names this boot of the machine. */
  readonly boot: string
  /** The groups that the journal has a record of. */
  readonly groups: Iterable<string>
}

export interface Keeper {
  /** From now on what is written follows the actors; before, they are still finding out how things stand. */
  begin(): void
  /** The fleet as a whole. */
  fleet(status: FleetRecord['status']): void
  /** From now on nothing that services do changes what is written: they are let go of, not stopped. */
  freeze(): void
  forget(service: string): void
}

export function createKeeper({ directory, journal, boot, groups }: KeeperParts): Keeper {
  const written = new Map<string, string>()
  let frozen = true

  const keep = (entry: Entry): void => {
    const record = recordOf(entry, boot)
    if (record === null) return
    const text = JSON.stringify(record)
    if (written.get(record.service) === text) return
    written.set(record.service, text)
    journal.put({ kind: 'service', key: record.service, value: record })
  }
  const keepGroup = ({ snapshot }: Entry): void => {
    const { spec, outcome, because, restartCount, history } = snapshot.context as unknown as GroupContext
    const { name: group } = spec
    const counted = { restarts: [...history.restarts], streak: history.streak }
    const record: GroupRecord = { format: 1, group, outcome, because, restartCount, history: counted, boot }
    const text = JSON.stringify(record)
    const name = `group ${group}`
    // Of one that has never done anything there is nothing to know.
    if (written.get(name) === text || (!written.has(name) && because === null)) return
    written.set(name, text)
    journal.put({ kind: 'group', key: group, value: record })
  }
  const keepLockdown = ({ snapshot }: Entry): void => {
    const { lockdown: now } = snapshot.context as unknown as LockdownInput
    const text = now === null ? undefined : JSON.stringify(now)
    // No service can have this name.
    const name = 'lockdown of the fleet'
    if (written.get(name) === text) return
    if (now === null) journal.remove('lockdown', 'fleet')
    else journal.put({ kind: 'lockdown', key: 'fleet', value: { format: 1, ...now } satisfies z.infer<typeof lockdownRecord> })
    if (text === undefined) written.delete(name)
    else written.set(name, text)
  }
  const forget = (service: string): void => {
    written.delete(service)
    journal.remove('service', service)
  }

  directory.watch((changes) => {
    if (frozen) return
    for (const change of changes) {
      if (change.type === 'fact') continue
      const { kind, key } = parseAddress(change.address)
      const entry = directory.entry(change.address)
      if (kind === 'group') {
        if (entry !== undefined) keepGroup(entry)
        else if (written.delete(`group ${key}`)) journal.remove('group', key)
      }
      if (kind === 'lockdown' && entry !== undefined) keepLockdown(entry)
      if (kind !== 'service') continue
      if (entry !== undefined) keep(entry)
      else if (directory.actor(change.address)?.state === 'removed') forget(key)
    }
  })

  return {
    begin() {
      frozen = false
      for (const address of directory.addresses()) {
        const { kind } = parseAddress(address)
        const entry = directory.entry(address)
        if (entry === undefined) continue
        if (kind === 'service') keep(entry)
        if (kind === 'group') keepGroup(entry)
        if (kind === 'lockdown') keepLockdown(entry)
      }
      // What an earlier run knew of a group that is gone, or begins anew, must not come back with a later one.
      for (const group of groups) if (!written.has(`group ${group}`)) journal.remove('group', group)
    },
    fleet(status) {
      journal.put({ kind: 'fleet', key: 'fleet', value: { format: recordFormat, status, boot } satisfies FleetRecord })
    },
    freeze() {
      frozen = true
    },
    forget,
  }
}

/** null: nobody has asked anything of it yet, so there is nothing that the config does not say. */
function recordOf({ snapshot, state }: Entry, boot: string): ServiceRecord | null {
  const context = snapshot.context as unknown as ServiceContext
  const { spec, next, desired, generation, readyGeneration, by, request, because, restartCount, history, overrides } = context
  if (generation === 0 && by === null) return null
  const { leader, beside } = context
  // One that is being spawned may run, and end, before we hear of it: an exit of this name is not one that was reported.
  const unheard = leader === null && /^live\b/.test(state)
  const incarnation = unheard || context.incarnation === '' ? null : context.incarnation
  return {
    format: recordFormat,
    service: spec.name,
    desired,
    generation,
    readyGeneration,
    spec: sealSpec(next ?? spec),
    by,
    request,
    because,
    outcome: outcomeOf(state, context),
    restartCount,
    history: { restarts: [...history.restarts], streak: history.streak },
    incarnation,
    leader,
    readyAt: context.readyAt,
    logOffset: context.logOffset,
    beside:
      beside === null || beside.leader === null
        ? null
        : {
            incarnation: beside.incarnation,
            leader: beside.leader,
            logOffset: beside.logOffset ?? beside.adopt?.logOffset ?? null,
            told: beside.role === 'previous',
          },
    overrides: overrides === null ? null : { args: overrides.args?.slice(), env: { ...overrides.env } },
    boot,
  }
}

/** A service that has not been started yet is stopped too, but did not come to rest by itself. */
function outcomeOf(state: string, { desired, decision, outcome }: ServiceContext): ServiceRecord['outcome'] {
  if (state === 'completed' || state === 'failed') return state
  const byItself = decision === null ? outcome === 'stopped' : decision.kind === 'stopped'
  return state === 'stopped' && desired === 'run' && byItself ? 'stopped' : null
}

/** Values of an environment may be secrets: a record can tell whether they changed, not what they are. */
export function sealSpec(spec: ServiceSpec): ServiceRecord['spec'] {
  const known = sealed.get(spec)
  if (known !== undefined) return known
  const env = Object.fromEntries(Object.entries(spec.env).map(([name, value]) => [name, digest(`${name}=${value}`)]))
  const fresh = { ...spec, env }
  sealed.set(spec, fresh)
  return fresh
}
/** A spec is written with every change of its service, and never changes itself. */
const sealed = new WeakMap<ServiceSpec, ServiceRecord['spec']>()

const digest = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 32)}`

/** What can be understood of a journal's records; what can't is as if it were not there. */
export function readRecords(records: readonly JournalRecord[]): {
  readonly fleet: FleetRecord | null
  readonly services: ReadonlyMap<string, ServiceRecord>
  readonly groups: ReadonlyMap<string, GroupRecord>
  readonly lockdown: Lockdown | null
  readonly mode: ModeRecord | null
} {
  const services = new Map<string, ServiceRecord>()
  const groups = new Map<string, GroupRecord>()
  let fleet: FleetRecord | null = null
  let locked: Lockdown | null = null
  let mode: ModeRecord | null = null
  for (const { kind, value } of records) {
    const kept = kind === 'lockdown' ? lockdownRecord.safeParse(value).data : undefined
    if (kept !== undefined) locked = { since: kept.since, by: kept.by, reason: kept.reason }
    if (kind === 'fleet') fleet = fleetRecord.safeParse(value).data ?? null
    if (kind === 'mode') mode = modeRecord.safeParse(value).data ?? null
    const group = kind === 'group' ? groupRecord.safeParse(value).data : undefined
    if (group !== undefined) groups.set(group.group, group)
    if (kind !== 'service') continue
    const record = serviceRecord.safeParse(value).data
    if (record !== undefined) services.set(record.service, record)
  }
  return { fleet, services, groups, mode, lockdown: locked }
}
