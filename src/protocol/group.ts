import * as z from 'zod'
import { phaseSchema, type RestartSpacing } from './service.ts'

/** The vocabulary of a group: services that are restarted together, as a supervisor's strategy says. */

export const groupStrategies = ['one_for_one', 'one_for_all', 'rest_for_one'] as const
export type GroupStrategy = (typeof groupStrategies)[number]

/** What the user asked for, resolved. Data only. */
export interface GroupSpec {
  readonly name: string
  readonly strategy: GroupStrategy
  /** Its members, in the order in which they are started. */
  readonly services: readonly string[]
  /** How restarts of the whole are spaced and counted; without effect on one_for_one. */
  readonly restart: RestartSpacing
}

/** The events that anyone with the permission may send to a group. */
export const groupEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('START') }).describe('Start its members, in order; also after it gave up.'),
  z.strictObject({ type: z.literal('STOP') }).describe('Stop its members.'),
  z
    .strictObject({ type: z.literal('RESTART') })
    .describe('Stop its members in reverse order, then start them in order, each ready before the next; free of the budget.'),
])

export type GroupCommand =
  | {
      readonly type: 'START' | 'STOP' | 'RESTART'
      readonly by?: string | undefined
      /** The id that the caller gave the request. */
      readonly request?: string | undefined
    }
  /** The config says so now. */
  | { readonly type: 'CONFIGURE'; readonly spec: GroupSpec }
  /** It is not in the config any more, or the fleet ends. Its members are left as they are. */
  | { readonly type: 'REMOVE' }

/** One group as `status --json` shows it. */
export const groupStatus = z.object({
  strategy: z.enum(groupStrategies),
  state: z.string().describe('the statechart state: watching, holding, backingOff, releasing, stopping, failed'),
  phase: phaseSchema,
  members: z.array(z.string()).readonly().describe('in the order in which they are started'),
  restart_count: z.number().int().describe('how often it was restarted as a whole, by itself or on request'),
  reason: z.string().nullable().describe('why it is in that state'),
})
export type GroupStatus = z.infer<typeof groupStatus>

/** What the journal keeps of a group: what it needs to go on counting, and whether it gave up. */
export const groupRecord = z.object({
  format: z.literal(1),
  group: z.string(),
  outcome: z.literal('failed').nullable(),
  because: z.string().nullable(),
  restartCount: z.number().int(),
  history: z.object({ restarts: z.array(z.number()), streak: z.number().int() }),
  /** Names the boot of the machine that monotonic times belong to. */
  boot: z.string(),
})
export type GroupRecord = z.infer<typeof groupRecord>
