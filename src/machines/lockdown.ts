import { assign, setup } from 'xstate'
import type { Statement } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { lockdownInWords, type Lockdown } from '../protocol/lockdown.ts'
import type { Origin } from '../protocol/principal.ts'

/**
 * LOCKDOWN: may anybody change anything? Supervision itself goes on, whatever it says.
 *
 *   lifted ──LOCK──▶ locked ──LIFT──▶ lifted           LOCK while locked: the new reason holds
 */

/** How things stand when the orchestrator starts; null: it is lifted. */
export interface LockdownInput {
  readonly lockdown: Lockdown | null
}

interface LockdownContext extends LockdownInput {
  readonly address: string
  readonly because: string | null
}

export type LockdownEvent =
  | { readonly type: 'LOCK'; readonly lockdown: Lockdown; readonly origin: Origin }
  | { readonly type: 'LIFT'; readonly by: string; readonly reason: string | null; readonly origin: Origin }

export const lockdownMachine = setup({
  types: {
    input: {} as LockdownInput,
    context: {} as LockdownContext,
    events: {} as LockdownEvent,
    tags: {} as Phase,
  },
  guards: { isLocked: ({ context }) => context.lockdown !== null },
  actions: {
    state: (_, _statement: Statement) => {},
    lock: assign((_, lockdown: Lockdown) => ({ lockdown, because: lockdownInWords(lockdown) })),
    lift: assign((_, by: string) => ({ lockdown: null, because: `lifted by ${by}` })),
  },
}).createMachine({
  id: 'lockdown',
  context: ({ input: { lockdown } }) => ({
    lockdown,
    address: addressOf('lockdown', 'fleet'),
    because: lockdown === null ? null : lockdownInWords(lockdown),
  }),
  initial: 'waking',
  states: {
    // Passed through within one step; the tag is for the law that each state has one.
    waking: { tags: 'handshake', always: [{ guard: 'isLocked', target: 'locked' }, { target: 'lifted' }] },
    lifted: {
      tags: 'reaped',
      on: {
        LOCK: {
          target: 'locked',
          actions: [
            { type: 'lock', params: ({ event }) => event.lockdown },
            { type: 'state', params: ({ event }) => lockedFact(event) },
          ],
        },
      },
    },
    locked: {
      tags: 'active',
      on: {
        LOCK: {
          actions: [
            { type: 'lock', params: ({ event }) => event.lockdown },
            { type: 'state', params: ({ event }) => lockedFact(event) },
          ],
        },
        LIFT: {
          target: 'lifted',
          actions: [
            { type: 'lift', params: ({ event }) => event.by },
            { type: 'state', params: ({ event }) => liftedFact(event) },
          ],
        },
      },
    },
  },
})

const lockedFact = ({ lockdown: { by, reason }, origin }: Extract<LockdownEvent, { type: 'LOCK' }>): Statement => ({
  type: 'system.lockdown',
  about: addressOf('supervisor', 'root'),
  because: reason === null ? 'locked down' : `locked down: ${reason}`,
  by,
  data: { on: true, reason, ...origin },
})

const liftedFact = ({ by, reason, origin }: Extract<LockdownEvent, { type: 'LIFT' }>): Statement => ({
  type: 'system.lockdown',
  about: addressOf('supervisor', 'root'),
  because: reason === null ? 'lifted' : `lifted: ${reason}`,
  by,
  data: { on: false, reason, ...origin },
})
