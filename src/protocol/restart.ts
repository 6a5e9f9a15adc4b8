import type { ProgramResult } from './program.ts'

/** What follows an end of a service's process: a value with a reason, shown verbatim. */
export type RestartDecision =
  /** A one-shot that succeeded. */
  | { readonly kind: 'completed'; readonly because: string }
  /** It ended well and the policy does not start it again. */
  | { readonly kind: 'stopped'; readonly because: string }
  /** It ended badly and the policy does not start it again. */
  | { readonly kind: 'failed'; readonly because: string }
  /** It would be started again; its group decides when, and whether. */
  | { readonly kind: 'held'; readonly because: string }
  /** Too many restarts. */
  | { readonly kind: 'gaveUp'; readonly because: string; readonly restarts: number }
  | {
      readonly kind: 'restart'
      readonly because: string
      /** ms; 0 = at once. */
      readonly delay: number
      /** Which restart since the last stable run this is, from 1. */
      readonly attempt: number
    }

/** What the policy remembers of a service. Monotonic ms, oldest first; never longer than maxRestarts + 1. */
export interface RestartHistory {
  /** When each restart was decided, since the window was last cleared. */
  readonly restarts: readonly number[]
  /** Restarts since the last stable run: the n of the backoff. */
  readonly streak: number
}

export const noHistory: RestartHistory = { restarts: [], streak: 0 }

/** One step of a restart workflow, as its result tells it. */
export interface WorkflowStep {
  readonly name: string
  readonly outcome: 'done' | 'failed' | 'cancelled'
  readonly because: string | null
}

/** The result of `restart.<id>`. */
export interface WorkflowResult {
  readonly id: string
  readonly service: string
  readonly outcome: 'done' | 'failed' | 'busy' | 'cancelled'
  readonly because: string | null
  readonly steps: readonly WorkflowStep[]
  /** The service got ready again, and with what it was to be started with. */
  readonly restarted: boolean
  /** From when it was asked for to its end, ms. */
  readonly elapsed: number
  /** The rule that refused one of its commands, so that nothing was done. */
  readonly rule: string | null
  /** The commands that were run before it and after it, or were refused; null: there were none. */
  readonly details: { readonly pre: readonly ProgramResult[]; readonly post: readonly ProgramResult[] } | null
}
