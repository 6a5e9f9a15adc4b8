import { byFamily } from '../protocol/several.ts'
import type { Tree } from './tree.ts'

/** Names as a config uses them: of one service, or of a service with `instances`, which means all of them. */
export interface Families {
  /** The services that are meant by a name, in the order of the file; undefined when there is none. */
  membersOf(name: string): readonly string[] | undefined
  /** Everything that may be named. */
  names(): readonly string[]
  /** The names of services with `instances`. */
  isFamily(name: string): boolean
}

/** The families of a config. `services`: every name of the file, instances each on their own. */
export function familiesOf(tree: Pick<Tree, 'instance'>, services: readonly string[]): Families {
  const single = new Set(services)
  const families = byFamily(services.map((name) => ({ name, family: tree.instance(name)?.family ?? null })))
  return {
    membersOf: (name) => families.get(name) ?? (single.has(name) ? [name] : undefined),
    names: () => [...families.keys(), ...services],
    isFamily: (name) => families.has(name),
  }
}
