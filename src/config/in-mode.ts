import { modeVariable } from '../protocol/mode.ts'
import type { ServiceSpec } from '../protocol/service.ts'
import { defaultServiceIn, type ModeGround } from './check-modes.ts'
import type { Modes } from './modes.ts'
import { textList, texts } from './probes.ts'
import type { Path } from './report.ts'
import type { Tree } from './tree.ts'

/** What the mode in force changes of services: their arguments, and variables of their own. */

export interface ModeChanges {
  changed(spec: ServiceSpec): ServiceSpec
}

/** The config must have been checked. */
export function modeChanges(modes: Modes, ground: ModeGround & { readonly tree: Tree }): ModeChanges {
  const { inForce, written } = modes
  if (inForce === null) return { changed: (spec) => spec }
  const mode = written.modes.get(inForce) ?? {}
  const path: Path = [...(written.at ?? []), inForce]
  const { families, tree } = ground
  const membersOf = (name: string): readonly string[] => families.membersOf(name) ?? []
  const args = new Map<string, readonly string[]>()
  const env = new Map<string, Readonly<Record<string, string>>>()
  if (Array.isArray(mode.args)) {
    const found = defaultServiceIn(inForce, modes, ground)
    if ('service' in found) args.set(found.service, textList(mode.args, [...path, 'args'], tree))
  }
  for (const [name, own] of ofServices(mode.args)) {
    for (const member of membersOf(name)) args.set(member, textList(own, [...path, 'args', name], tree))
  }
  for (const [name, own] of ofServices(mode.services)) {
    const at: Path = [...path, 'services', name]
    for (const member of membersOf(name)) {
      if (own?.args !== undefined) args.set(member, textList(own.args, [...at, 'args'], tree))
      env.set(member, texts(own?.env, [...at, 'env'], tree))
    }
  }
  const common = texts(mode.env, [...path, 'env'], tree)
  const readers = readersOf(ground)
  return {
    changed: (spec) => ({
      ...spec,
      args: args.get(spec.name) ?? spec.args,
      env: {
        ...(readers.has(spec.name) ? { [modeVariable]: inForce } : {}),
        ...spec.env,
        ...common,
        ...env.get(spec.name),
      },
    }),
  }
}

const ofServices = <T>(written: Readonly<Record<string, T>> | readonly unknown[] | undefined): Array<[string, T]> =>
  written === undefined || Array.isArray(written) ? [] : Object.entries(written as Readonly<Record<string, T>>)

/** MagicTunnel's users have no other to be read by. */
const usualReader = 'magictunnel'

/**
 * The service that goes by the mode's variable, so that another mode is a change of it; all others have it in what they inherit,
 * which restarts nobody.
 */
function readersOf({ families, names, tree }: ModeGround): ReadonlySet<string> {
  const said = tree.at(['supervisor', 'default_service'])
  if (typeof said === 'string') return new Set(families.membersOf(said))
  const known = families.membersOf(usualReader)
  if (known !== undefined) return new Set(known)
  const owners = new Set(names.map((name) => tree.instance(name)?.family ?? name))
  return new Set(owners.size === 1 ? names : [])
}
