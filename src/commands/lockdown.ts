import * as z from 'zod'
import { asked, mutation } from '../protocol/command.ts'
import { addressOf } from '../protocol/ids.ts'
import { limits } from '../protocol/limits.ts'
import { originOf } from '../protocol/principal.ts'
import type { FleetView } from '../protocol/view.ts'

export const systemLockdown = mutation({
  name: 'system.lockdown',
  summary: 'Locks the fleet down: until that ends, every command that changes something is refused. Services are kept up.',
  permission: 'system.control',
  errors: ['shutting_down'],
  deadline: 30_000,
  idempotent: true,
  // In an emergency it holds even where it can't be written down.
  unrecorded: true,
  input: z.strictObject({
    on: z.boolean().describe('true: lock down; false: end it'),
    reason: z.string().max(limits.quotedText).optional().describe('for whoever is refused, and for the journal'),
    ...asked,
  }),
  output: z.object({
    on: z.boolean(),
    since: z.iso.datetime().nullable().describe('since when it is locked down; null: it is not'),
    by: z.string().nullable(),
    reason: z.string().nullable(),
  }),
  plan(view, { on, reason: given }, { principal, time }) {
    const address = addressOf('lockdown', 'fleet')
    const reason = given === undefined || given.trim() === '' ? null : given.trim()
    const { name: by } = principal
    const origin = originOf(principal)
    const before = view.supervisor().lockdown
    const lock = { type: 'LOCK', lockdown: { since: before?.since ?? time, by, reason }, origin }
    // What is as it should be already is not stated a second time.
    const same = on ? before !== null && reason === before.reason : before === null
    const answer = (now: FleetView) => {
      const { since = null, by: who = null, reason: why = null } = now.supervisor().lockdown ?? {}
      return { on: since !== null, since, by: who, reason: why }
    }
    return {
      what: `system.lockdown ${on ? 'on' : 'off'}`,
      tell: same ? [] : [{ to: address, event: on ? lock : { type: 'LIFT', by, reason, origin } }],
      watch: [address],
      settled: (now) => ((now.supervisor().lockdown !== null) === on ? answer(now) : undefined),
      accepted: answer,
    }
  },
})
