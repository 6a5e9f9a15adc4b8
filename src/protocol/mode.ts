import * as z from 'zod'
import type { ErrorCode } from './errors.ts'
import type { ReadConfig } from './reload.ts'

/** The vocabulary of modes: what a config says of each, which is in force and why, and what a switch does. */

/** Programs find their mode in it. */
export const modeVariable = 'MAGICTUNNEL_RUNTIME_MODE'

const features = {
  available_features: z.array(z.string()).describe('what a user interface shows in it'),
  hidden_features: z.array(z.string()).describe('what it does not show'),
}

export const modeEntry = z.object({
  name: z.string(),
  description: z.string().nullable(),
  services: z.array(z.string()).describe('what runs in it, in the order of the config'),
  ...features,
})
export type ModeEntry = z.infer<typeof modeEntry>

export const modeSources = ['flag', 'environment', 'file', 'switched', 'none'] as const
export type ModeSource = (typeof modeSources)[number]

/** What `system.mode` answers. */
export const modeAnswer = z.object({
  mode: z.string().nullable().describe('the mode in force; null: none'),
  source: z.enum(modeSources).describe('who said so; switched: by a command, until the fleet is shut down'),
  description: z.string().nullable(),
  ...features,
  modes: z.array(modeEntry).describe('every mode that the config knows'),
})
export type ModeAnswer = z.infer<typeof modeAnswer>

/** What a config says of modes, beside the services of the one in force. */
export interface ConfigModes {
  readonly all: readonly ModeEntry[]
  readonly source: ModeSource
  /** The same config in another of its modes. Throws a HyphaeError `invalid_params` where it has something wrong there. */
  in(mode: string): ReadConfig
}

/** What the journal keeps of the mode: the one that a command asked for last. */
export const modeRecord = z.object({ format: z.literal(1), mode: z.string(), by: z.string() })
export type ModeRecord = z.infer<typeof modeRecord>

/** What a switch does to which services; in the order of the config. */
export interface SwitchPlan {
  /** null: none. */
  readonly from: string | null
  readonly mode: string
  readonly stops: readonly string[]
  readonly restarts: readonly string[]
  readonly starts: readonly string[]
}

/** The ways of a switch: to the mode that was asked for, or back to the one that worked. */
export const switchWays = ['there', 'back'] as const
export type SwitchWay = (typeof switchWays)[number]

export const switchSteps = ['stopping', 'changing', 'verifying'] as const
export type SwitchStep = (typeof switchSteps)[number]

/** Why nothing was done, as a caller is told. */
export interface SwitchRefusal {
  readonly code: ErrorCode
  readonly message: string
  readonly data: Readonly<Record<string, unknown>>
}

/** The result of `switch.<id>`. */
export interface SwitchResult {
  readonly outcome: 'done' | 'failed' | 'busy' | 'cancelled'
  readonly because: string | null
  readonly plan: SwitchPlan | null
  /** It failed, and the mode before is in force again, with everything in it as it was. */
  readonly rolledBack: boolean
  /** From when it was asked for to its end, ms. */
  readonly elapsed: number
  /** Nothing was begun. */
  readonly refusal: SwitchRefusal | null
}
