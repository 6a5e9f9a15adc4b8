import type { Directory } from './directory.ts'
import type { GroupContext } from './machines/group-parts.ts'
import type { PoolName } from './machines/orchestrator.ts'
import type { ServiceContext } from './machines/service.ts'
import type { GroupRecord, GroupSpec } from './protocol/group.ts'
import { addressOf, type Address } from './protocol/ids.ts'
import { changedFields } from './protocol/record.ts'
import type { GroupChange } from './protocol/reload.ts'
import type { FleetView } from './protocol/view.ts'

/** The groups of the config: their actors, made at boot and changed when the config is read again. */

export interface GroupsParts {
  readonly directory: Pick<Directory, 'entry' | 'refOf'>
  deliver(to: Address, event: { readonly type: string }): boolean
  spawn(pool: PoolName, address: Address, input: unknown): void
  /** This boot of the machine; monotonic times of another mean nothing. */
  readonly boot: string
}

export type Groups = ReturnType<typeof createGroups>

export function createGroups(initial: readonly GroupSpec[], { directory, deliver, spawn, boot }: GroupsParts) {
  let wanted = initial
  let deciders = decidersOf(initial)
  /** In no group any more. */
  let left = new Set<string>()
  const contextOf = (name: string): GroupContext | undefined =>
    directory.entry(addressOf('group', name))?.snapshot.context as unknown as GroupContext | undefined

  const compare = (next: readonly GroupSpec[]): GroupChange[] => {
    const before = new Map(wanted.map((spec) => [spec.name, spec]))
    const after = new Set(next.map(({ name }) => name))
    const there = next.flatMap((spec): GroupChange[] => {
      const known = before.get(spec.name)
      if (known === undefined) return [{ group: spec.name, change: 'added', fields: [] }]
      const fields = changedFields(known, spec)
      return fields.length === 0 ? [] : [{ group: spec.name, change: 'changed', fields }]
    })
    const gone = wanted.filter(({ name }) => !after.has(name))
    return [...there, ...gone.map(({ name }): GroupChange => ({ group: name, change: 'removed', fields: [] }))]
  }
  const create = (spec: GroupSpec, record?: GroupRecord): void => {
    const restored = record?.boot === boot ? record : undefined
    spawn('groups', addressOf('group', spec.name), { spec, restored })
  }

  return {
    /** The group that decides the restarts of a service; null: it decides alone. */
    deciding: (service: string): string | null => deciders.get(service) ?? null,
    /** Makes the actors. `records`: what an earlier run wrote down. */
    begin(records: ReadonlyMap<string, GroupRecord>): void {
      for (const spec of wanted) create(spec, records.get(spec.name))
    },
    /** What going over to these would change. Tells nobody. */
    changes: compare,
    /** From now on services that are made belong to these; `follow` tells the others. */
    announce(next: readonly GroupSpec[]): readonly GroupChange[] {
      const changes = compare(next)
      left = new Set(wanted.flatMap(({ services }) => services))
      for (const { services } of next) for (const service of services) left.delete(service)
      wanted = next
      deciders = decidersOf(next)
      return changes
    },
    /** Tells the groups, and then the services that there are, how it is now. */
    follow(changes: readonly GroupChange[], services: readonly string[]): void {
      const specs = new Map(wanted.map((spec) => [spec.name, spec]))
      for (const { group, change } of changes) {
        const spec = specs.get(group)
        if (spec === undefined) deliver(addressOf('group', group), { type: 'REMOVE' })
        else if (change === 'added') create(spec)
        else deliver(addressOf('group', group), { type: 'CONFIGURE', spec } as { type: string })
      }
      for (const service of services) {
        const group = deciders.get(service) ?? null
        const address = addressOf('service', service)
        const context = directory.entry(address)?.snapshot.context as unknown as ServiceContext | undefined
        // Also one that its group did not decide for may be held by it: a RESTART of the group does.
        if (context !== undefined && (context.group !== group || left.has(service)))
          deliver(address, { type: 'GROUP', group } as { type: string })
      }
    },
    statuses: (): ReturnType<FleetView['groups']> =>
      wanted.flatMap(({ name, strategy, services }) => {
        const entry = directory.entry(addressOf('group', name))
        if (entry === undefined) return []
        const context = contextOf(name)
        return [
          {
            name,
            strategy,
            state: entry.state,
            phase: entry.phase,
            members: [...services],
            restart_count: context?.restartCount ?? 0,
            reason: context?.because ?? null,
          },
        ]
      }),
  }
}

/** By service; with one_for_one each of them decides alone. */
const decidersOf = (specs: readonly GroupSpec[]): ReadonlyMap<string, string> =>
  new Map(
    specs
      .filter(({ strategy }) => strategy !== 'one_for_one')
      .flatMap(({ name, services }) => services.map((service) => [service, name] as const)),
  )
