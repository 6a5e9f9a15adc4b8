import { assign, setup } from 'xstate'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import type { RotationFact } from '../protocol/rotation.ts'
import { port } from './port.ts'

/**
 * ROTATION: keeps the logs of all services within their sizes, and notes when they grew.
 *
 *   opening ──opened──▶ watching ◀──ended, none left── rotating        any: the keeper itself fails ──▶ closed ──OPEN──▶ opening
 *                        │    └────────began──────────▲   │
 *                        └──failed──▶ blocked ◀──failed───┘
 *                                      └──began (it is tried again)──▶ rotating
 */

interface RotationContext {
  readonly address: string
  /** The services whose logs are being rotated. */
  readonly under: readonly string[]
  /** Why a log can't be rotated now: the first of those, and how many more there are; null: all can. */
  readonly blocked: string | null
  /** Archives made so far. */
  readonly archives: number
  readonly because: string | null
}

type Ended = Extract<RotationFact, { type: 'rotation.ended' }>
type Failed = Extract<RotationFact, { type: 'rotation.failed' }>

const counted = (archives: number): string => `${archives} ${archives === 1 ? 'archive' : 'archives'} made so far`

export const rotationMachine = setup({
  types: {
    context: {} as RotationContext,
    events: {} as RotationFact | { readonly type: 'OPEN' },
    tags: {} as Phase,
  },
  actors: { keeper: port<{ type: 'keeper.none' }, { readonly rotation: string }>('keeper') },
  guards: {
    isLast: ({ context: { under } }, service: string) => under.every((one) => one === service),
    isBlocked: (_, { blocked }: Ended) => blocked !== null,
  },
  actions: {
    begin: assign(({ context: { under } }, service: string) => ({
      under: [...under, service],
      because: `rotating the log of ${[...under, service].join(', ')}`,
    })),
    end: assign(({ context: { under, archives } }, { service, archives: made, blocked }: Ended) => ({
      under: under.filter((one) => one !== service),
      archives: archives + made,
      blocked,
      because: blocked ?? counted(archives + made),
    })),
    fail: assign(({ context: { under } }, { service, blocked }: Failed) => ({
      under: under.filter((one) => one !== service),
      blocked,
      because: blocked,
    })),
    forget: assign({ under: [], blocked: null }),
  },
}).createMachine({
  id: 'rotation',
  context: { address: addressOf('rotation', 'logs'), under: [], blocked: null, archives: 0, because: null },
  initial: 'open',
  states: {
    open: {
      invoke: {
        id: 'keeper',
        src: 'keeper',
        input: ({ context }) => ({ rotation: context.address }),
        onError: { target: 'closed', actions: assign({ because: ({ event }) => String(event.error) }) },
      },
      initial: 'opening',
      states: {
        opening: { tags: 'handshake', on: { 'rotation.opened': 'watching' } },
        watching: { tags: 'active' },
        blocked: { tags: 'active' },
        rotating: {
          tags: 'active',
          on: {
            'rotation.ended': [
              {
                guard: { type: 'isBlocked', params: ({ event }) => event },
                target: 'blocked',
                actions: { type: 'end', params: ({ event }) => event },
              },
              {
                guard: { type: 'isLast', params: ({ event }) => event.service },
                target: 'watching',
                actions: { type: 'end', params: ({ event }) => event },
              },
              { actions: { type: 'end', params: ({ event }) => event } },
            ],
          },
        },
      },
      on: {
        'rotation.began': { target: '.rotating', actions: { type: 'begin', params: ({ event }) => event.service } },
        'rotation.failed': { target: '.blocked', actions: { type: 'fail', params: ({ event }) => event } },
        'rotation.ended': [
          {
            guard: { type: 'isBlocked', params: ({ event }) => event },
            actions: { type: 'end', params: ({ event }) => event },
          },
          { target: '.watching', actions: { type: 'end', params: ({ event }) => event } },
        ],
      },
    },
    closed: { tags: 'reaped', on: { OPEN: { target: 'open', actions: 'forget' } } },
  },
})
