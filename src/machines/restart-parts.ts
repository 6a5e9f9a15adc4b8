import { assign, enqueueActions, sendTo, setup } from 'xstate'
import type { Statement } from '../protocol/facts.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { limits } from '../protocol/limits.ts'
import {
  failureOf,
  neverRan,
  type Judged,
  type ProgramCommand,
  type ProgramEnded,
  type ProgramResult,
  type RunInput,
} from '../protocol/program.ts'
import { sameSpec } from '../protocol/record.ts'
import type { WorkflowResult } from '../protocol/restart.ts'
import { changedBy } from '../protocol/setting.ts'
import { port } from './port.ts'
import {
  facts,
  plain,
  refusedOf,
  turnOf,
  type RestartContext,
  type RestartInput,
  type Side,
  type TargetCommand,
  type TargetSeen,
  type TargetView,
} from './restart-vocabulary.ts'

/** What RESTART can do and tell apart. */

/** It ended and does not come up by itself now, whatever its policy calls that. */
const atRest: ReadonlySet<string> = new Set(['backingOff', 'failed', 'stopped', 'completed'])

/** Is it still our change that it is started with, and not what somebody read from a config since? */
const isOurs = ({ sent }: RestartContext, { spec, setting }: TargetView): boolean => {
  if (sent === null) return false
  if (sameSpec(setting.spec, sent.spec)) return true
  // What is for one run alone has its run, or had it.
  const { back } = sent
  return back !== null && sameSpec(setting.spec, back) && (sameSpec(spec, sent.spec) || sameSpec(spec, back))
}

/** It is not the process any more that had our change first: that one ended, and its policy has started another. */
const isAnother = ({ tried }: RestartContext, { incarnation }: TargetView): boolean => tried !== null && incarnation !== tried

/** It was to overlap, and the process of before goes on: nothing is left to be done. */
const hasLapsed = ({ id }: RestartContext, { lapsed }: TargetView): boolean => lapsed?.op === id

const isUp = ({ before }: RestartContext, view: TargetView | null): boolean => view !== null && view.readyGeneration > before

