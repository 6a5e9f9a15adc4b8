import * as z from 'zod'
import { query, stream } from '../protocol/command.ts'
import { auditTypes, fact, type Fact } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import type { FactQuery } from '../protocol/journal.ts'
import { limits } from '../protocol/limits.ts'
import type { FleetView } from '../protocol/view.ts'
import { membersOf } from './names.ts'

const input = z.strictObject({
  services: z
    .array(z.string().min(1).max(limits.nameLength))
    .min(1)
    .max(limits.eventServices)
    .optional()
    .describe('only what is about these services, instances or groups, also those that are gone; without it, everything'),
  since: z.iso.datetime({ offset: true }).optional().describe('only what happened at this time or later'),
  audit: z.boolean().default(false).describe('only who did what, or was refused: commands, programs, logins, lockdowns'),
  limit: z.number().int().min(0).max(limits.eventsRead).default(100).describe('at most this many, the newest'),
})

const followInput = input.extend({
  after_seq: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('go on after the fact with this number: all that is kept of what came later, whatever the limit'),
})

/** Whom a name means: the service or group, which may be gone, and each of several. */
const meantBy = (view: FleetView, name: string) => [
  ...new Set([name, ...(membersOf(view, name) ?? [])].map((service) => addressOf('service', service))),
  addressOf('group', name),
]

const queryOf = (view: FleetView, { services, since, audit, limit }: z.output<typeof input>): FactQuery => ({
  limit,
  ...(audit ? { types: auditTypes } : {}),
  ...(since === undefined ? {} : { since: Date.parse(since) }),
  ...(services === undefined ? {} : { about: services.flatMap((name) => meantBy(view, name)) }),
})

export const eventsRead = query({
  name: 'events.read',
  summary: 'What happened, also in earlier runs: who asked what of whom, and why it restarted.',
  permission: 'fleet.read',
  errors: [],
  input,
  output: z.object({
    events: z.array(fact).describe('oldest first'),
    last_seq: z.number().int().describe('of the newest fact of all; events.follow goes on after it'),
    kept: z
      .object({
        facts: z.number().int(),
        bytes: z.number().int(),
        oldest: z.iso.datetime().nullable(),
        max_age_ms: z.number(),
        max_bytes: z.number(),
      })
      .describe('how much is remembered at all: older ones are forgotten'),
  }),
  async read(view: FleetView, given) {
    // Before the question: what happens meanwhile may be in the answer as well, and is told by its own number.
    const last = view.lastFact()
    const [events, kept] = await Promise.all([view.events(queryOf(view, given)), view.keptEvents()])
    const { facts, bytes, oldest, maxAge, maxBytes } = kept
    return {
      events: [...events],
      last_seq: Math.max(last, events.at(-1)?.seq ?? 0),
      kept: { facts, bytes, oldest, max_age_ms: maxAge, max_bytes: maxBytes },
    }
  },
})

export const eventsFollow = stream({
  name: 'events.follow',
  summary: 'What happened, and then what happens: none is left out, and none comes twice.',
  permission: 'fleet.read',
  errors: [],
  policy: 'all',
  resumable: {
    place: (_before, item) => String((item as Fact).seq),
    input: (place) => (/^\d{1,15}$/.test(place) ? { after_seq: Number(place) } : undefined),
  },
  input: followInput,
  output: fact,
  open: (view, { after_seq: after, ...given }) => ({
    source: 'facts',
    query: { ...queryOf(view, given), after },
    resume: after !== undefined,
  }),
})
