import { formatDuration } from '../protocol/duration.ts'
import type { GroupSpec } from '../protocol/group.ts'
import { isServiceName, serviceNameRule } from '../protocol/ids.ts'
import { limits } from '../protocol/limits.ts'
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

/** `hyphae restart all` would never mean a group of that name. */
const everyService = 'all'

function checkName(group: string, families: Families, path: Path, checker: Checker): void {
  if (!isServiceName(group)) checker.error(path, { message: `is no name for a group: ${serviceNameRule}` }, 'key')
  else if (group === everyService) {
    checker.error(path, { message: `"${group}" means every service; a group needs a name of its own` }, 'key')
  } else if (families.membersOf(group) !== undefined) {
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
  let told = 0
  const places = new Map(members.flatMap((meant, index) => meant.map((service) => [service, index] as const)))
  const needs = (service: string): string[] =>
    dependenciesOf(dependencies.get(service), families).map((dependency) => dependency.service)
  const furthest = furthestNeeded([...places.keys()], needs, (service) => places.get(service) ?? -1)
  for (const [index, meant] of members.entries()) {
    for (const service of meant) {
      if ((furthest.get(service) ?? -1) <= index) continue
      const way = wayTo(service, needs, (other) => (places.get(other) ?? -1) > index)
      const last = way.at(-1) ?? ''
      const over = way.length > 2 ? ` (${way.join(' -> ')})` : ''
      const message = `"${service}" depends on "${last}"${over}, which stands behind it: neither could be started again; list "${last}" first`
      checker.error([...path, 'services', index], { message })
      // Who depends on it would be told the same.
      if (++told >= limits.configProblems) return
    }
  }
}

/**
 * Of each service and all that it needs, the last place in the list of anything that it needs. In one pass, without recursion:
 * chains are as long as there are services. What needs itself in the end is told elsewhere.
 */
function furthestNeeded(
  services: readonly string[],
  needs: (service: string) => readonly string[],
  placeOf: (service: string) => number,
): ReadonlyMap<string, number> {
  const furthest = new Map<string, number>()
  const opened = new Map<string, readonly string[]>()
  const stack = [...services]
  for (let service = stack.at(-1); service !== undefined; service = stack.at(-1)) {
    const known = opened.get(service)
    if (known === undefined) {
      const direct = needs(service)
      opened.set(service, direct)
      for (const other of direct) if (!opened.has(other)) stack.push(other)
      continue
    }
    stack.pop()
    if (furthest.has(service)) continue
    furthest.set(
      service,
      known.reduce((last, other) => Math.max(last, placeOf(other), furthest.get(other) ?? -1), -1),
    )
  }
  return furthest
}

/** The shortest way from a service along depends_on to one that is looked for. */
function wayTo(from: string, needs: (service: string) => readonly string[], isWanted: (service: string) => boolean): string[] {
  const cameFrom = new Map<string, string | null>([[from, null]])
  for (const service of cameFrom.keys()) {
    for (const other of needs(service)) {
      if (cameFrom.has(other)) continue
      cameFrom.set(other, service)
      if (!isWanted(other)) continue
      const way: string[] = []
      for (let one: string | null = other; one !== null; one = cameFrom.get(one) ?? null) way.unshift(one)
      return way
    }
  }
  return [from]
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

/** In full, with each instance of a service, and without services that the mode in force leaves out, nor a group of such alone. It must have been checked. */
export const resolveGroups = (
  supervisor: WrittenSupervisor,
  families: Families,
  present: ReadonlyMap<string, unknown>,
): GroupSpec[] =>
  Object.entries(supervisor.groups).flatMap(([name, { strategy, services, max_restarts, window, restart: own }]) => {
    const members = services.flatMap((said) => families.membersOf(said) ?? []).filter((service) => present.has(service))
    if (members.length === 0) return []
    const restart = overlay(supervisor.restart, own)
    const maxRestarts = max_restarts ?? restart.max_restarts
    return {
      name,
      strategy,
      services: members,
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
