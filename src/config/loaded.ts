import type { Certificate } from '../protocol/control-rules.ts'
import type { GroupSpec } from '../protocol/group.ts'
import type { HookSpec } from '../protocol/hook.ts'
import type { LogRules } from '../protocol/log-rules.ts'
import type { ModeEntry, ModeSource } from '../protocol/mode.ts'
import type { ServiceSpec } from '../protocol/service.ts'
import type { Flags, RunEnvironment } from './environment.ts'
import type { ConfigProblem } from './errors.ts'
import type { LogLevel } from './schema.ts'
import type { Security } from './security.ts'

/** A config in full: absolute paths, ms, every default and override filled in. Data only, but for the way to its other modes. */
export interface LoadedConfig {
  readonly path: string
  /** The folder of the file: what relative paths in it are relative to. */
  readonly dir: string
  readonly stateDir: string
  /** In the order of the file. */
  readonly services: readonly ServiceSpec[]
  /** In the order of the file. */
  readonly groups: readonly GroupSpec[]
  /** Who is told when something happens. */
  readonly hooks: readonly HookSpec[]
  readonly defaultService: string | null
  /** The mode in force; null: none. */
  readonly mode: string | null
  readonly modeSource: ModeSource
  /** Every mode that there is. */
  readonly modes: readonly ModeEntry[]
  /** Services that are not part of the fleet in this mode, with those in which they are. */
  readonly leftOut: ReadonlyMap<string, readonly string[]>
  /** Absolute paths of the files that variables of services were read from; those that may be missing, too. */
  readonly envFiles: readonly string[]
  /** `port`: null = off. */
  readonly supervisor: Listening & Security
  readonly http: Listening & { readonly allowedOrigins: readonly string[]; readonly allowedHosts: readonly string[] }
  readonly log: {
    readonly file: string | null
    readonly level: LogLevel
    /** At so many bytes it is set aside; so many of those are kept. */
    readonly maxSize: number
    readonly keep: number
  }
  /** What is kept of services' output, where a service does not say otherwise, and of those that are gone. */
  readonly logs: LogRules
  /** How long events are kept (ms), and how many bytes of them. */
  readonly journal: { readonly maxAge: number; readonly maxBytes: number }
  readonly environment: RunEnvironment
  readonly warnings: readonly ConfigProblem[]
  /** Variables that fill in secrets of Hyphae's own; they must not reach the programs that it runs. */
  readonly secretVariables: readonly string[]
  /** What the command line said instead of the file; whoever reads the file again says it again. */
  readonly flags: Flags
  /** The same text in another of its modes, with env files as they were read. Throws a ConfigError. */
  inMode(mode: string): LoadedConfig
}

/** Where a surface listens. `tls`: null = without. */
interface Listening {
  readonly host: string
  readonly port: number | null
  readonly tls: Certificate | null
}
