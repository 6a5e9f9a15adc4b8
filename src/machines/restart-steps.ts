import type { ProgramEnded } from '../protocol/program.ts'
import { facts, runInputOf, underWay, type RestartContext, type Side, type TargetSeen } from './restart-vocabulary.ts'

/** Transitions that several states of RESTART have, each for its own step. */

export const seen = { params: ({ event }: { event: TargetSeen }) => event } as const
type Heard = { readonly context: RestartContext; readonly event: TargetSeen }

/** A step is done. */
export const step = (name: string) => [{ type: 'step', params: name } as const, 'tellStep'] as const

/** The command that runs ends with the workflow. */
const stopped = (name: string) =>
  name === 'pre' || name === 'post'
    ? ([{ type: 'state', params: ({ context }: { context: RestartContext }) => facts.programStopped(context, name) }] as const)
    : []

/** The service was removed meanwhile. */
export const gone = (name: string) =>
  ({
    guard: { type: 'isGone', ...seen },
    target: 'done',
    actions: [
      ...stopped(name),
      { type: 'conclude', params: { outcome: 'cancelled' as const, because: 'the service was removed', step: name } },
    ],
  }) as const

/** A STOP wins over the restart, and who leaves its services running has nothing restarted any more. */
export const cancelled = (name: string) =>
  ({
    guard: { type: 'isLost', ...seen },
    target: 'done',
    actions: [
      { type: 'takeBack', ...seen },
      ...stopped(name),
      {
        type: 'conclude',
        params: ({ event }: Heard) => ({ outcome: 'cancelled' as const, because: event.view?.because ?? null, step: name }),
      },
    ],
  }) as const

export const because = ({ event }: Heard): string => event.view?.because ?? 'it did not get ready'

/** Without what its policy would have done next: that is not what follows. */
export const cause = (heard: Heard): string => because(heard).split(';', 1)[0] ?? ''

/** It ended instead of getting ready, and the service decided what follows; unless it was our change that did it no good. */
export const failed = (name: string) =>
  [
    {
      guard: { type: 'hasFailedWithChange', ...seen },
      target: 'restoring',
      actions: [
        { type: 'failStep', params: (heard: Heard) => ({ name, because: cause(heard) }) },
        { type: 'remember', ...seenButKeepingWas },
        'tellStep',
      ],
    },
    {
      guard: { type: 'hasFailed', ...seen },
      target: 'done',
      actions: {
        type: 'conclude',
        params: (heard: Heard) => ({ outcome: 'failed' as const, because: because(heard), step: name }),
      },
    },
  ] as const

/** The generation of now, and the setting of before. */
export const seenButKeepingWas = {
  params: ({ context, event }: Heard): TargetSeen => ({
    ...event,
    view: event.view === null ? null : { ...event.view, setting: context.was ?? event.view.setting },
  }),
} as const

export const done = { type: 'conclude', params: { outcome: 'done' as const, because: null } } as const

/** It is ready. */
export const ready = (...names: readonly string[]) => {
  const steps = [...names, 'verify'].flatMap((name) => step(name))
  return [
    {
      guard: { type: 'mustSettle', ...seen },
      target: 'settling',
      actions: [...names.flatMap((name) => step(name)), { type: 'try', ...seen }],
    },
    { guard: { type: 'isReadyAndHasPost', ...seen }, target: 'post', actions: [...steps, 'succeed'] },
    { guard: { type: 'isReady', ...seen }, target: 'done', actions: [...steps, 'succeed', done] },
  ] as const
}

/** Runs the commands of one side, one after the other, whatever becomes of each. */
export const commands = (side: Side) =>
  ({
    tags: 'active',
    entry: [
      { type: 'explain', params: ({ context }: { context: RestartContext }) => underWay(context, side) },
      { type: 'state', params: ({ context }: { context: RestartContext }) => facts.programStarted(context, side) },
    ],
    invoke: {
      id: 'program',
      src: 'program',
      input: ({ context }: { context: RestartContext }) => runInputOf(context, side),
      onError: {
        target: 'done',
        actions: {
          type: 'conclude',
          params: ({ event }: { event: { readonly error: unknown } }) => ({
            outcome: 'failed' as const,
            because: String(event.error),
            step: side,
          }),
        },
      },
    },
  }) as const

type Ran = { readonly context: RestartContext; readonly event: ProgramEnded }
export const ran = (side: Side) =>
  [
    { type: 'record', params: ({ event }: Ran) => ({ side, result: event.result, at: event.at }) },
    { type: 'state', params: ({ context, event }: Ran) => facts.programFinished(context, event.result) },
    'tellStep',
  ] as const
export const allWell = (side: Side) =>
  ({ type: 'allWell', params: ({ event }: Ran) => ({ side, result: event.result }) }) as const
export const more = (side: Side) =>
  ({ guard: { type: 'hasMore', params: side }, target: side, reenter: true, actions: ran(side) }) as const

/** Some did not go well: which. */
export const failedOf = (side: Side) =>
  ({
    type: 'conclude',
    params: ({ context }: { context: RestartContext }) => ({
      outcome: 'failed' as const,
      because: context.steps
        .filter(({ outcome, name }) => outcome === 'failed' && name.startsWith(side))
        .map((one) => one.because)
        .join('; '),
    }),
  }) as const
