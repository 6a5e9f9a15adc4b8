import { isRecord } from '../protocol/json.ts'
import { nearest } from '../protocol/nearest.ts'
import type { Checker } from './checker.ts'
import type { Said } from './environment.ts'
import type { Path, Report } from './report.ts'
import type { WrittenService } from './service-schema.ts'

/** Which services a mode has: one with `modes` runs in these only, one without in every mode and in none. */

/** MagicTunnel's own: its users have them in their environment, whether or not a service names them. */
const usualModes = ['proxy', 'advanced']

export interface Modes {
  /** null: none. */
  readonly inForce: string | null
  /** The services that are not part of the fleet now, with the modes in which they are. */
  readonly leftOut: ReadonlyMap<string, readonly string[]>
}

/** `services`: those that are sound. The flag or variable comes before the file; one that nothing knows is told as an error. */
export function modesOf(
  services: ReadonlyMap<string, Pick<WrittenService, 'modes'>>,
  said: Said | undefined,
  checker: Checker,
  report: Report,
): Modes {
  const path: Path = ['supervisor', 'mode']
  const written = checker.tree.at(path)
  const inForce = said?.text ?? (typeof written === 'string' && written !== '' ? written : null)
  const known = new Set([...usualModes, ...namedModes(checker)])
  if (inForce !== null && !known.has(inForce)) {
    const finding = {
      message: `no service names the mode ${JSON.stringify(inForce)}; known are ${[...known].join(', ')}`,
      suggestion: nearest(inForce, known),
    }
    if (said === undefined) checker.error(path, finding)
    else report.errorIn(said.from, finding)
  }
  const leftOut = Array.from(services).flatMap(([name, { modes }]) =>
    modes === undefined || (inForce !== null && modes.includes(inForce)) ? [] : [[name, modes] as const],
  )
  return { inForce, leftOut: new Map(leftOut) }
}

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
export function modesInWords(service: string, { inForce, leftOut }: Modes): string {
  const own = leftOut.get(service) ?? []
  const words = own.length === 1 ? `the mode ${own[0]}` : `the modes ${own.join(', ')}`
  return `it runs in ${words}, and ${inForce === null ? 'there is no mode' : `the mode is ${inForce}`}`
}
