import { setting, type Environment } from './interpolate.ts'
import type { Report } from './report.ts'
import { logLevels, type LogLevel } from './schema.ts'

/** What the environment says instead of the file; undefined where it says nothing. Empty variables count as not set. */
export interface Overrides {
  readonly port: number | undefined
  readonly host: string | undefined
  readonly level: LogLevel | undefined
}

/** Reads SUPERVISOR_PORT, SUPERVISOR_HOST, SUPERVISOR_LOG_LEVEL and RUST_LOG. */
export function readOverrides(env: Environment, report: Report): Overrides {
  return { port: portOf(env, report), host: setting(env, 'SUPERVISOR_HOST'), level: levelOf(env, report) }
}

function portOf(env: Environment, report: Report): number | undefined {
  const written = setting(env, 'SUPERVISOR_PORT')
  if (written === undefined) return undefined
  const port = /^\d{1,5}$/.test(written) ? Number(written) : Number.NaN
  if (port <= 65_535) return port
  report.errorIn('SUPERVISOR_PORT', { expected: 'a whole number from 0 to 65535', got: JSON.stringify(written) })
  return undefined
}

function levelOf(env: Environment, report: Report): LogLevel | undefined {
  const own = setting(env, 'SUPERVISOR_LOG_LEVEL')
  if (own !== undefined) {
    const level = asLevel(own)
    if (level !== undefined) return level
    report.errorIn('SUPERVISOR_LOG_LEVEL', { expected: `one of ${logLevels.join(', ')}`, got: JSON.stringify(own) })
    return undefined
  }
  const filter = setting(env, 'RUST_LOG')
  if (filter === undefined) return undefined
  const level = levelOfFilter(filter)
  // It is set for other programs too, so what it says may mean nothing here.
  if (level === undefined) report.warnIn('RUST_LOG', { message: `${JSON.stringify(filter)} names no level; it is ignored` })
  return level
}

/** The level of `debug`, `module=debug` or a list of them: the bare one, else the most talkative. */
export function levelOfFilter(filter: string): LogLevel | undefined {
  const directives = filter.split(',').map((directive) => directive.trim().split('='))
  const bare = directives.findLast(([level, more]) => more === undefined && asLevel(level) !== undefined)
  if (bare !== undefined) return asLevel(bare[0])
  const levels = new Set(directives.map(([, level]) => asLevel(level)))
  return logLevels.find((level) => levels.has(level))
}

/** `off` is Rust's word for silent. */
function asLevel(written: string | undefined): LogLevel | undefined {
  const word = written?.trim().toLowerCase()
  return word === 'off' ? 'silent' : logLevels.find((level) => level === word)
}
