import { setting, type Environment } from './interpolate.ts'
import type { Report } from './report.ts'
import { logLevels, type LogLevel } from './schema.ts'

/** What the command line says instead of the environment and the file, as it was typed. */
export interface Flags {
  readonly port?: string
  readonly host?: string
  readonly httpPort?: string
  readonly logLevel?: string
  readonly mode?: string
  readonly environment?: string
}

/** A text, and the flag or the variable that it comes from. */
export interface Said {
  readonly text: string
  readonly from: string
}

/** What is said instead of the file; undefined where nothing is. Empty variables count as not set. */
export interface Overrides {
  /** null: off. */
  readonly port: number | null | undefined
  readonly host: Said | undefined
  /** Of HTTP; null: off. */
  readonly httpPort: number | null | undefined
  readonly level: LogLevel | undefined
  readonly mode: Said | undefined
  readonly environment: RunEnvironment | undefined
}

export type RunEnvironment = 'development' | 'production'

/** Reads the flags, then SUPERVISOR_PORT, SUPERVISOR_HOST, SUPERVISOR_LOG_LEVEL, RUST_LOG, MAGICTUNNEL_RUNTIME_MODE, MAGICTUNNEL_ENV and ENVIRONMENT. */
export function readOverrides(env: Environment, flags: Flags, report: Report): Overrides {
  const said = (flag: string, given: string | undefined, variable: string): Said | undefined => {
    if (given !== undefined) return { text: given, from: flag }
    const text = setting(env, variable)
    return text === undefined ? undefined : { text, from: variable }
  }
  return {
    port: portOf(said('--port', flags.port, 'SUPERVISOR_PORT'), report),
    httpPort: portOf(said('--http-port', flags.httpPort, 'HYPHAE_HTTP_PORT'), report),
    host: hostOf(said('--host', flags.host, 'SUPERVISOR_HOST'), report),
    level: levelOf(said('--log-level', flags.logLevel, 'SUPERVISOR_LOG_LEVEL'), env, report),
    mode: said('--mode', flags.mode, 'MAGICTUNNEL_RUNTIME_MODE'),
    environment: environmentOf(
      said('--environment', flags.environment, 'MAGICTUNNEL_ENV') ?? said('', undefined, 'ENVIRONMENT'),
      report,
    ),
  }
}

/** Variables of these names are set for other programs too, so one that means nothing here is passed over. */
function environmentOf(said: Said | undefined, report: Report): RunEnvironment | undefined {
  if (said === undefined) return undefined
  const word = said.text.trim().toLowerCase()
  if (word === 'development' || word === 'production') return word
  const got = JSON.stringify(said.text)
  if (said.from.startsWith('--')) report.errorIn(said.from, { expected: 'development or production', got })
  else report.warnIn(said.from, { message: `${got} is neither development nor production; it is ignored` })
  return undefined
}

function portOf(said: Said | undefined, report: Report): number | null | undefined {
  if (said === undefined) return undefined
  if (said.text === 'off') return null
  const port = /^\d{1,5}$/.test(said.text) ? Number(said.text) : Number.NaN
  if (port <= 65_535) return port
  report.errorIn(said.from, { expected: 'a whole number from 0 to 65535, or off', got: JSON.stringify(said.text) })
  return undefined
}

/** Only a flag can be empty. */
function hostOf(said: Said | undefined, report: Report): Said | undefined {
  if (said?.text === '') report.errorIn(said.from, { expected: 'an address, such as 127.0.0.1', got: '""' })
  return said?.text === '' ? undefined : said
}

function levelOf(own: Said | undefined, env: Environment, report: Report): LogLevel | undefined {
  if (own !== undefined) {
    const level = asLevel(own.text)
    if (level !== undefined) return level
    report.errorIn(own.from, { expected: `one of ${logLevels.join(', ')}`, got: JSON.stringify(own.text) })
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
