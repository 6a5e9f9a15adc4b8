import { assign, setup } from 'xstate'
import type { FactType, Statement } from '../protocol/facts.ts'
import type { DeliveryEnded, HookEvent, PlaceFact } from '../protocol/hook.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { limits } from '../protocol/limits.ts'
import { port } from './port.ts'

/**
 * HOOK: one event on its way to somebody outside. Where it goes is not for the chart: that may be a secret.
 *
 *   queued ──place.given──▶ sending ──delivery.ended──▶ delivered
 *      │                     ▲   │ └── no try is left, or none would do better ──▶ failed
 *      │             backoff │   ▼
 *      │                    waiting
 *      └──place.lost──▶ dropped
 */

export interface HookInput {
  readonly id: string
  readonly hook: string
  readonly event: HookEvent
  /** null: it is about no service. */
  readonly service: string | null
  readonly retries: number
  /** ms. */
  readonly delay: number
}

interface HookContext extends HookInput {
  readonly address: string
  readonly tries: number
  readonly because: string
  readonly outcome: HookOutput['outcome']
}

/** What `hook.<id>` ends with. */
export interface HookOutput {
  readonly hook: string
  readonly event: HookEvent
  readonly outcome: 'delivered' | 'failed' | 'dropped'
  readonly tries: number
  readonly because: string
}

const inWords = ({ hook, event, service }: HookInput): string => `${hook}: ${event}${service === null ? '' : ` of ${service}`}`

const told =
  (type: FactType) =>
  ({ context: { address, hook, event, service, tries, because } }: { context: HookContext }): Statement => ({
    type,
    about: address,
    because,
    data: { hook, event, service, tries },
  })

export const hookMachine = setup({
  types: {
    input: {} as HookInput,
    context: {} as HookContext,
    events: {} as DeliveryEnded | PlaceFact,
    output: {} as HookOutput,
    tags: {} as Phase,
  },
  actors: {
    place: port<{ type: 'place.none' }, { readonly id: string }>('place'),
    delivery: port<{ type: 'delivery.none' }, { readonly id: string }>('delivery'),
  },
  delays: { backoff: ({ context: { delay, tries } }) => Math.min(delay * 2 ** (tries - 1), limits.hookDelay) },
  guards: {
    isDelivered: (_, { because }: DeliveryEnded) => because === null,
    mayTryAgain: ({ context: { tries, retries } }, { again }: DeliveryEnded) => again && tries <= retries,
  },
  actions: {
    state: (_, _statement: Statement) => {},
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    end: assign({ outcome: (_, outcome: HookOutput['outcome']) => outcome }),
    explain: assign({ because: ({ context }, why: string) => `${inWords(context)}: ${why}` }),
  },
}).createMachine({
  id: 'hook',
  context: ({ input }) => ({
    ...input,
    address: addressOf('hook', input.id),
    tries: 0,
    because: inWords(input),
    outcome: 'failed' as const,
  }),
  initial: 'open',
  states: {
    open: {
      // Kept until it is over: those behind it wait, so that they arrive in order.
      invoke: {
        id: 'place',
        src: 'place',
        input: ({ context: { id } }) => ({ id }),
        onError: { target: 'failed', actions: { type: 'explain', params: ({ event }) => String(event.error) } },
      },
      initial: 'queued',
      states: {
        queued: {
          tags: 'handshake',
          on: {
            'place.given': 'sending',
            'place.lost': { target: '#hook.dropped', actions: { type: 'explain', params: ({ event }) => event.because } },
          },
        },
        sending: {
          tags: 'active',
          entry: 'countTry',
          invoke: {
            id: 'delivery',
            src: 'delivery',
            input: ({ context: { id } }) => ({ id }),
            onError: { target: '#hook.failed', actions: { type: 'explain', params: ({ event }) => String(event.error) } },
          },
          on: {
            'delivery.ended': [
              {
                guard: { type: 'isDelivered', params: ({ event }) => event },
                target: '#hook.delivered',
                actions: { type: 'explain', params: 'delivered' },
              },
              {
                guard: { type: 'mayTryAgain', params: ({ event }) => event },
                target: 'waiting',
                actions: { type: 'explain', params: ({ event }) => `${event.because}; it is tried again` },
              },
              { target: '#hook.failed', actions: { type: 'explain', params: ({ event }) => event.because ?? '' } },
            ],
          },
        },
        waiting: { tags: 'handshake', after: { backoff: 'sending' } },
      },
    },
    delivered: {
      tags: 'reaped',
      type: 'final',
      entry: [
        { type: 'end', params: 'delivered' },
        { type: 'state', params: told('hook.delivered') },
      ],
    },
    failed: { tags: 'reaped', type: 'final', entry: { type: 'state', params: told('hook.failed') } },
    // Of hundreds one fact is stated, by whoever drops them.
    dropped: { tags: 'reaped', type: 'final', entry: { type: 'end', params: 'dropped' } },
  },
  output: ({ context: { hook, event, outcome, tries, because } }) => ({ hook, event, outcome, tries, because }),
})
