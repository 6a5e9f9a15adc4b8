import { assign, enqueueActions, setup } from 'xstate'
import type { Statement } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { limits } from '../protocol/limits.ts'
import type { SwitchRefusal, SwitchResult, SwitchStep, SwitchWay } from '../protocol/mode.ts'
import { port } from './port.ts'
import {
  backInWords,
  facts,
  lostInWords,
  stepInWords,
  type PlanInput,
  type PlanMade,
  type StepEnded,
  type StepInput,
  type SwitchContext,
  type SwitchInput,
} from './switch-vocabulary.ts'

/**
 * SWITCH: from one mode of the fleet to another. It stops what the new mode lacks, restarts and starts what differs, and waits
 * until everything is ready; where something fails it goes the same way back. It touches no service itself.
 *
 *   checking ──plan──▶ stopping ──▶ changing ──▶ verifying ──ready──▶ done
 *      │                  └────────────┴────────────┴──failed──▶ rollingBack.stopping ─▶ .changing ─▶ .verifying ──▶ done
 *      └── in force already, or refused ─────────────────────────────────────────────────────────────────────────▶ done
 *
 *   The orchestrator stops, in any step ──▶ done (cancelled): the next start goes by what the journal has.
 */

const broken: SwitchRefusal = { code: 'internal', message: 'the modes could not be looked at', data: {} }

const base = setup({
  types: {
    input: {} as SwitchInput,
    context: {} as SwitchContext,
    events: {} as PlanMade | StepEnded,
    output: {} as SwitchResult,
    tags: {} as Phase,
  },
  actors: {
    plan: port<{ type: 'plan.none' }, PlanInput>('plan'),
    step: port<{ type: 'step.none' }, StepInput>('step'),
  },
  delays: { stepTime: limits.switchStepTime },
  guards: { isSame: (_, { same }: Extract<PlanMade, { type: 'plan.made' }>) => same },
  actions: {
    state: (_, _statement: Statement) => {},
    adopt: assign((_, { plan, at }: Extract<PlanMade, { type: 'plan.made' }>) => ({ plan, seenAt: at })),
    refuse: assign((_, refusal: SwitchRefusal) => ({
      refusal,
      outcome: refusal.code === 'busy' ? ('busy' as const) : ('failed' as const),
      cause: refusal.message,
      because: refusal.message,
    })),
    see: assign((_, { at }: { at: number }) => ({ seenAt: at })),
    begin: assign({ begun: true }),
    /** Of what was never begun there is nothing to tell. */
    tellEnd: enqueueActions(({ context, enqueue }) => {
      if (context.begun) enqueue({ type: 'state', params: facts.finished(context) } as never)
    }),
    explain: assign({ because: (_, because: string) => because }),
    blame: assign({ cause: (_, cause: string) => cause }),
    conclude: assign(
      (_, end: Pick<SwitchContext, 'outcome' | 'cause'> & { readonly rolledBack?: boolean; readonly because: string }) => ({
        outcome: end.outcome,
        cause: end.cause,
        because: end.because,
        rolledBack: end.rolledBack ?? false,
      }),
    ),
  },
})

type Told = { readonly context: SwitchContext; readonly event: StepEnded }
const seen = { type: 'see', params: ({ event }: { event: { at: number } }) => event } as const
const told = (step: SwitchStep, way: SwitchWay) =>
  ({ type: 'state', params: ({ context, event }: Told) => facts.step(context, step, way, event) }) as const
const becauseOf = ({ event }: Told): string => ('because' in event ? event.because : '')

const cancelled = (step: SwitchStep, way: SwitchWay) =>
  ({
    target: '#switch.done',
    actions: [
      seen,
      told(step, way),
      {
        type: 'conclude',
        params: (heard: Told) => ({ outcome: 'cancelled' as const, cause: becauseOf(heard), because: becauseOf(heard) }),
      },
    ],
  }) as const

const tooLong = (step: SwitchStep): string => `${step} took too long`

/** One step on one way: what does it, and what it is said to do. */
const stepOf = (step: SwitchStep, way: SwitchWay) =>
  ({
    tags: 'active',
    entry: { type: 'explain', params: ({ context }: { context: SwitchContext }) => stepInWords(context, step, way) },
    invoke: {
      id: 'step',
      src: 'step',
      input: ({ context: { address, by } }: { context: SwitchContext }) => ({ address, step, way, by }),
      onError: failing(step, way, () => `${step} could not be done`),
    },
    after: { stepTime: failing(step, way, () => tooLong(step)) },
  }) as const

