import * as z from 'zod'
import { HyphaeError } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { listed } from '../protocol/listed.ts'
import { didYouMean, nearest } from '../protocol/nearest.ts'
import { namesOfSeveral, type Several } from '../protocol/several.ts'
import type { FleetView } from '../protocol/view.ts'

/** Names of services, of a service with instances (all of them), or of a group (its members). */
export const someServices = z
  .array(z.string().min(1))
  .min(1)
  .max(limits.services)
  .meta({ description: 'names of services, or of groups of them', examples: [['web']] })

export const oneService = z
  .string()
  .min(1)
  .meta({ description: 'name of the service', examples: ['web'] })

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
    several ??= new Map(
      severalOf(view)
        .toReversed()
        .map(({ name: one, services }) => [one, services]),
    )
    return several.get(name)
  }
}

/** The services that one name means. */
export const membersOf = (view: FleetView, name: string): readonly string[] | undefined => namesIn(view)(name)

/** The names that mean several services. */
export const severalOf = (view: FleetView): Several[] =>
  namesOfSeveral(
    view.serviceNames().map((name) => ({ name, family: view.serviceDetail(name)?.spec.family ?? null })),
    view.groups(),
  )

/** Of one that stands in the config and is not part of the fleet now, the name is right. */
function tellLeftOut(view: FleetView, name: string): void {
  const modes = view.leftOut(name)
  if (modes === undefined) return
  const { mode } = view.supervisor()
  const runs = `it runs in the mode${modes.length === 1 ? '' : 's'} ${modes.join(', ')}`
  const now = mode === null ? 'there is no mode' : `the mode is ${mode}`
  throw new HyphaeError('not_found', `"${name}" is left out: ${runs}, and ${now}`, {
    field: 'service',
    got: name,
    modes: [...modes],
  })
}

/** There must be one of this name; otherwise the error names the nearest that is there. */
function known(view: FleetView, name: string, meant: MembersOf = namesIn(view)): readonly string[] {
  const members = meant(name)
  if (members !== undefined) return members
  tellLeftOut(view, name)
  const names = view.serviceNames()
  const near = nearest(name, new Set([...severalOf(view).map((several) => several.name), ...names]))
  throw new HyphaeError('not_found', `there is no service "${name}"${didYouMean(near)}`, {
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
  const meant = namesIn(view)
  return [...new Set(names.flatMap((name) => known(view, name, meant)))]
}
