import * as z from 'zod'
import { query } from '../protocol/command.ts'
import { publicEvents } from '../protocol/public-events.ts'

/** Events that end something that runs, if only for a moment, or cut somebody off. */
const stopping = new Set(['STOP', 'RESTART', 'KILL', 'END'])

export const actorEvents = query({
  name: 'actor.events',
  summary: 'The events that actors take from outside, by kind: what each does and needs.',
  permission: 'fleet.read',
  errors: [],
  input: z.strictObject({}),
  output: z.object({
    events: z.array(
      z.object({
        kind: z.string(),
        type: z.string(),
        description: z.string(),
        schema: z.record(z.string(), z.unknown()).describe('JSON Schema of the event'),
        stops: z.boolean().describe('it ends something that runs: worth a question first'),
      }),
    ),
  }),
  read: () => ({
    events: Object.entries(publicEvents).flatMap(([kind, union]) =>
      union.options.flatMap((option) => {
        const event = option as z.ZodObject<{ type: z.ZodLiteral<string> }>
        const schema: Record<string, unknown> = { ...z.toJSONSchema(event) }
        return Array.from(event.shape.type.values, (type) => ({
          kind,
          type,
          description: event.description ?? '',
          schema,
          stops: stopping.has(type),
        }))
      }),
    ),
  }),
})
