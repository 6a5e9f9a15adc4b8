import { assign, sendTo, setup } from 'xstate'
import type { ConversationCommand, ConversationFact, ConversationInput } from '../protocol/conversation.ts'
import { formatDuration } from '../protocol/duration.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { limits } from '../protocol/limits.ts'
import { port } from './port.ts'

/**
 * CONNECTION: one client. The bytes, the dialect and the calls live in the `conversation` actor; what reaches the
 * statechart is who it is and that it has gone.
 *
 *   authenticating ──proved──▶ open ──CLOSE──▶ closing ──▶ closed
 *         └── after 5 s ───────────────────────▲
 */

export const connectionMachine = setup({
  types: {
    input: {} as ConversationInput,
    context: {} as ConversationInput & { readonly address: string; readonly because: string | null },
    events: {} as ConversationFact | { readonly type: 'CLOSE'; readonly because: string },
    output: {} as string | null,
    tags: {} as Phase,
  },
  actors: { conversation: port<ConversationCommand, ConversationInput>('conversation') },
  guards: { isKnown: ({ context }) => context.principal !== null },
  delays: { authenticationTime: limits.authenticationTime },
  actions: {
    close: sendTo('conversation', (_, because: string) => ({ type: 'conversation.close' as const, because })),
  },
}).createMachine({
  id: 'connection',
  context: ({ input }) => ({
    ...input,
    address: addressOf('connection', input.id),
    because: input.principal?.name ?? input.peer,
  }),
  invoke: {
    id: 'conversation',
    src: 'conversation',
    input: ({ context: { id, listener, link, peer, dialect, principal } }) => ({ id, listener, link, peer, dialect, principal }),
    onError: { target: '.closed', actions: assign({ because: ({ event }) => String(event.error) }) },
  },
  on: {
    'conversation.closed': { target: '.closed', actions: assign({ because: ({ event }) => event.because }) },
  },
  initial: 'authenticating',
  states: {
    authenticating: {
      tags: 'handshake',
      on: {
        'conversation.authenticated': {
          target: 'open',
          actions: assign({ principal: ({ event }) => event.principal, because: ({ event }) => event.principal.name }),
        },
        CLOSE: { target: 'closing', actions: { type: 'close', params: ({ event }) => event.because } },
      },
      after: {
        authenticationTime: {
          target: 'closing',
          actions: { type: 'close', params: `not authenticated within ${formatDuration(limits.authenticationTime)}` },
        },
      },
      always: { guard: 'isKnown', target: 'open' },
    },
    open: {
      tags: 'active',
      on: { CLOSE: { target: 'closing', actions: { type: 'close', params: ({ event }) => event.because } } },
    },
    closing: { tags: 'active' },
    closed: { tags: 'reaped', type: 'final' },
  },
  output: ({ context }) => context.because,
})
