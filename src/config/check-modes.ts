import { isServiceName, serviceNameRule } from '../protocol/ids.ts'
import { nearest } from '../protocol/nearest.ts'
import type { Checker } from './checker.ts'
import type { Families } from './families.ts'
import type { WrittenMode } from './mode-schema.ts'
import { namesOf, type Modes } from './modes.ts'
import type { Path } from './report.ts'
import type { WrittenService } from './service-schema.ts'
import type { Tree } from './tree.ts'

/** What a schema can't say about modes: the services that they name, and their arguments. */

export interface ModeGround {
  readonly families: Families
  /** Every service of the file. */
  readonly names: readonly string[]
  readonly tree: Pick<Tree, 'instance' | 'at'>
}

/** `services`: those that are sound. */
export function checkModes(
  modes: Modes,
  services: ReadonlyMap<string, Pick<WrittenService, 'modes'>>,
  ground: ModeGround,
  checker: Checker,
): void {
  const { at, modes: written } = modes.written
  if (at === null) return
  if (at.length > 1 && checker.tree.at(['modes']) !== undefined) {
    checker.error(['modes'], { message: '`modes` stands here and in `supervisor`; keep one of them' }, 'key')
  }
  for (const [name, mode] of written) {
    const path: Path = [...at, name]
    if (!isServiceName(name)) checker.error(path, { message: `is no name for a mode: ${serviceNameRule}` }, 'key')
    checkServices(mode, [...path, 'services'], ground, checker)
    checkArgs(name, mode, path, modes, ground, checker)
    for (const [index, feature] of mode.hidden_features?.entries() ?? []) {
      if (mode.features?.includes(feature) !== true) continue
      checker.error([...path, 'hidden_features', index], { message: `"${feature}" is among its features too` })
    }
  }
  // A mode that services name and `modes` does not describe is one all the same; a slip is likelier where one is near.
  for (const [service, { modes: own }] of services) {
    for (const [index, mode] of own?.entries() ?? []) {
      const suggestion = written.has(mode) ? undefined : nearest(mode, written.keys())
      if (suggestion === undefined) continue
      const message = `\`modes\` describes no mode ${JSON.stringify(mode)}`
      checker.warn(['supervisor', 'services', service, 'modes', index], { message, suggestion })
    }
  }
}

function checkServices({ services }: WrittenMode, path: Path, ground: ModeGround, checker: Checker): void {
  const isList = Array.isArray(services)
  const seen = new Set<string>()
  for (const [index, name] of namesOf(services).entries()) {
    const at: Path = [...path, isList ? index : name]
    const part = isList ? 'value' : 'key'
    if (seen.has(name)) checker.error(at, { message: `"${name}" is named twice` }, part)
    seen.add(name)
    checkName(name, at, part, ground, checker)
  }
}

/** Instances of one service run in the same modes, with the same arguments. */
function checkName(name: string, at: Path, part: 'key' | 'value', { families, tree }: ModeGround, checker: Checker): boolean {
  const family = families.isFamily(name) ? undefined : tree.instance(name)?.family
  if (family !== undefined) {
    const message = `"${name}" is an instance of "${family}", and all of them are meant`
    checker.error(at, { message, suggestion: family }, part)
    return false
  }
  if (families.membersOf(name) !== undefined) return true
  const message = `there is no service ${JSON.stringify(name)}`
  checker.error(at, { message, suggestion: nearest(name, families.names()) }, part)
  return false
}

function checkArgs(
  mode: string,
  { args, services }: WrittenMode,
  path: Path,
  modes: Modes,
  ground: ModeGround,
  checker: Checker,
): void {
  if (args === undefined) return
  const at: Path = [...path, 'args']
  if (Array.isArray(args)) {
    const found = defaultServiceIn(mode, modes, ground)
    if ('flaw' in found)
      checker.error(at, { message: `a list of arguments is for the default service, and ${found.flaw}` }, 'key')
    else if (hasArgs(services, found.service))
      checker.error(at, { message: `those of "${found.service}" stand in services too` }, 'key')
    return
  }
  for (const name of Object.keys(args)) {
    const here: Path = [...at, name]
    if (!checkName(name, here, 'key', ground, checker)) continue
    const [first = name] = ground.families.membersOf(name) ?? []
    if (hasArgs(services, name)) checker.error(here, { message: `those of "${name}" stand in services too` }, 'key')
    else if (!runsIn(mode, first, modes)) checker.error(here, { message: `"${name}" does not run in the mode ${mode}` }, 'key')
  }
}

const hasArgs = (services: WrittenMode['services'], name: string): boolean =>
  services !== undefined && !Array.isArray(services) && Object.hasOwn(services, name) && services[name]?.args !== undefined

const runsIn = (mode: string, service: string, { all }: Modes): boolean =>
  all.find(({ name }) => name === mode)?.services.includes(service) === true

/** The service that a list of arguments is for: the configured one, else the first that runs in this mode. */
export function defaultServiceIn(
  mode: string,
  modes: Modes,
  { families, names, tree }: ModeGround,
): { readonly service: string } | { readonly flaw: string } {
  const said = tree.at(['supervisor', 'default_service'])
  const toName = 'name services: `args: { <service>: [...] }`'
  if (typeof said === 'string') {
    if (families.membersOf(said) !== undefined && !families.isFamily(said) && !runsIn(mode, said, modes))
      return { flaw: `"${said}" does not run in the mode ${mode}; ${toName}` }
    return { service: said }
  }
  const first = names.find((name) => runsIn(mode, name, modes))
  if (first === undefined) return { flaw: `no service runs in the mode ${mode}` }
  const family = tree.instance(first)?.family
  if (family !== undefined) return { flaw: `"${family}" has instances; ${toName}` }
  return { service: first }
}
