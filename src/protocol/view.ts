import type { Banner } from './banner.ts'
import type { Address } from './ids.ts'
import type { Fact } from './facts.ts'
import type { GroupStatus } from './group.ts'
import type { HealthReport } from './health.ts'
import type { Chart, InspectedContexts } from './inspection.ts'
import type { FactQuery, Kept } from './journal.ts'
import type { ModeAnswer } from './mode.ts'
import type { DependencyCondition, Operation, ServiceSpec, ServiceStatus } from './service.ts'
import type { Role } from './principal.ts'
import type { ProgramRules } from './program.ts'
import type { ActorStatus, ListenerStatus, LogItem, SupervisorStatus } from './status.ts'

/** Which lines of a log are meant. */
export interface LogQuery {
  /** How many of the last of them. */
  readonly lines: number
  /** Written at this time or later, and up to this one: wall clock, ms. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** That match: a regular expression. */
  readonly grep?: { readonly pattern: string; readonly ignoreCase: boolean } | undefined
}

export interface LogAnswer {
  readonly lines: readonly LogItem[]
  /** Of these services there may be older lines that are meant, and that were not looked at or left out. */
  readonly cut: readonly string[]
}

/** What can be read of one service beyond its status. */
export interface ServiceDetail {
  readonly spec: ServiceSpec
  readonly op: Operation | null
  /** The generation that last got ready, or completed. */
  readonly readyGeneration: number
  readonly generation: number
  /** At its gate: a dependency failed for good. */
  readonly blocked: boolean
  /** A change of spec that waits for the next start. */
  readonly pendingSpec: boolean
  /** What was changed by hand since the config was read: `args`, `env.NAME`. */
  readonly overridden: readonly string[]
  /** Restarts counted against the budget now. */
  readonly restartsInWindow: number
  readonly lastExit: string | null
}

/**
 * The read model as commands see it. Reading never disturbs an actor, and costs as much as what is asked for:
 * the status of one service does not depend on how many there are.
 */
export interface FleetView {
  supervisor(): SupervisorStatus
  /** Is it alive, and is the fleet as it should be? */
  health(): Promise<HealthReport>
  /** What the whole fleet is doing, in one sentence. */
  banner(): Banner
  /** What can be measured, as Prometheus reads it. */
  metrics(): { readonly content_type: string; readonly text: string }
  listeners(): readonly ListenerStatus[]
  /** Names in the order of the config. */
  serviceNames(): readonly string[]
  service(name: string): ServiceStatus | undefined
  serviceDetail(name: string): ServiceDetail | undefined
  /** The groups of the config, in its order. */
  groups(): ReadonlyArray<GroupStatus & { readonly name: string }>
  /** In which modes a service runs that the mode in force leaves out; undefined: it leaves out none of this name. */
  leftOut(name: string): readonly string[] | undefined
  /** The mode in force, and every other one. */
  modes(): ModeAnswer
  /** The switch to another mode that is under way. */
  switching(): { readonly address: Address; readonly mode: string } | null
  /** Does this dependency stand as the condition wants it? */
  dependencyMet(name: string, condition: DependencyCondition): boolean
  /** The last facts about one service, oldest first. */
  history(name: string): readonly Fact[]
  actors(): Iterable<ActorStatus>
  /** One actor, live or remembered. */
  actor(address: Address): ActorStatus | undefined
  /** Which programs may be run, and how many run now. */
  programs(): { readonly rules: ProgramRules; readonly running: number }
  /** What programs wrote, of one that has just ended; not for everybody who may see actors. */
  details(address: Address): unknown
  /** As whom a login that goes on lets in; null of any other actor. */
  loginRole(address: Address): Role | null
  /** A machine as it can be drawn, by its hash. */
  chart(hash: string): Chart | undefined
  /** The contexts of these actors (by id), or of every one. */
  contexts(actors: readonly string[] | null): Promise<InspectedContexts>
  /** Would its present state take this event? */
  accepts(address: Address, event: { readonly type: string }): boolean
  /** Brings memory and CPU figures of these services up to date. */
  measure(services: readonly string[]): Promise<void>
  /** What the journal has of what happened, oldest first. */
  events(query: FactQuery): Promise<readonly Fact[]>
  /** The number of the newest fact. */
  lastFact(): number
  /** How much of it there is at all. */
  keptEvents(): Promise<Kept>
  /** Where the last whole line of each of these logs ends, in bytes. */
  logEnds(services: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** The last of these lines of these services' logs, archives included. */
  logLines(services: readonly string[], query: LogQuery): Promise<LogAnswer>
}
