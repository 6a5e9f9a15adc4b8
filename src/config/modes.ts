import { modeVariable, type ModeEntry, type ModeSource } from '../protocol/mode.ts'
import { isRecord } from '../protocol/json.ts'
import { nearest } from '../protocol/nearest.ts'
import type { Checker } from './checker.ts'
import type { Said } from './environment.ts'
import type { Families } from './families.ts'
import { featuresOf } from './features.ts'
import { modesSchema, type WrittenMode } from './mode-schema.ts'
import type { Path, Report } from './report.ts'
import type { WrittenService } from './service-schema.ts'

/**
 * Which services a mode has: one that names modes, or that modes name, runs in these only; one of which neither is true in
 * every mode and in none.
 */

/** MagicTunnel's own, where a config describes none: its users have them in their environment. */
const usualModes = ['proxy', 'advanced']

/** What a config says of its modes. */
export interface WrittenModes {
  /** Where they stand; null: nowhere. */
  readonly at: Path | null
  readonly modes: ReadonlyMap<string, WrittenMode>
}

export interface Modes {
  /** null: none. */
  readonly inForce: string | null
  readonly source: ModeSource
  /** The services that are not part of the fleet now, with the modes in which they are. */
  readonly leftOut: ReadonlyMap<string, readonly string[]>
  readonly all: readonly ModeEntry[]
  readonly written: WrittenModes
}

/** `modes` stands in the supervisor's block or beside it. What is wrong with one is told elsewhere; it counts as empty. */
export function readModes({ tree }: Checker): WrittenModes {
  const at = [['supervisor', 'modes'], ['modes']].find((path) => isRecord(tree.at(path)))
  if (at === undefined) return { at: null, modes: new Map() }
  const known = tree.keys(at).map((name): [string, WrittenMode] => {
    const sound = modesSchema.safeParse({ [name]: tree.at([...at, name]) })
    return [name, sound.data?.[name] ?? {}]
  })
  return { at, modes: new Map(known) }
}

/** Who says which mode is in force, the first one first. */
export interface ModeSaid {
  /** A command said so while the fleet ran. */
  readonly switched: string | undefined
  /** A flag or a variable. */
  readonly said: Said | undefined
}

type Services = ReadonlyMap<string, Pick<WrittenService, 'modes'>>

/** `services`: those that are sound. A mode that nothing knows is an error where it was said. */
export function modesOf(services: Services, families: Families, by: ModeSaid, checker: Checker, report: Report): Modes {
  const written = readModes(checker)
  const named = namedModes(checker)
  const known = new Set([...written.modes.keys(), ...(written.at === null ? usualModes : []), ...named])
  const { inForce, source } = whichOf(by, known, written, checker, report)
  const runsIn = modesByService(services, families, written)
  const leftOut = Array.from(runsIn).flatMap(([name, modes]) =>
    modes === undefined || (inForce !== null && modes.includes(inForce)) ? [] : [[name, modes] as const],
  )
  const features = featuresOf(new Map(Array.from(known, (name) => [name, written.modes.get(name) ?? {}])))
  const all = Array.from(known, (name): ModeEntry => {
    const { available = [], hidden = [] } = features.get(name) ?? {}
    return {
      name,
      description: written.modes.get(name)?.description ?? null,
      services: Array.from(runsIn).flatMap(([service, modes]) => (modes?.includes(name) === false ? [] : [service])),
      available_features: [...available],
      hidden_features: [...hidden],
    }
  })
  return { inForce, source, leftOut: new Map(leftOut), all, written }
}

function whichOf(
  { switched, said }: ModeSaid,
  known: ReadonlySet<string>,
  { at }: WrittenModes,
  checker: Checker,
  report: Report,
): Pick<Modes, 'inForce' | 'source'> {
  const path: Path = ['supervisor', 'mode']
  const file = checker.tree.at(path)
  const inFile = typeof file === 'string' && file !== '' ? file : null
  const inForce = switched ?? said?.text ?? inFile
  const source = switched !== undefined ? 'switched' : said !== undefined ? sourceOf(said) : inFile === null ? 'none' : 'file'
  if (inForce === null || known.has(inForce)) return { inForce, source }
  const quoted = JSON.stringify(inForce)
  const names = `known are ${[...known].join(', ')}`
  const suggestion = nearest(inForce, known)
  const message = at === null ? `no service names the mode ${quoted}; ${names}` : `there is no mode ${quoted}; ${names}`
  if (switched !== undefined) {
    const told = `the mode in force is ${quoted}, which was switched to, and it is not here; ${names}`
    checker.error(at ?? ['supervisor', 'services'], { message: `${told}; keep it until another one was switched to` }, 'key')
  } else if (said === undefined) checker.error(path, { message, suggestion })
  else report.errorIn(said.from, { message, suggestion })
  return { inForce, source }
}

const sourceOf = ({ from }: Said): ModeSource => (from === modeVariable ? 'environment' : 'flag')

/** In which modes each service runs; undefined: in all, and in none. */
function modesByService(
  services: Services,
  families: Families,
  { modes }: WrittenModes,
): ReadonlyMap<string, readonly string[] | undefined> {
  const listed = new Map<string, string[]>()
  for (const [mode, { services: said }] of modes) {
    for (const name of namesOf(said))
      for (const service of families.membersOf(name) ?? []) listed.set(service, [...(listed.get(service) ?? []), mode])
  }
  return new Map(
    Array.from(services, ([name, { modes: own }]) => {
      const others = listed.get(name)
      return [name, own === undefined && others === undefined ? undefined : [...new Set([...(own ?? []), ...(others ?? [])])]]
    }),
  )
}

/** The services that a mode names, as they are written. */
export const namesOf = (services: WrittenMode['services']): readonly string[] =>
  services === undefined ? [] : Array.isArray(services) ? services : Object.keys(services)

/** Also of services with errors elsewhere. */
function namedModes({ tree }: Checker): string[] {
  const services = tree.at(['supervisor', 'services'])
  if (!isRecord(services)) return []
  return Object.values(services).flatMap((service) => {
    const modes = isRecord(service) ? service['modes'] : undefined
    return Array.isArray(modes) ? modes.filter((mode) => typeof mode === 'string') : []
  })
}

/** `it runs in the mode advanced, and the mode is proxy`. */
export function modesInWords(service: string, { inForce, leftOut }: Pick<Modes, 'inForce' | 'leftOut'>): string {
  const own = leftOut.get(service) ?? []
  const words = own.length === 1 ? `the mode ${own[0]}` : `the modes ${own.join(', ')}`
  return `it runs in ${words}, and ${inForce === null ? 'there is no mode' : `the mode is ${inForce}`}`
}
