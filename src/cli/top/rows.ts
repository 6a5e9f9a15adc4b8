import type { GroupStatus } from '../../protocol/group.ts'
import { serviceStatuses, type ServiceStatus } from '../../protocol/service.ts'
import type { FleetStatus } from '../../protocol/status.ts'
import type { Model, Sort } from './model.ts'

/** The rows of the table: each group above its members, then the services of none. */

export type Row =
  | { readonly kind: 'group'; readonly key: string; readonly name: string; readonly status: GroupStatus }
  | {
      readonly kind: 'service'
      readonly key: string
      readonly name: string
      readonly status: ServiceStatus
      readonly depth: number
    }

type Named = readonly [name: string, status: ServiceStatus]

/** What needs somebody comes first. */
const urgency = ['failed', 'unhealthy', 'backing_off', 'stopping', 'starting', 'waiting', 'running'] as const
const rank = new Map<string, number>(
  [...urgency, ...serviceStatuses.filter((one) => !urgency.some((two) => one === two))].map((name, at) => [name, at]),
)
const rankOf = ({ status }: ServiceStatus): number => rank.get(status) ?? rank.size

const orders: Readonly<Record<Sort, (a: Named, b: Named) => number>> = {
  config: () => 0,
  name: ([a], [b]) => (a < b ? -1 : 1),
  status: ([, a], [, b]) => rankOf(a) - rankOf(b),
  cpu: ([, a], [, b]) => b.cpu_percent - a.cpu_percent,
  memory: ([, a], [, b]) => b.memory_mb - a.memory_mb,
  restarts: ([, a], [, b]) => b.restart_count - a.restart_count,
  uptime: ([, a], [, b]) => b.uptime - a.uptime,
}

export function rowsOf({ fleet, sort, filter }: Pick<Model, 'fleet' | 'sort' | 'filter'>): readonly Row[] {
  if (fleet === undefined) return []
  const wanted = filter.toLowerCase()
  const fits = (text: string): boolean => text.toLowerCase().includes(wanted)
  const fitting = ([name, { status }]: Named): boolean => fits(name) || fits(status)
  const grouped = new Set<string>()
  const rows: Row[] = []
  const add = (named: readonly Named[], depth: number): void => {
    for (const [name, status] of named.toSorted(orders[sort]))
      rows.push({ kind: 'service', key: `service.${name}`, name, status, depth })
  }
  for (const [name, status] of Object.entries(fleet.groups)) {
    const members = status.members.flatMap((member): Named[] => {
      const service = fleet.services[member]
      if (service === undefined || grouped.has(member)) return []
      grouped.add(member)
      return [[member, service]]
    })
    const shown = fits(name) ? members : members.filter(fitting)
    if (shown.length === 0) continue
    rows.push({ kind: 'group', key: `group.${name}`, name, status })
    add(shown, 1)
  }
  add(
    Object.entries(fleet.services).filter((named) => !grouped.has(named[0]) && fitting(named)),
    0,
  )
  return rows
}

/** Where the selected row is; the first one where it is not there. */
export const selectedAt = (rows: readonly Row[], selected: string | undefined): number =>
  Math.max(
    0,
    rows.findIndex(({ key }) => key === selected),
  )

/** The first row in sight, so that one of them is. */
export function windowAt(top: number, index: number, height: number, count: number): number {
  const nearest = Math.min(Math.max(top, index - height + 1), index)
  return Math.max(0, Math.min(nearest, count - height))
}

/** Services that need one of these, directly or through others, and that are wanted to run. */
export function dependantsOf({ services, groups }: FleetStatus, names: readonly string[]): string[] {
  const found = new Set(names.flatMap((name) => groups[name]?.members ?? [name]))
  const meant = found.size
  for (let before = -1; before !== found.size;) {
    before = found.size
    for (const [name, { depends_on: needs }] of Object.entries(services))
      if (needs.some((need) => found.has(need))) found.add(name)
  }
  return [...found].slice(meant).filter((name) => services[name]?.desired === 'run' && services[name].phase !== 'reaped')
}
