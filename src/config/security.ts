import type { Checker } from './checker.ts'
import { isLoopback } from '../protocol/endpoint.ts'
import type { Said } from './environment.ts'
import { overlay } from './overlay.ts'
import type { Path, Report } from './report.ts'
import type { WrittenSupervisor } from './schema.ts'
import type { Tree } from './tree.ts'

/** Who may control the supervisor over TCP, and what commands around a restart may run. */
export interface Security {
  readonly bindToLocalhost: boolean
  /** Control commands that are admitted, in lower case; null = all. */
  readonly allowedCommands: readonly string[] | null
  readonly allowedPrograms: Readonly<Record<ProgramKind, readonly string[]>>
  readonly allowShell: boolean
  /** The token is there whenever it is needed. */
  readonly authentication: { readonly enabled: boolean; readonly token: string | null }
}

export type ProgramKind = 'make' | 'shell' | 'binary' | 'cargo' | 'npm'

const nothing: Security['allowedPrograms'] = { make: [], shell: [], binary: [], cargo: [], npm: [] }

export function resolveSecurity({ security, environment }: WrittenSupervisor, tree: Tree): Security {
  const usual = environment === 'development' ? { ...nothing, make: ['clean'], shell: ['echo'] } : nothing
  const token = tree.text(['supervisor', 'security', 'authentication', 'token'])
  return {
    bindToLocalhost: security.bind_to_localhost,
    allowedCommands: security.allowed_commands?.map((command) => command.toLowerCase()) ?? null,
    allowedPrograms: security.allowed_programs === undefined ? usual : overlay(nothing, security.allowed_programs),
    allowShell: security.allow_shell,
    authentication: { enabled: security.authentication.enabled, token: token === undefined || token === '' ? null : token },
  }
}

/** One of the addresses to listen on, as it was written. */
export interface WrittenHost {
  readonly host: string | undefined
  /** Where it stands in the file. */
  readonly path: Path
  /** What a flag or the environment says instead. */
  readonly override?: Said | undefined
}

/**
 * The address to listen on. `bind_to_localhost` wins over an address that others can reach, with a warning;
 * without it such an address needs authentication.
 */
export function resolveHost(
  { host: written, path, override }: WrittenHost,
  supervisor: WrittenSupervisor | undefined,
  checker: Checker,
  report: Report,
): string {
  const host = override?.text ?? written ?? '127.0.0.1'
  if (supervisor === undefined || isLoopback(host)) return host
  const { bind_to_localhost: local, authentication } = supervisor.security
  if (!local && authentication.enabled) return host
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
