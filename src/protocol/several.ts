import * as z from 'zod'

/** Names that mean several services. */

export const several = z.object({ name: z.string(), of: z.enum(['instances', 'group']), services: z.array(z.string()) })
export type Several = z.infer<typeof several>

/** The instances of each service that has them, in the order in which they are given. */
export function byFamily(
  services: Iterable<{ readonly name: string; readonly family: string | null }>,
): ReadonlyMap<string, readonly string[]> {
  const families = new Map<string, string[]>()
  for (const { name, family } of services) {
    if (family === null) continue
    const members = families.get(family)
    if (members === undefined) families.set(family, [name])
    else members.push(name)
  }
  return families
}

/** The names of services with instances, and of groups, each with whom it means; in the order of the config. */
export function namesOfSeveral(
  services: ReadonlyArray<{ readonly name: string; readonly family: string | null }>,
  groups: ReadonlyArray<{ readonly name: string; readonly members: readonly string[] }>,
): Several[] {
  return [
    ...Array.from(byFamily(services), ([name, members]): Several => ({ name, of: 'instances', services: [...members] })),
    ...groups.map(({ name, members }): Several => ({ name, of: 'group', services: [...members] })),
  ]
}