export const base = setup({
  types: {
    input: {} as RestartInput,
    context: {} as RestartContext,
    events: {} as TargetSeen | ProgramEnded,
    output: {} as WorkflowResult,
    tags: {} as Phase,
  },
  actors: {
    target: port<TargetCommand, { service: string }>('target'),
    program: port<ProgramCommand, RunInput>('program'),
  },
  delays: {
    /** Its commands have times of their own. */
    workflowTime: ({ context: { custom } }) =>
      [...custom.pre, ...custom.post].reduce(
        (sum, { spec }) => sum + (spec.timeout_ms ?? limits.workflowProgramTime) + limits.programGrace,
        limits.workflowTime,
      ),
    changeSettles: limits.changeSettles,
  },
  guards: {
    isRefused: ({ context }) => refusedOf(context) !== undefined,
    has: ({ context }, side: Side) => context.custom[side].length > 0,
    hasMore: ({ context }, side: Side) => context.custom[side].length > context[side].length + 1,
    allWell: ({ context }, { side, result }: { side: Side; result: ProgramResult }) =>
      [...context[side], result].every(({ success }) => success),
    isGone: (_, { view }: TargetSeen) => view === null,
    isMine: ({ context }, { view }: TargetSeen) => view?.op?.id === context.id,
    isMineAndHasPre: ({ context }, { view }: TargetSeen) => view?.op?.id === context.id && context.custom.pre.length > 0,
    /** A STOP takes the slot away, and so does leaving. */
    isLost: ({ context }, { view }: TargetSeen) => view?.op?.id !== context.id,
    isTaken: ({ context }, { view }: TargetSeen) => view !== null && view.op !== null && view.op.id !== context.id,
    hasBegun: ({ context }, { view }: TargetSeen) =>
      view !== null &&
      ((view.generation > context.before && !view.state.startsWith('live.stopping')) || hasLapsed(context, view)),
    hasFailed: ({ context }, { view }: TargetSeen) =>
      view !== null &&
      (hasLapsed(context, view) ||
        (view.generation > context.before && view.readyGeneration <= context.before && (atRest.has(view.state) || view.blocked))),
    /** With what it had before it may do better. */
    hasFailedWithChange: ({ context }, { view }: TargetSeen) =>
      view !== null &&
      view.generation > context.before &&
      view.readyGeneration <= context.before &&
      (atRest.has(view.state) || view.blocked || isAnother(context, view)) &&
      isOurs(context, view),
    isSpawned: (_, { view }: TargetSeen) => view !== null && view.pid !== null,
    isReady: ({ context }, { view }: TargetSeen) => isUp(context, view),
    mustSettle: ({ context }, { view }: TargetSeen) =>
      isUp(context, view) && context.sent !== null && view?.state !== 'completed',
    isReadyAndHasPost: ({ context }, { view }: TargetSeen) => isUp(context, view) && context.custom.post.length > 0,
    /** It got ready and fell at once. */
    hasFallen: ({ context }, { view }: TargetSeen) =>
      view !== null && isOurs(context, view) && (isAnother(context, view) || !view.state.startsWith('live.running')),
  },
  actions: {
    state: (_, _statement: Statement) => {},
    reserve: sendTo('target', ({ context: { id, by } }) => ({
      type: 'target.tell' as const,
      event: { type: 'RESERVE' as const, op: { id, by } },
    })),
    change: assign(({ context: { custom, was } }) => ({
      sent: custom.change === null || was === null ? null : changedBy(was, custom.change),
    })),
    restart: sendTo('target', ({ context: { id, by, request, at, sent } }) => ({
      type: 'target.tell' as const,
      event: { type: 'RESTART' as const, op: id, by, request, at, setting: sent ?? undefined },
    })),
    restore: sendTo('target', ({ context: { id, by, request, at, was } }) => ({
      type: 'target.tell' as const,
      event: { type: 'RESTART' as const, op: id, by, request, at, setting: was ?? undefined },
    })),
    release: sendTo('target', ({ context: { id } }) => ({
      type: 'target.tell' as const,
      event: { type: 'FREE' as const, op: id },
    })),
    /** Stopped: nobody knows yet what our change is worth, and now nobody will. What is left running has it. */
    takeBack: enqueueActions(({ context, enqueue }, { view }: TargetSeen) => {
      const { was, restarted } = context
      if (was === null || restarted || view?.desired !== 'stop' || !isOurs(context, view)) return
      enqueue.sendTo('target', { type: 'target.tell' as const, event: { type: 'SET' as const, setting: was } })
    }),
    try: assign(({ context }, { view, at }: TargetSeen) => ({ tried: context.tried ?? view?.incarnation ?? null, seenAt: at })),
    passTime: assign(({ context }) => ({ seenAt: context.seenAt + limits.changeSettles })),
    look: sendTo('target', { type: 'target.look' as const }),
    remember: assign((_, { view, at }: TargetSeen) => ({
      before: view?.generation ?? 0,
      was: view?.setting ?? null,
      seenAt: at,
    })),
    recordRefusals: assign(({ context: { custom } }) => {
      const refused = (side: readonly Judged[]): ProgramResult[] =>
        side.flatMap(({ spec, decision }) => (decision.allowed ? [] : [neverRan(spec, decision.because)]))
      return { pre: refused(custom.pre), post: refused(custom.post) }
    }),
    record: assign(({ context }, { side, result, at }: { side: Side; result: ProgramResult; at: number }) => ({
      [side]: [...context[side], result],
      seenAt: at,
      steps: [
        ...context.steps,
        {
          name: turnOf(context, side),
          outcome: result.success ? ('done' as const) : ('failed' as const),
          because: result.success ? null : failureOf(result),
        },
      ],
    })),
    /** A restart that is nothing more tells its begin and its end. */
    tellStep: enqueueActions(({ context, enqueue }) => {
      if (context.custom !== plain) enqueue({ type: 'state', params: facts.step(context) } as never)
    }),
    explain: assign({ because: (_, because: string) => because }),
    step: assign(({ context, event }, name: string) => ({
      seenAt: 'at' in event ? event.at : context.seenAt,
      steps: [...context.steps, { name, outcome: 'done' as const, because: null }],
    })),
    failStep: assign(({ context }, { name, because }: { name: string; because: string | null }) => ({
      because,
      steps: [...context.steps, { name, outcome: 'failed' as const, because }],
    })),
    succeed: assign({ restarted: true }),
    conclude: assign(
      ({ context, event }, end: { outcome: RestartContext['outcome']; because: string | null; step?: string | undefined }) => ({
        seenAt: 'at' in event ? event.at : context.seenAt,
        outcome: end.outcome,
        because: end.because,
        steps:
          end.step === undefined
            ? context.steps
            : [
                ...context.steps,
                {
                  name: end.step,
                  outcome: end.outcome === 'cancelled' ? ('cancelled' as const) : ('failed' as const),
                  because: end.because,
                },
              ],
      }),
    ),
  },
})
