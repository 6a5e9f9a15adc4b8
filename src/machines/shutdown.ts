import { assign, sendTo, setup } from 'xstate'
import type { Statement } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { port } from './port.ts'

/**
 * SHUTDOWN: the end of the orchestrator. It stops the fleet layer by layer, dependants first, within a layer all at once;
 * or it lets go of all services, which run on.
 *
 *   stopping (layer 0) ──all at rest──▶ stopping (layer 1) ──▶ … ──▶ stopped
 */

export interface ShutdownInput {
  /** leave: the services run on, for the next orchestrator to adopt. */
  readonly mode: 'stop' | 'leave'
  /** Names of services; a layer stops once the one before it has come to rest. */
  readonly layers: ReadonlyArray<readonly string[]>
  readonly by: string
}

export interface FleetStop {
  readonly type: 'fleet.stop'
  readonly services: readonly string[]
}
/** None of the services asked to stop has a process any more. */
export interface FleetRested {
  readonly type: 'fleet.rested'
}

export const shutdownMachine = setup({
  types: {
    input: {} as ShutdownInput,
    context: {} as ShutdownInput & { readonly address: string; readonly layer: number; readonly because: string },
    events: {} as FleetRested,
    tags: {} as Phase,
  },
  actors: { fleet: port<FleetStop, Pick<ShutdownInput, 'by' | 'mode'>>('fleet') },
  guards: { isLast: ({ context }) => context.layer >= context.layers.length },
  actions: {
    state: (_, _statement: Statement) => {},
    stopLayer: sendTo('fleet', ({ context }) => ({ type: 'fleet.stop' as const, services: context.layers[context.layer] ?? [] })),
    nextLayer: assign({ layer: ({ context }) => context.layer + 1 }),
  },
}).createMachine({
  id: 'shutdown',
  context: ({ input }) => ({ ...input, address: addressOf('shutdown', 'fleet'), layer: 0, because: `asked for by ${input.by}` }),
  entry: {
    type: 'state',
    params: ({ context }) => ({
      type: context.mode === 'leave' ? ('system.leaving' as const) : ('system.stopping' as const),
      about: addressOf('supervisor', 'root'),
      because: context.because,
      by: context.by,
    }),
  },
  invoke: { id: 'fleet', src: 'fleet', input: ({ context: { by, mode } }) => ({ by, mode }) },
  initial: 'stopping',
  states: {
    stopping: {
      tags: 'active',
      initial: 'choosing',
      states: {
        choosing: { always: [{ guard: 'isLast', target: '#shutdown.stopped' }, { target: 'waiting' }] },
        waiting: { entry: 'stopLayer', on: { 'fleet.rested': { target: 'choosing', actions: 'nextLayer' } } },
      },
    },
    stopped: {
      tags: 'reaped',
      type: 'final',
      entry: {
        type: 'state',
        params: ({ context }) => ({
          type: context.mode === 'leave' ? ('system.left' as const) : ('system.stopped' as const),
          about: addressOf('supervisor', 'root'),
        }),
      },
    },
  },
})
