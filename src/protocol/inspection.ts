import * as z from 'zod'
import { phaseSchema } from './service.ts'

/**
 * What the inspector is told: every actor of the system, the charts they follow, and a numbered record of whatever happens to one.
 * Values under names like env, token or password are left out before anything leaves the process.
 *
 * A step tells what it was and what it is, so a reader can fold records forwards and backwards from any present.
 */

const seq = z.number().int().min(0).describe('the number of this record in this run; it grows by one')
const at = z.number().describe('when, wall clock, ms since 1970')
const actorId = z.string().describe('of one actor in one run: XState gives it')

/** A transition of a chart. */
export const chartEdge = z.object({
  id: z.string().describe('`<id of its source>#<number>`; steps name edges so'),
  type: z.string().describe('the event as XState names it; empty: always'),
  label: z.string().describe('the same for people: `RESTART`, `after grace`, `process ended`, `always`'),
  guard: z.string().nullable(),
  actions: z.array(z.string()),
  targets: z.array(z.string()).describe('ids of nodes; empty: it stays, and only its actions run'),
})
export type ChartEdge = z.infer<typeof chartEdge>

export interface ChartNode {
  readonly id: string
  readonly key: string
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  /** The key of the state that it begins in. */
  readonly initial: string | null
  readonly tags: readonly string[]
  readonly entry: readonly string[]
  readonly exit: readonly string[]
  readonly invoke: ReadonlyArray<{ readonly id: string; readonly src: string }>
  readonly edges: readonly ChartEdge[]
  readonly states: readonly ChartNode[]
}

export const chartNode: z.ZodType<ChartNode> = z
  .lazy(() =>
    z.object({
      id: z.string(),
      key: z.string(),
      type: z.enum(['atomic', 'compound', 'parallel', 'final', 'history']),
      initial: z.string().nullable(),
      tags: z.array(z.string()),
      entry: z.array(z.string()),
      exit: z.array(z.string()),
      invoke: z.array(z.object({ id: z.string(), src: z.string() })),
      edges: z.array(chartEdge),
      states: z.array(chartNode),
    }),
  )
  .meta({ id: 'ChartNode' })

/** A machine as it can be drawn. Actors of the same machine have the same one. */
export const chart = z.object({
  hash: z.string().describe('names it, by what is in it'),
  root: chartNode,
})
export type Chart = z.infer<typeof chart>

/** One actor. Of what has an address the name is the end of it, and is left out. */
export const actorRow = z.object({
  id: actorId,
  address: z.string().optional().describe('absent: it is a part of another actor'),
  name: z.string().optional().describe('what its parent calls it, where it has no address'),
  parent: actorId.optional(),
  chart: z.string().optional().describe('the hash of its chart; absent: it is no machine'),
  logic: z.string().optional().describe('what it is where it is no machine: callback, promise, observable, transition, other'),
  phase: phaseSchema.optional(),
  state: z.string().optional().describe('nested ones joined by dots, regions by commas'),
  since: at.describe('when it entered that state'),
  events: z.number().int().describe('how many it was sent'),
  reason: z.string().optional().describe('why it is in that state, where it says so'),
  end: z.enum(['done', 'error', 'stopped']).optional().describe('how it ended; absent: it is live'),
})
export type ActorRow = z.infer<typeof actorRow>

/** By the name of what changed in its context: before and after. Long values are summed up in a text. */
const changes = z.record(z.string(), z.tuple([z.unknown(), z.unknown()]))

export const inspectionRecord = z.discriminatedUnion('type', [
  z.object({ type: z.literal('actor'), seq, at, actor: actorRow }).describe('there is a new one'),
  z
    .object({
      type: z.literal('event'),
      seq,
      at,
      to: actorId,
      from: actorId.optional().describe('absent: from outside'),
      event: z.string().describe('its type'),
      payload: z.unknown().optional().describe('the rest of it'),
      dead: z.literal(true).optional().describe('it went to one that had ended'),
    })
    .describe('an event was sent'),
  z
    .object({
      type: z.literal('step'),
      seq,
      at,
      actor: actorId,
      of: z.number().int().optional().describe('the record of the event that it follows from'),
      event: z.string(),
      edges: z.array(z.string()).describe('the transitions that were taken, in their order'),
      was: actorRow.pick({ phase: true, state: true, since: true, reason: true }),
      is: actorRow.pick({ phase: true, state: true, since: true, reason: true }),
      changes: changes.optional(),
    })
    .describe('an actor took an event'),
  z
    .object({ type: z.literal('ignored'), seq, at, actor: actorId, of: z.number().int().optional(), event: z.string() })
    .describe('its state does not take this event, or no guard let it'),
  z
    .object({
      type: z.literal('ended'),
      seq,
      at,
      actor: actorRow.describe('as it was last'),
      context: z.unknown().optional(),
      output: z.unknown().optional(),
    })
    .describe('it is no more'),
  z
    .object({ type: z.literal('named'), seq, at, actor: actorId, was: z.string().optional(), is: z.string() })
    .describe('it has got an address, or another one'),
])
export type InspectionRecord = z.infer<typeof inspectionRecord>

/**
 * One thing that `inspection.watch` tells. `begin` comes first; where it is not resumed, forget what you know: `actors` tell everybody
 * there is at `begin.seq`, and `records` up to that number, if any, how it came to be so. Later records go on from there. Another
 * `begin` may come at any time, when the reader was too slow for every record.
 */
export const inspectionItem = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('begin'),
    run: z.string().describe('numbers mean something only within one run of the orchestrator'),
    seq,
    at,
    resumed: z.boolean(),
    actors: z.number().int().describe('how many will be told'),
  }),
  z.object({ type: z.literal('actors'), actors: z.array(actorRow) }),
  z.object({ type: z.literal('records'), records: z.array(inspectionRecord).describe('oldest first') }),
])
export type InspectionItem = z.infer<typeof inspectionItem>

/** The contexts of some actors, at one moment. */
export const inspectedContexts = z.object({
  seq: seq.describe('what they hold is what stands after this record'),
  contexts: z.array(z.object({ id: actorId, context: z.unknown() })),
  left_out: z.number().int().describe('of those asked for: gone, no machines, or too much for one answer'),
})
export type InspectedContexts = z.infer<typeof inspectedContexts>
