import { formatDuration } from '../protocol/duration.ts'
import type { GroupSpec } from '../protocol/group.ts'
import { isServiceName, serviceNameRule } from '../protocol/ids.ts'
import { nearest } from '../protocol/nearest.ts'
import type { Checker } from './checker.ts'
import type { Families } from './families.ts'
import { overlay } from './overlay.ts'
import type { Path } from './report.ts'
import { dependenciesOf } from './resolve.ts'
import type { WrittenSupervisor } from './schema.ts'
import type { WrittenService } from './service-schema.ts'

/** Groups of services: what is wrong with them, and what they are in full. */

type Dependencies = ReadonlyMap<string, WrittenService['depends_on']>

/** `families` and `dependencies` are of every service of the file, also of those with errors of their own. */
export function checkGroups(
  supervisor: WrittenSupervisor,
  families: Families,
  dependencies: Dependencies,
  checker: Checker,
): void {
  const owners = new Map<string, string>()
  for (const [group, written] of Object.entries(supervisor.groups)) {
    const path: Path = ['supervisor', 'groups', group]
    checkName(group, families, path, checker)
    const members: string[][] = []
    for (const [index, said] of written.services.entries()) {
      const at: Path = [...path, 'services', index]
      const meant = families.membersOf(said) ?? []
      if (meant.length === 0) {
        const message = `there is no service ${JSON.stringify(said)}`
        checker.error(at, { message, suggestion: nearest(said, families.names()) })
      }
      for (const service of meant) checkOwner(service, group, owners, at, checker)
      members.push([...meant])
    }
    checkOrder(members, families, dependencies, path, checker)
    checkSpacing(written, supervisor, path, checker)
  }
}

function checkOwner(service: string, group: string, owners: Map<string, string>, at: Path, checker: Checker): void {
  const owner = owners.get(service)
  if (owner === group) checker.error(at, { message: `"${service}" is named twice` })
  else if (owner === undefined) owners.set(service, group)
  else {
    const message = `"${service}" is in the group "${owner}" already; a service is in one group at most`
    checker.error(at, { message })
  }
}

function checkName(group: string, families: Families, path: Path, checker: Checker): void {
  if (!isServiceName(group)) checker.error(path, { message: `is no name for a group: ${serviceNameRule}` }, 'key')
  else if (families.membersOf(group) !== undefined) {
    const message = `there is a service "${group}" too; a group needs a name of its own`
    checker.error(path, { message }, 'key')
  }
}

/**
 * A member that needs one behind it would wait for it, and that one for its turn. `members`: by place in the list, the services
 * that it means.
 */
function checkOrder(
  members: ReadonlyArray<readonly string[]>,
  families: Families,
  dependencies: Dependencies,
  path: Path,
  checker: Checker,
): void {
  for (const [index, meant] of members.entries()) {
    const behind = new Set(members.slice(index + 1).flat())
    for (const service of meant) {
      const way = wayTo(service, behind, families, dependencies)
      if (way === null) continue
      const last = way.at(-1) ?? ''
      const over = way.length > 2 ? ` (${way.join(' -> ')})` : ''
      const message = `"${service}" depends on "${last}"${over}, which stands behind it: neither could be started again; list "${last}" first`
      checker.error([...path, 'services', index], { message })
    }
  }
}

/** The shortest way from a service along depends_on to one of these; null: there is none. */
function wayTo(
  from: string,
  targets: ReadonlySet<string>,
  families: Families,
  dependencies: Dependencies,
): readonly string[] | null {
  const seen = new Set([from])
  const ways: Array<readonly string[]> = [[from]]
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const { service } of dependenciesOf(dependencies.get(way.at(-1) ?? ''), families)) {
      if (seen.has(service)) continue
      seen.add(service)
      const longer = [...way, service]
      if (targets.has(service)) return longer
      ways.push(longer)
    }
  }
  return null
}

type Written = WrittenSupervisor['groups'][string]

function checkSpacing(
  { strategy, max_restarts, window, restart }: Written,
  supervisor: WrittenSupervisor,
  path: Path,
  checker: Checker,
): void {
  const given = { max_restarts, window, restart }
  if (strategy === 'one_for_one') {
    for (const [field, value] of Object.entries(given)) {
      if (value === undefined || value === null) continue
      const message = 'has no effect with one_for_one, where each service counts its own restarts: say it there'
      checker.warn([...path, field], { message }, 'key')
    }
    return
  }
  const { delay, max_delay: most } = overlay(supervisor.restart, restart)
  if (most >= delay || restart === undefined) return
  const blamed = restart.max_delay === undefined ? 'delay' : 'max_delay'
  const message = `max_delay (${formatDuration(most)}) is below delay (${formatDuration(delay)})`
  checker.error([...path, 'restart', blamed], { message })
}

/** In full, with each instance of a service, and without services that the mode in force leaves out. It must have been checked. */
export const resolveGroups = (
  supervisor: WrittenSupervisor,
  families: Families,
  present: ReadonlyMap<string, unknown>,
): GroupSpec[] =>
  Object.entries(supervisor.groups).map(([name, { strategy, services, max_restarts, window, restart: own }]) => {
    const restart = overlay(supervisor.restart, own)
    const maxRestarts = max_restarts ?? restart.max_restarts
    return {
      name,
      strategy,
      services: services.flatMap((said) => families.membersOf(said) ?? []).filter((service) => present.has(service)),
      restart: {
        delay: restart.delay,
        maxDelay: restart.max_delay,
        factor: restart.backoff,
        jitter: restart.jitter,
        maxRestarts: maxRestarts === 'unlimited' ? null : maxRestarts,
        window: window ?? restart.window,
        stableUptime: restart.stable_uptime,
      },
    }
  })
