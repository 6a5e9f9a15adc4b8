import * as z from 'zod'
import { groupStrategies } from '../protocol/group.ts'
import { block } from './fields.ts'
import { backoffFields, maxRestarts } from './service-schema.ts'

/** A group as it is written. */

const inherited = "Default: the supervisor's."

export const groupSchema = block({
  strategy: z
    .enum(groupStrategies)
    .describe(
      'What is restarted when a member ends: one_for_one that member alone, one_for_all every member, rest_for_one that member and those behind it.',
    ),
  services: z
    .array(z.string({ error: 'the name of a service' }))
    .refine((names) => names.length > 0, { error: 'a list with at least one service' })
    .meta({ minItems: 1 })
    .describe('Its members, in the order in which they are started. A service is in one group at most.'),
  max_restarts: maxRestarts
    .optional()
    .describe(`Restarts of the whole within the window before it is given up, or unlimited. ${inherited}`),
  window: backoffFields.window.describe(`The time in which max_restarts counts. A number means seconds. ${inherited}`),
  restart: block({
    delay: backoffFields.delay.describe(
      `Before the first restart of an unstable group. A number means milliseconds. ${inherited}`,
    ),
    max_delay: backoffFields.max_delay.describe(`The longest delay. A number means milliseconds. ${inherited}`),
    backoff: backoffFields.backoff.describe(`Each delay is this many times the one before. ${inherited}`),
    jitter: backoffFields.jitter.describe(`Up to this share is added to a delay, at random. ${inherited}`),
    stable_uptime: backoffFields.stable_uptime.describe(
      `All members ready for this long = stable: counting begins anew. A number means seconds. ${inherited}`,
    ),
  })
    .optional()
    .describe("How restarts of the whole are spaced, where it differs from the supervisor's restart block."),
})
