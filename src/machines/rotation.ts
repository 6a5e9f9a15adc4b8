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
  /** What could not be done, by service. */
  readonly failures: Readonly<Record<string, string>>
  /** Archives made so far. */
  readonly archives: number
  readonly because: string | null
}

const withoutKey = <T>(from: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(from).filter(([name]) => name !== key))

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
    hasFailures: ({ context: { failures } }, service: string) => Object.keys(failures).some((one) => one !== service),
  },
  actions: {
    begin: assign(({ context: { under } }, service: string) => ({
      under: [...under, service],
      because: `rotating the log of ${[...under, service].join(', ')}`,
    })),
    end: assign(
      ({ context: { under, failures, archives } }, { service, archives: made }: { service: string; archives: number }) => ({
        under: under.filter((one) => one !== service),
        failures: withoutKey(failures, service),
        archives: archives + made,
        because: counted(archives + made),
      }),
    ),
    fail: assign(({ context: { under, failures } }, { service, because }: { service: string; because: string }) => ({
      under: under.filter((one) => one !== service),
      failures: { ...failures, [service]: because },
      because: `${service}: ${because}`,
    })),
    explain: assign(({ context: { failures, because } }) => {
      const [first] = Object.entries(failures)
      return { because: first === undefined ? because : first.join(': ') }
    }),
    forget: assign({ under: [], failures: {} }),
  },
}).createMachine({
  id: 'rotation',
  context: { address: addressOf('rotation', 'logs'), under: [], failures: {}, archives: 0, because: null },
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
        blocked: { tags: 'active', entry: 'explain' },
        rotating: {
          tags: 'active',
          on: {
            'rotation.ended': [
              {
                guard: { type: 'hasFailures', params: ({ event }) => event.service },
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
            guard: { type: 'hasFailures', params: ({ event }) => event.service },
            actions: [{ type: 'end', params: ({ event }) => event }, 'explain'],
          },
          { target: '.watching', actions: { type: 'end', params: ({ event }) => event } },
        ],
      },
    },
    closed: { tags: 'reaped', on: { OPEN: { target: 'open', actions: 'forget' } } },
  },
})
