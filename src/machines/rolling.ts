import { assign, sendTo, setup } from 'xstate'
import type { Statement } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import type { RollingResult, Turn, TurnResult } from '../protocol/rolling.ts'
import { port } from './port.ts'

/**
 * ROLLING: the instances of one service, restarted one after the other, each ready before the next. Where one does not get
 * ready, the rest are left alone: they still serve.
 *
 *   choosing ──▶ restarting ──done──▶ choosing … ──none left──▶ done
 *                    └── not done: the rest are left alone ────▶ done
 */

export interface RollingInput {
  readonly id: string
  /** The name that they share. */
  readonly family: string
  readonly turns: readonly Turn[]
  readonly by: string
  /** The id of the request. */
  readonly request?: string | undefined
}

/** Restart this one now. */
export interface TurnCommand {
  readonly type: 'turn.take'
  readonly turn: Turn
}
/** How the restart of one ended. */
export interface TurnEnded {
  readonly type: 'turn.ended'
  readonly result: TurnResult
}

interface RollingContext extends RollingInput {
  readonly address: string
  readonly because: string
  readonly results: readonly TurnResult[]
}

/** Everything of it, those that were left alone too. */
function resultsOf({ turns, results }: RollingContext): readonly TurnResult[] {
  const failed = results.find(({ outcome }) => outcome !== 'done')
  const because = failed === undefined ? null : `left alone, because ${failed.service} was not restarted`
  const rest = turns
    .slice(results.length)
    .map(({ service }): TurnResult => ({ service, workflow: null, outcome: 'cancelled', because }))
  return [...results, ...rest]
}

const inWords = (context: RollingContext): string => {
  const failed = context.results.find(({ outcome }) => outcome !== 'done')
  if (failed === undefined) return `restart of ${context.family}, one after the other: done`
  const left = resultsOf(context).length - context.results.length
  const why = failed.because === null ? '' : `, ${failed.because}`
  return `restart of ${context.family}, one after the other: ${failed.service} ${failed.outcome}${why}; ${left} left alone`
}

export const rollingMachine = setup({
  types: {
    input: {} as RollingInput,
    context: {} as RollingContext,
    events: {} as TurnEnded,
    output: {} as RollingResult,
    tags: {} as Phase,
  },
  actors: { turns: port<TurnCommand, { readonly by: string; readonly request?: string | undefined }>('turns') },
  guards: {
    isOver: ({ context }) => context.results.length >= context.turns.length,
    isDone: (_, { outcome }: TurnResult) => outcome === 'done',
  },
  actions: {
    state: (_, _statement: Statement) => {},
    take: sendTo('turns', ({ context: { turns, results } }) => ({
      type: 'turn.take' as const,
      turn: turns[results.length] ?? { service: '', id: '' },
    })),
    explain: assign({
      because: ({ context: { turns, results, by } }) =>
        `asked for by ${by}; ${turns[results.length]?.service ?? ''} is ${results.length + 1} of ${turns.length}`,
    }),
    record: assign({ results: ({ context }, result: TurnResult) => [...context.results, result] }),
    giveUp: assign({
      because: ({ context }, { service }: TurnResult) =>
        `${service} was not restarted; the rest of ${context.family} is left alone`,
    }),
  },
}).createMachine({
  id: 'rolling',
  context: ({ input }) => ({
    ...input,
    address: addressOf('rolling', input.id),
    because: `asked for by ${input.by}`,
    results: [],
  }),
  invoke: {
    id: 'turns',
    src: 'turns',
    input: ({ context: { by, request } }) => ({ by, request }),
    onError: { target: '.done' },
  },
  entry: {
    type: 'state',
    params: ({ context: { address, family, turns, by } }) => ({
      type: 'workflow.started' as const,
      about: address,
      because: `restart of ${family}, one after the other`,
      by,
      data: { services: turns.map(({ service }) => service) },
    }),
  },
  initial: 'choosing',
  states: {
    // Passed through within one step; the tag is for the law that each state has one.
    choosing: { tags: 'handshake', always: [{ guard: 'isOver', target: 'done' }, { target: 'restarting' }] },
    restarting: {
      tags: 'active',
      entry: ['explain', 'take'],
      on: {
        'turn.ended': [
          {
            guard: { type: 'isDone', params: ({ event }) => event.result },
            target: 'choosing',
            actions: { type: 'record', params: ({ event }) => event.result },
          },
          {
            target: 'done',
            actions: [
              { type: 'record', params: ({ event }) => event.result },
              { type: 'giveUp', params: ({ event }) => event.result },
            ],
          },
        ],
      },
    },
    done: {
      tags: 'reaped',
      type: 'final',
      entry: {
        type: 'state',
        params: ({ context }) => ({
          type: 'workflow.finished' as const,
          about: context.address,
          because: inWords(context),
          by: context.by,
          data: { outcome: context.results.find(({ outcome }) => outcome !== 'done')?.outcome ?? 'done' },
        }),
      },
    },
  },
  output: ({ context }) => ({ turns: resultsOf(context) }),
})
