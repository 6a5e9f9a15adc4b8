import * as z from 'zod'
import { HyphaeError } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { listed } from '../protocol/listed.ts'
import { nearest } from '../protocol/nearest.ts'
import type { FleetView } from '../protocol/view.ts'

/** Names of services, of a service with instances (all of them), or of a group (its members). */
export const someServices = z
  .array(z.string().min(1))
  .min(1)
  .max(limits.services)
  .describe('names of services, or of groups of them')

type MembersOf = (name: string) => readonly string[] | undefined

/**
 * The services that a name means: the one that is called so, else the instances of a service that is there several times, else
 * the members of a group; in the order of the config. Undefined when there is none. All services are looked through at most
 * once, however many names are asked for.
 */
function namesIn(view: FleetView): MembersOf {
  let several: ReadonlyMap<string, readonly string[]> | undefined
  return (name) => {
    if (view.service(name) !== undefined) return [name]
    several ??= severalIn(view)
    return several.get(name)
  }
}

/** By name: the members of each group, and the instances of each service that has them. */
function severalIn(view: FleetView): ReadonlyMap<string, readonly string[]> {
  const families = new Map<string, string[]>()
  for (const name of view.serviceNames()) {
    const family = view.serviceDetail(name)?.spec.family ?? null
    if (family === null) continue
    const members = families.get(family)
    if (members === undefined) families.set(family, [name])
    else members.push(name)
  }
  return new Map([...view.groups().map(({ name, members }) => [name, members] as const), ...families])
}

/** There must be one of this name; otherwise the error names the nearest that is there. */
function known(view: FleetView, name: string, membersOf: MembersOf = namesIn(view)): readonly string[] {
  const members = membersOf(name)
  if (members !== undefined) return members
  const near = nearest(name, new Set([...view.serviceNames(), ...severalIn(view).keys()]))
  const hint = near === undefined ? '' : `; did you mean "${near}"?`
  throw new HyphaeError('not_found', `there is no service "${name}"${hint}`, {
    field: 'service',
    got: name,
    nearest: near ?? null,
  })
}

/** The one service of this name; several are an error that names them. */
export function knownService(view: FleetView, name: string): string {
  const members = known(view, name)
  const [first = name] = members
  if (view.service(name) !== undefined) return first
  const shown = listed(members, limits.namedMembers)
  throw new HyphaeError('invalid_params', `service: "${name}" is ${shown}, and this is for one service; name one of them`, {
    field: 'service',
    got: name,
    members: [...members],
  })
}

/** All services that are meant by these names, each once. */
export function knownServices(view: FleetView, names: readonly string[]): readonly string[] {
  const membersOf = namesIn(view)
  return [...new Set(names.flatMap((name) => known(view, name, membersOf)))]
}
