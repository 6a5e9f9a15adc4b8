import { assign, setup } from 'xstate'
import { formatDuration } from '../protocol/duration.ts'
import type { Statement } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { limits } from '../protocol/limits.ts'
import type { LoginEvent, LoginInput } from '../protocol/login.ts'

/**
 * LOGIN: a ticket that lets in once, and what becomes of it. The ticket itself, and the token that it is given for, are not here.
 *
 *   issued ──USED──▶ inUse ───────── END ─────▶ ended       each end but by time also from issued and opening
 *     │  └─USED once─▶ opening ──CARRIED──▶ inUse ──DROPPED──▶ ended
 *     └── after 1 min ──▶ expired ◀── after 12 h ── inUse        REVOKED ▶ revoked · REPLACED ▶ replaced
 */

interface LoginContext extends LoginInput {
  readonly address: string
  readonly because: string | null
  /** Who ended it, where somebody did. */
  readonly endedBy: string | null
}

const inTime = (ms: number, what: string): string => `${what} within ${formatDuration(ms)}`

export const loginMachine = setup({
  types: {
    input: {} as LoginInput,
    context: {} as LoginContext,
    events: {} as LoginEvent,
    output: {} as string | null,
    tags: {} as Phase,
  },
  delays: { ticketTime: limits.ticketTime, sessionTime: limits.sessionTime },
  actions: {
    state: (_, _statement: Statement) => {},
    /** Its secret is worth nothing from now on. */
    over: (_, _end: { readonly id: string; readonly because: string }) => {},
    ends: assign((_, { because, by }: { because: string; by: string | null }) => ({ because, endedBy: by })),
  },
}).createMachine({
  id: 'login',
  context: ({ input }) => ({ ...input, address: addressOf('login', input.id), because: `made by ${input.by}`, endedBy: null }),
  entry: {
    type: 'state',
    params: ({ context: { address, role, by, from } }) => ({
      type: 'access.ticket',
      about: address,
      because: `lets in once, as ${role}`,
      by,
      data: { role, ...from },
    }),
  },
  on: {
    END: {
      target: '.ended',
      actions: {
        type: 'ends',
        params: ({ context, event }) => ({ because: `ended by ${event.by ?? context.name}`, by: event.by ?? context.name }),
      },
    },
    REVOKED: { target: '.revoked', actions: { type: 'ends', params: ({ event }) => ({ because: event.because, by: null }) } },
    REPLACED: {
      target: '.replaced',
      actions: { type: 'ends', params: { because: 'there were too many logins; this one was unused for longest', by: null } },
    },
  },
  initial: 'issued',
  states: {
    issued: {
      tags: 'handshake',
      on: {
        USED: [
          {
            guard: ({ event }) => event.once,
            target: 'opening',
            actions: { type: 'state', params: ({ context, event }) => usedFact(context, event) },
          },
          { target: 'inUse', actions: { type: 'state', params: ({ context, event }) => usedFact(context, event) } },
        ],
      },
      after: {
        ticketTime: {
          target: 'expired',
          actions: { type: 'ends', params: { because: inTime(limits.ticketTime, 'it was not used'), by: null } },
        },
      },
    },
    opening: {
      tags: 'active',
      on: { CARRIED: 'inUse' },
      after: {
        ticketTime: {
          target: 'ended',
          actions: { type: 'ends', params: { because: inTime(limits.ticketTime, 'there was no connection'), by: null } },
        },
      },
    },
    inUse: {
      tags: 'active',
      entry: assign({ because: ({ context }) => `${context.name} is in` }),
      on: {
        DROPPED: { target: 'ended', actions: { type: 'ends', params: { because: 'its connection has gone', by: null } } },
      },
      after: {
        sessionTime: {
          target: 'expired',
          actions: { type: 'ends', params: { because: `its ${formatDuration(limits.sessionTime)} are over`, by: null } },
        },
      },
    },
    expired: { tags: 'reaped', type: 'final' },
    ended: { tags: 'reaped', type: 'final' },
    revoked: { tags: 'reaped', type: 'final' },
    replaced: { tags: 'reaped', type: 'final' },
  },
  exit: [
    {
      type: 'state',
      params: ({ context: { address, because, endedBy, role } }) => ({
        type: 'access.loginEnded',
        about: address,
        because,
        by: endedBy,
        data: { role },
      }),
    },
    { type: 'over', params: ({ context: { id, because } }) => ({ id, because: because ?? 'it has ended' }) },
  ],
  output: ({ context }) => context.because,
})

const usedFact = ({ address, name, role }: LoginContext, { from, once }: Extract<LoginEvent, { type: 'USED' }>): Statement => ({
  type: 'access.login',
  about: address,
  because: once ? `as ${role}, for one connection` : `as ${role}`,
  by: name,
  data: { role, ...from },
})
