import type { PersistenceParts } from './persistence.ts'
import type { Gateway } from './protocol/calls.ts'
import type { Fact } from './protocol/facts.ts'
import type { GroupSpec } from './protocol/group.ts'
import type { HookSpec } from './protocol/hook.ts'
import type { ConfigModes } from './protocol/mode.ts'
import type { Retention } from './protocol/journal.ts'
import type { Transport } from './protocol/link.ts'
import type { AccessRules, Certificate, ControlRules } from './protocol/control-rules.ts'
import { noPrograms, type ProgramRules } from './protocol/program.ts'
import type { ReadConfig } from './protocol/reload.ts'
import type { ServiceSpec } from './protocol/service.ts'
import type { FleetView } from './protocol/view.ts'
import type { HttpTimes } from './transports/http.ts'
import type { LoadConfig } from './reloading.ts'

/** What an orchestrator is made of, and what one can do with it. */

/** Where our own words go; pino fits. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  debug(fields: object, message: string): void
}

export interface ListenerSpec {
  /** The config's key. */
  readonly name: string
  /** Scheme and place: `unix:/run/x.sock`, `tcp:127.0.0.1:8081`, `http:127.0.0.1:3001`, `memory:`. */
  readonly endpoint: string
  /** What is spoken there: `jsonrpc`, `magictunnel`. */
  readonly dialect: string
  /** The config's field that moves it elsewhere: `http.port`. */
  readonly setting?: string
}

/** Other times than those of the limits, ms; for tests. */
export interface WireTimes {
  /** How long a client that takes nothing may have much waiting. */
  readonly stall?: number
  readonly http?: Partial<HttpTimes>
}

export interface OrchestratorOptions {
  readonly services: readonly ServiceSpec[]
  /** Services that are restarted together. */
  readonly groups?: readonly GroupSpec[]
  /** Folder for logs and the socket; made where it is missing, mode 0700. */
  readonly stateDir: string
  readonly configPath?: string | null
  /** How a config is read again; without it `system.reload` is `unavailable`. */
  readonly loadConfig?: LoadConfig
  readonly warnings?: readonly string[]
  /** The mode in force, for the status. */
  readonly mode?: string | null
  /** The services that it leaves out, with the modes in which they run. */
  readonly leftOut?: ReadonlyMap<string, readonly string[]>
  /** Who is told when something happens. */
  readonly hooks?: readonly HookSpec[]
  /** Every mode, and the way to each; without it none can be switched to. */
  readonly modes?: ConfigModes
  /** What of the config takes effect with a start only, by name: a reload says where it differs. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** What children inherit; our own secrets must not be in it. */
  readonly environment?: NodeJS.ProcessEnv
  readonly listeners?: readonly ListenerSpec[]
  readonly transports?: readonly Transport[]
  /** Who may come over the network. Without it: whoever is on this machine. */
  readonly access?: AccessRules
  /** Origins of web pages that may call over HTTP, beside our own. */
  readonly allowedOrigins?: readonly string[]
  /** Names by which callers may reach us over HTTP, beside our own; in lower case. */
  readonly allowedHosts?: readonly string[]
  /** Of listeners that speak TLS, by their names. */
  readonly certificates?: Readonly<Record<string, Certificate>>
  readonly times?: WireTimes
  /** Programs that may be run around restarts and alone. Without it: none. */
  readonly programs?: ProgramRules
  /** The service that is meant where a request names none; without it the first one. */
  readonly defaultService?: string | null
  readonly log?: Log
  /** How long facts are kept, and how many bytes of them. */
  readonly retention?: Retention
  /** How long the logs of services are kept that are not there any more, ms. Without it: for ever. */
  readonly logMaxAge?: number | null
  /** Another way to open the journal, for tests that let a disk fail. */
  readonly openJournal?: PersistenceParts['open']
}

export interface Orchestrator {
  readonly gateway: Gateway
  readonly view: FleetView
  /** Facts as they are recorded, each once, in order. */
  onFact(listener: (fact: Fact) => void): () => void
  /**
   * Opens the journal and starts listeners, then adopts what an earlier run left running and starts what is missing;
   * resolves once all of it has been told to. Rejects, and touches no service, when the state folder has an orchestrator or
   * the control socket can't be bound.
   */
  start(): Promise<void>
  /** Goes over to these services, as `system.reload` does with those of the config: what has not changed is not touched. Groups: without them as before. */
  reload(services: readonly ServiceSpec[], groups?: readonly GroupSpec[]): Promise<void>
  /** Writes down, as far as that is possible now, that a defect of ours ends us. Touches no service. */
  crash(error: Error): Promise<void>
  /** Asks for the shutdown of the fleet, as `system.shutdown` does; resolves when nothing is left, or at once after `close`. */
  shutdown(by: string): Promise<void>
  /** Resolves when a shutdown, whoever asked for it, has finished. */
  readonly finished: Promise<void>
  /** Ends the actors and closes what is open. After a shutdown nothing runs any more; without one the services run on. */
  close(): Promise<void>
}

/** Of these options, what a reload takes over at once. */
export const rulesOf = ({ access, programs, allowedOrigins, allowedHosts, certificates }: OrchestratorOptions): ControlRules => ({
  access: access ?? { token: null, allowedCommands: null },
  programs: programs ?? noPrograms,
  allowedOrigins: allowedOrigins ?? [],
  allowedHosts: allowedHosts ?? [],
  certificates: certificates ?? {},
})

/** The config as it is at the start. */
export const readConfigOf = (options: OrchestratorOptions): ReadConfig => {
  const {
    services,
    groups = [],
    configPath: path = null,
    warnings = [],
    settings = {},
    mode = null,
    leftOut,
    hooks = [],
    modes,
  } = options
  return { path, services, groups, hooks, warnings, settings, mode, ...(modes && { modes }), leftOut: leftOut ?? new Map() }
}
