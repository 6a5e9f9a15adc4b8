import * as z from 'zod'
import { HyphaeError } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { nearest } from '../protocol/nearest.ts'
import type { FleetView } from '../protocol/view.ts'

/** Names of services, of a service with instances (all of them), or of a group (its members). */
export const someServices = z
  .array(z.string().min(1))
  .min(1)
  .max(limits.services)
  .describe('names of services, or of groups of them')

/**
 * The services that a name means: the one that is called so, else the instances of a service that is there several times, else
 * the members of a group; in the order of the config. Undefined when there is none.
 */
export function membersOf(view: FleetView, name: string): readonly string[] | undefined {
  if (view.service(name) !== undefined) return [name]
  const members = view.serviceNames().filter((one) => view.serviceDetail(one)?.spec.family === name)
  return members.length === 0 ? view.groups().find((group) => group.name === name)?.members : members
}

/** There must be one of this name; otherwise the error names the nearest that is there. */
function known(view: FleetView, name: string): readonly string[] {
  const members = membersOf(view, name)
  if (members !== undefined) return members
  const names = view.serviceNames()
  const families = names.map((one) => view.serviceDetail(one)?.spec.family ?? one)
  const groups = view.groups().map((group) => group.name)
  const near = nearest(name, new Set([...families, ...names, ...groups]))
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
  const shown = members.slice(0, limits.namedMembers).join(', ') + (members.length > limits.namedMembers ? ', …' : '')
  throw new HyphaeError('invalid_params', `service: "${name}" is ${shown}, and this is for one service; name one of them`, {
    field: 'service',
    got: name,
    members: [...members],
  })
}

/** All services that are meant by these names, each once. */
export const knownServices = (view: FleetView, names: readonly string[]): readonly string[] => [
  ...new Set(names.flatMap((name) => known(view, name))),
]
