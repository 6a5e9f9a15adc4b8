import * as z from 'zod'
import { asked, mutation, query, stream } from '../protocol/command.ts'
import { HyphaeError } from '../protocol/errors.ts'
import { parseAddress, type Kind } from '../protocol/ids.ts'
import { didYouMean, nearest } from '../protocol/nearest.ts'
import { isWithin } from '../protocol/principal.ts'
import { publicEvents, publicEventTypes } from '../protocol/public-events.ts'
import { limits } from '../protocol/limits.ts'
import { actorStatus, watchItem, type WatchItem } from '../protocol/status.ts'
import type { FleetView } from '../protocol/view.ts'
import { membersOf } from './names.ts'

const address = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: 'the address of an actor', examples: ['service.web'] })

const count = z.number().int().min(0)

/** Events that would start something. */
const startingEvents = new Set(['START', 'RESTART'])

function knownActor(view: FleetView, at: string) {
  const found = view.actor(at)
  if (found !== undefined) return found
  const addresses = Array.from(view.actors(), (actor) => actor.address)
  // Whoever gives a bare name means what is called so, or the first of several.
  const named = [at, membersOf(view, at)?.[0] ?? at].flatMap((name) => [`group.${name}`, `service.${name}`])
  const near = named.find((address) => addresses.includes(address)) ?? nearest(at, addresses)
  throw new HyphaeError('not_found', `there is no actor "${at}"${didYouMean(near)}`, {
    field: 'to',
    got: at,
    nearest: near ?? null,
  })
}

export const actorList = query({
  name: 'actor.list',
  summary: 'Every live actor, with its phase, state and reason.',
  permission: 'fleet.read',
  errors: [],
  input: z.strictObject({
    kind: z.string().optional().describe('only this kind'),
    phase: z.enum(['handshake', 'active', 'reaped']).optional().describe('only this phase'),
  }),
  output: z.object({ actors: z.array(actorStatus) }),
  read(view, { kind, phase }) {
    const actors = [...view.actors()].filter(
      (actor) => (kind === undefined || actor.kind === kind) && (phase === undefined || actor.phase === phase),
    )
    return { actors: actors.sort((a, b) => (a.address < b.address ? -1 : 1)) }
  },
})

export const actorGet = query({
  name: 'actor.get',
  summary: 'One actor, also one that was reaped and is remembered.',
  permission: 'fleet.read',
  errors: ['not_found'],
  input: z.strictObject({ address }),
  output: actorStatus,
  read: (view, { address }) => knownActor(view, address),
})

export const actorSend = mutation({
  name: 'actor.send',
  summary: 'Sends an actor one of the events that its public schema lists.',
  permission: 'actor.send',
  errors: ['not_found', 'not_accepted', 'forbidden'],
  deadline: 5_000,
  idempotent: false,
  whileStopping: true,
  input: z.strictObject({
    to: address,
    event: z
      .looseObject({ type: z.string().min(1).max(100) })
      .meta({ description: 'an event of the public schema of its kind', examples: [{ type: 'START' }] }),
    ...asked,
  }),
  output: z.object({ actor: actorStatus, sent: z.string() }),
  plan(view, { to, event }, context) {
    const target = knownActor(view, to)
    const { kind } = parseAddress(to)
    const types = publicEventTypes(kind)
    const schema = publicEvents[kind as Kind]
    if (schema === undefined || !types.includes(event.type)) {
      const takes = types.length === 0 ? 'takes no events from outside' : `takes ${types.join(', ')}`
      throw new HyphaeError('not_accepted', `${to} ${takes}; got "${event.type}"`, {
        field: 'event.type',
        expected: types,
        got: event.type,
      })
    }
    const role = view.loginRole(to)
    if (role !== null && !isWithin(role, context.principal.role)) {
      const message = `${to} lets in as ${role}, who may do more than you, who are ${context.principal.role}`
      throw new HyphaeError('forbidden', message, { field: 'to', rule: 'role', got: to })
    }
    const parsed = schema.safeParse(event)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      throw new HyphaeError(
        'invalid_params',
        issue === undefined ? 'event' : `${['event', ...issue.path].join('.')}: ${issue.message}`,
        {
          field: ['event', ...(issue?.path ?? [])].join('.'),
        },
      )
    }
    if (view.supervisor().status === 'stopping' && startingEvents.has(event.type)) {
      throw new HyphaeError('shutting_down', `the orchestrator is stopping; ${event.type} is not taken any more`)
    }
    const held = event.type === 'RESTART' && kind === 'service' ? (view.serviceDetail(parseAddress(to).key)?.op ?? null) : null
    if (held !== null)
      throw new HyphaeError('busy', `${to} is busy with restart.${held.id}, asked for by ${held.by}`, { operation: held })
    const stamped = {
      ...(parsed.data as { type: string }),
      by: context.principal.name,
      request: context.request,
      at: context.now,
    }
    if (!target.live || !view.accepts(to, stamped)) {
      const now = target.accepts.length === 0 ? 'nothing' : target.accepts.join(', ')
      throw new HyphaeError('not_accepted', `${to} is ${target.state} and does not take ${event.type} now; it takes ${now}`, {
        field: 'event.type',
        state: target.state,
        expected: target.accepts,
        got: event.type,
      })
    }
    const answer = (now: FleetView) => ({ actor: now.actor(to) ?? target, sent: event.type })
    return { what: `actor.send ${event.type}`, tell: [{ to, event: stamped }], watch: [], settled: answer, accepted: answer }
  },
})

export const actorWatch = stream({
  name: 'actor.watch',
  summary: 'Every actor now (or what changed since an earlier watch), then each change of one as it happens.',
  permission: 'fleet.read',
  errors: [],
  policy: 'newest',
  resumable: {
    place(before, item) {
      const told = item as WatchItem
      if (told.type === 'begin') return [told.run, told.seq, told.fact].join(':')
      const [run = '', seq = '', last = ''] = before?.split(':') ?? []
      return told.type === 'fact' ? [run, seq, told.fact.seq].join(':') : [run, told.seq, last].join(':')
    },
    input(place) {
      const [, run = '', seq, last] = /^([^:]+):(\d{1,15}):(\d{1,15})$/.exec(place) ?? []
      return run === '' ? undefined : { after: { run, seq: Number(seq), fact: Number(last) } }
    },
  },
  input: z.strictObject({
    filter: z.string().optional().describe('an address, or the beginning of some: "service.", "service.web"'),
    facts: z.boolean().default(false).describe('also what happened, with reasons'),
    after: z
      .strictObject({
        run: z.string().max(limits.nameLength).describe('as the last begin said'),
        seq: count.describe('of the last item with one, begin included'),
        fact: count.optional().describe('of the last fact, or of begin where none came; without it, facts from now on'),
      })
      .optional()
      .describe('go on where an earlier watch ended; begin tells whether that is possible'),
  }),
  output: watchItem,
  open: (_view, { filter, facts, after }) => ({ source: 'actors', filter: filter ?? null, facts, after: after ?? null }),
})
