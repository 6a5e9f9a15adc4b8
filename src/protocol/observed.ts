import type { ProcessIdentity } from './process.ts'
import type { ServiceSpec } from './service.ts'

/** The vocabulary of a look at what runs, for the reconciler. */

/** One incarnation of which something is left. */
export interface ObservedIncarnation {
  readonly incarnation: string
  /** null: it has ended, or it can't be told which of the processes it is. */
  readonly leader: ProcessIdentity | null
  /** Every process that carries its mark, the leader included. */
  readonly processes: readonly ProcessIdentity[]
}

/** What is there of one service. */
export interface Observed {
  readonly incarnations: readonly ObservedIncarnation[]
  /** Processes in its cgroup, whatever their mark says. */
  readonly contained: readonly ProcessIdentity[]
  /** Incarnations whose exit code was recorded. */
  readonly exits: readonly string[]
  /** The spec that an actor of this run supervises it with; null without one. */
  readonly supervised: ServiceSpec | null
  /** Arguments or variables of it were changed by hand. */
  readonly overridden?: boolean
  /** That actor is about to go: its service was not wanted any more. */
  readonly leaving: boolean
}