/** It failed: there is a way back, and from there none. */
const failing = (step: SwitchStep, way: SwitchWay, why: (heard: Told) => string) =>
  way === 'there'
    ? ({
        target: '#switch.rollingBack',
        actions: { type: 'blame', params: why as never },
      } as const)
    : ({
        target: '#switch.done',
        actions: {
          type: 'conclude',
          params: ((heard: Told) => {
            const cause = lostInWords(heard.context, why(heard))
            return { outcome: 'failed' as const, cause, because: cause }
          }) as never,
        },
      } as const)

const failed = (step: SwitchStep, way: SwitchWay) => {
  const { target, actions } = failing(step, way, becauseOf)
  return { target, actions: [seen, told(step, way), actions] } as const
}

export const switchMachine = base.createMachine({
  id: 'switch',
  context: ({ input }) => ({
    ...input,
    address: addressOf('switch', input.id),
    because: `asked for by ${input.by}`,
    plan: null,
    begun: false,
    outcome: 'failed',
    cause: null,
    rolledBack: false,
    refusal: null,
    seenAt: input.at,
  }),
  initial: 'checking',
  states: {
    checking: {
      tags: 'handshake',
      invoke: {
        id: 'plan',
        src: 'plan',
        input: ({ context: { address, mode, by } }) => ({ address, mode, by }),
        onError: { target: 'done', actions: { type: 'refuse', params: broken } },
      },
      on: {
        'plan.refused': { target: 'done', actions: [seen, { type: 'refuse', params: ({ event }) => event.refusal }] },
        'plan.made': [
          {
            guard: { type: 'isSame', params: ({ event }) => event },
            target: 'done',
            actions: [
              { type: 'adopt', params: ({ event }) => event },
              {
                type: 'conclude',
                params: ({ context: { mode } }) => ({
                  outcome: 'done',
                  cause: null,
                  because: `the mode is ${mode} already`,
                }),
              },
            ],
          },
          {
            target: 'stopping',
            actions: [
              { type: 'adopt', params: ({ event }) => event },
              'begin',
              { type: 'state', params: ({ context }) => facts.started(context) },
            ],
          },
        ],
      },
    },
    stopping: {
      ...stepOf('stopping', 'there'),
      on: {
        'step.done': { target: 'changing', actions: [seen, told('stopping', 'there')] },
        'step.failed': failed('stopping', 'there'),
        'step.cancelled': cancelled('stopping', 'there'),
      },
    },
    changing: {
      ...stepOf('changing', 'there'),
      on: {
        'step.done': { target: 'verifying', actions: [seen, told('changing', 'there')] },
        'step.failed': failed('changing', 'there'),
        'step.cancelled': cancelled('changing', 'there'),
      },
    },
    verifying: {
      ...stepOf('verifying', 'there'),
      on: {
        'step.done': {
          target: 'done',
          actions: [
            seen,
            told('verifying', 'there'),
            {
              type: 'conclude',
              params: ({ context: { mode } }) => ({ outcome: 'done', cause: null, because: `the mode is ${mode} now` }),
            },
            { type: 'state', params: ({ context }) => facts.switched(context) },
          ],
        },
        'step.failed': failed('verifying', 'there'),
        'step.cancelled': cancelled('verifying', 'there'),
      },
    },
    rollingBack: {
      initial: 'stopping',
      states: {
        stopping: {
          ...stepOf('stopping', 'back'),
          on: {
            'step.done': { target: 'changing', actions: [seen, told('stopping', 'back')] },
            'step.failed': failed('stopping', 'back'),
            'step.cancelled': cancelled('stopping', 'back'),
          },
        },
        changing: {
          ...stepOf('changing', 'back'),
          on: {
            'step.done': { target: 'verifying', actions: [seen, told('changing', 'back')] },
            'step.failed': failed('changing', 'back'),
            'step.cancelled': cancelled('changing', 'back'),
          },
        },
        verifying: {
          ...stepOf('verifying', 'back'),
          on: {
            'step.done': {
              target: '#switch.done',
              actions: [
                seen,
                told('verifying', 'back'),
                {
                  type: 'conclude',
                  params: ({ context }) => {
                    const cause = backInWords(context)
                    return { outcome: 'failed', cause, because: cause, rolledBack: true }
                  },
                },
              ],
            },
            'step.failed': failed('verifying', 'back'),
            'step.cancelled': cancelled('verifying', 'back'),
          },
        },
      },
    },
    done: { tags: 'reaped', type: 'final', entry: 'tellEnd' },
  },
  output: ({ context: { outcome, cause, plan, rolledBack, refusal, at, seenAt } }) => ({
    outcome,
    because: cause,
    plan,
    rolledBack,
    elapsed: Math.max(0, Math.round(seenAt - at)),
    refusal,
  }),
})
