import type { Checker } from './checker.ts'
import { isLoopback } from '../protocol/endpoint.ts'
import type { RunEnvironment, Said } from './environment.ts'
import type { Path, Report } from './report.ts'
import type { WrittenSupervisor } from './schema.ts'
import type { Tokens } from './tokens.ts'

/** Who may control the supervisor over TCP, and what commands around a restart may run. */
export interface Security {
  readonly bindToLocalhost: boolean
  /** Control commands that are admitted, in lower case; null = all. */
  readonly allowedCommands: readonly string[] | null
  readonly allowedPrograms: Readonly<Record<ProgramKind, readonly string[]>>
  /** Those that are listed, but not for this environment. */
  readonly barredPrograms: Readonly<Record<ProgramKind, readonly string[]>>
  readonly allowShell: boolean
  /** A token is there whenever one is needed. */
  readonly authentication: { readonly enabled: boolean } & Tokens
}

export type ProgramKind = 'make' | 'shell' | 'binary' | 'cargo' | 'npm'

interface Entry {
  readonly command: string
  readonly allowed_in_production: boolean
}

const nothing: Security['allowedPrograms'] = { make: [], shell: [], binary: [], cargo: [], npm: [] }

export function resolveSecurity({ security }: WrittenSupervisor, environment: RunEnvironment, tokens: Tokens): Security {
  const usual = environment === 'development' ? { ...nothing, make: ['clean'], shell: ['echo'] } : nothing
  const barred = environment === 'production'
  const listed = (among: (entry: Entry) => boolean): Security['allowedPrograms'] =>
    Object.fromEntries(
      Object.keys(nothing).map((kind) => [
        kind,
        (security.allowed_programs?.[kind as ProgramKind] ?? [])
          .map((entry) => (typeof entry === 'string' ? { command: entry, allowed_in_production: true } : entry))
          .filter(among)
          .map(({ command }) => command),
      ]),
    ) as unknown as Security['allowedPrograms']
  return {
    bindToLocalhost: security.bind_to_localhost,
    allowedCommands: security.allowed_commands?.map((command) => command.toLowerCase()) ?? null,
    allowedPrograms: security.allowed_programs === undefined ? usual : listed((entry) => !barred || entry.allowed_in_production),
    barredPrograms: barred ? listed((entry) => !entry.allowed_in_production) : nothing,
    allowShell: security.allow_shell,
    authentication: { enabled: security.authentication.enabled, ...tokens },
  }
}

/** One of the addresses to listen on, as it was written. */
export interface WrittenHost {
  readonly host: string | undefined
  /** Where it stands in the file. */
  readonly path: Path
  /** What a flag or the environment says instead. */
  readonly override?: Said | undefined
  /** Does it speak TLS? */
  readonly tls: boolean
}

/**
 * The address to listen on. `bind_to_localhost` wins over an address that others can reach, with a warning;
 * without it such an address needs authentication.
 */
export function resolveHost(
  { host: written, path, override, tls }: WrittenHost,
  supervisor: WrittenSupervisor | undefined,
  checker: Checker,
  report: Report,
): string {
  const host = override?.text ?? written ?? '127.0.0.1'
  if (supervisor === undefined || isLoopback(host)) return host
  const { bind_to_localhost: local, authentication } = supervisor.security
  if (!local && authentication.enabled) {
    if (!tls) tellOpen(path, host, override, checker, report)
    return host
  }
  // Within the supervisor's own block its fields go without their first word.
  const security = path[0] === 'supervisor' ? 'security' : 'supervisor.security'
  const finding = {
    message: local
      ? `${security}.bind_to_localhost wins over ${JSON.stringify(host)}: listening on 127.0.0.1`
      : `others can reach ${JSON.stringify(host)}: enable ${security}.authentication and give a token, or set ${security}.bind_to_localhost`,
  }
  if (override === undefined) checker[local ? 'warn' : 'error'](path, finding)
  else report[local ? 'warnIn' : 'errorIn'](override.from, finding)
  return '127.0.0.1'
}

/** Whoever is on the way can read a token that travels in the clear. */
function tellOpen(path: Path, host: string, override: Said | undefined, checker: Checker, report: Report): void {
  const block = path[0] === 'supervisor' ? 'supervisor.tls' : 'http.tls'
  const message = `others can reach ${JSON.stringify(host)} without TLS, so tokens travel in the clear; ${block} takes a cert and a key`
  if (override === undefined) checker.warn(path, { message })
  else report.warnIn(override.from, { message })
}
