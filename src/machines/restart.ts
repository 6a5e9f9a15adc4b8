import { assign, sendTo, setup } from 'xstate'
import type { Statement } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { limits } from '../protocol/limits.ts'
import type { WorkflowResult, WorkflowStep } from '../protocol/restart.ts'
import type { Operation, ServiceCommand } from '../protocol/service.ts'
import { port } from './port.ts'

/**
 * RESTART: one restart of one service, step by step. It takes the service's operation slot, asks it to restart and
 * waits until that generation is ready. It never touches the process.
 *
 *   queued ──slot──▶ stopping ──▶ starting ──▶ verifying ──ready──▶ done
 *      └── the slot is taken: busy · a STOP wins: cancelled · it failed or backs off: failed ──▶ done
 */

export interface RestartInput {
  readonly id: string
  readonly service: string
  readonly by: string
  /** The id that the caller gave the request. */
  readonly request?: string | undefined
  /** Monotonic ms, when it was asked for. */
  readonly at: number
}

/** What the workflow needs to see of its service. */
export interface TargetView {
  readonly op: Operation | null
  readonly generation: number
  readonly readyGeneration: number
  readonly desired: 'run' | 'stop'
  readonly state: string
  readonly pid: number | null
  readonly because: string | null
  /** At its gate: a dependency failed for good. */
  readonly blocked: boolean
}

/** Said at once, after each command, and on each change; null = there is no such service (any more). */
export interface TargetSeen {
  readonly type: 'target.seen'
  readonly view: TargetView | null
}
export type TargetCommand =
  | { readonly type: 'target.tell'; readonly event: ServiceCommand }
  /** Say what it is now: many changes may have come as one. */
  | { readonly type: 'target.look' }

interface RestartContext extends RestartInput {
  readonly address: string
  /** The service's generation before ours. */
  readonly before: number
  readonly because: string | null
  readonly outcome: WorkflowResult['outcome']
  readonly steps: readonly WorkflowStep[]
}

/** It ended and does not come up by itself now, whatever its policy calls that. */
const atRest: ReadonlySet<string> = new Set(['backingOff', 'failed', 'stopped', 'completed'])

const base = setup({
  types: {
    input: {} as RestartInput,
    context: {} as RestartContext,
    events: {} as TargetSeen,
    output: {} as WorkflowResult,
    tags: {} as Phase,
  },
  actors: { target: port<TargetCommand, { service: string }>('target') },
  delays: { workflowTime: limits.workflowTime },
  guards: {
    isGone: (_, { view }: TargetSeen) => view === null,
    isMine: ({ context }, { view }: TargetSeen) => view?.op?.id === context.id,
    isTaken: ({ context }, { view }: TargetSeen) => view !== null && view.op !== null && view.op.id !== context.id,
    isCancelled: (_, { view }: TargetSeen) => view !== null && view.desired === 'stop',
    hasBegun: ({ context }, { view }: TargetSeen) =>
      view !== null && view.generation > context.before && !view.state.startsWith('live.stopping'),
    hasFailed: ({ context }, { view }: TargetSeen) =>
      view !== null &&
      view.generation > context.before &&
      view.readyGeneration <= context.before &&
      (atRest.has(view.state) || view.blocked),
    isSpawned: (_, { view }: TargetSeen) => view !== null && view.pid !== null,
    isReady: ({ context }, { view }: TargetSeen) => view !== null && view.readyGeneration > context.before,
  },
  actions: {
    state: (_, _statement: Statement) => {},
    reserve: sendTo('target', ({ context: { id, by } }) => ({
      type: 'target.tell' as const,
      event: { type: 'RESERVE' as const, op: { id, by } },
    })),
    restart: sendTo('target', ({ context: { id, by, request, at } }) => ({
      type: 'target.tell' as const,
      event: { type: 'RESTART' as const, op: id, by, request, at },
    })),
    release: sendTo('target', ({ context: { id } }) => ({
      type: 'target.tell' as const,
      event: { type: 'FREE' as const, op: id },
    })),
    look: sendTo('target', { type: 'target.look' as const }),
    remember: assign({ before: (_, { view }: TargetSeen) => view?.generation ?? 0 }),
    step: assign({
      steps: ({ context }, name: string) => [...context.steps, { name, outcome: 'done' as const, because: null }],
    }),
    conclude: assign(({ context }, end: { outcome: RestartContext['outcome']; because: string | null; step?: string }) => ({
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
    })),
  },
})

const seen = { params: ({ event }: { event: TargetSeen }) => event } as const

/** The service was removed meanwhile. */
const gone = (step: string) =>
  ({
    guard: { type: 'isGone', ...seen },
    target: 'done',
    actions: { type: 'conclude', params: { outcome: 'cancelled' as const, because: 'the service was removed', step } },
  }) as const

/** A STOP wins over the restart. */
const cancelled = (step: string) =>
  ({
    guard: { type: 'isCancelled', ...seen },
    target: 'done',
    actions: {
      type: 'conclude',
      params: ({ event }: { event: TargetSeen }) => ({
        outcome: 'cancelled' as const,
        because: event.view?.because ?? null,
        step,
      }),
    },
  }) as const

/** It ended instead of getting ready, and the service decided what follows. */
const failed = (step: string) =>
  ({
    guard: { type: 'hasFailed', ...seen },
    target: 'done',
    actions: {
      type: 'conclude',
      params: ({ event }: { event: TargetSeen }) => ({ outcome: 'failed' as const, because: event.view?.because ?? null, step }),
    },
  }) as const

const verified = [
  { type: 'step', params: 'verify' },
  { type: 'conclude', params: { outcome: 'done', because: null } },
] as const

export const restartMachine = base.createMachine({
  id: 'restart',
  context: ({ input }) => ({
    ...input,
    address: addressOf('restart', input.id),
    before: 0,
    because: `asked for by ${input.by}`,
    outcome: 'failed' as const,
    steps: [],
  }),
  invoke: {
    id: 'target',
    src: 'target',
    input: ({ context }) => ({ service: context.service }),
    onError: {
      target: '.done',
      actions: { type: 'conclude', params: ({ event }) => ({ outcome: 'failed', because: String(event.error) }) },
    },
  },
  after: {
    workflowTime: {
      target: '.done',
      actions: { type: 'conclude', params: { outcome: 'failed', because: 'it took too long', step: 'verify' } },
    },
  },
  entry: {
    type: 'state',
    params: ({ context }) => ({
      type: 'workflow.started',
      about: context.address,
      because: `restart of ${context.service}`,
      by: context.by,
      data: { service: context.service },
    }),
  },
  initial: 'queued',
  states: {
    queued: {
      tags: 'handshake',
      entry: 'reserve',
      on: {
        'target.seen': [
          {
            guard: { type: 'isGone', ...seen },
            target: 'done',
            actions: {
              type: 'conclude',
              params: ({ context }) => ({ outcome: 'failed', because: `there is no service ${context.service}` }),
            },
          },
          {
            guard: { type: 'isTaken', ...seen },
            target: 'done',
            actions: {
              type: 'conclude',
              params: ({ event }) => ({
                outcome: 'busy',
                because: `busy with ${event.view?.op?.id}, asked for by ${event.view?.op?.by}`,
              }),
            },
          },
          {
            guard: { type: 'isMine', ...seen },
            target: 'stopping',
            actions: { type: 'remember', ...seen },
          },
        ],
      },
    },
    stopping: {
      tags: 'active',
      entry: 'restart',
      on: {
        'target.seen': [
          gone('stop'),
          cancelled('stop'),
          { guard: { type: 'hasBegun', ...seen }, target: 'starting', actions: { type: 'step', params: 'stop' } },
        ],
      },
    },
    starting: {
      tags: 'active',
      entry: 'look',
      on: {
        'target.seen': [
          gone('start'),
          cancelled('start'),
          failed('start'),
          { guard: { type: 'isReady', ...seen }, target: 'done', actions: [{ type: 'step', params: 'start' }, ...verified] },
          { guard: { type: 'isSpawned', ...seen }, target: 'verifying', actions: { type: 'step', params: 'start' } },
        ],
      },
    },
    verifying: {
      tags: 'active',
      entry: 'look',
      on: {
        'target.seen': [
          gone('verify'),
          cancelled('verify'),
          failed('verify'),
          { guard: { type: 'isReady', ...seen }, target: 'done', actions: [...verified] },
        ],
      },
    },
    done: {
      tags: 'reaped',
      type: 'final',
      entry: [
        'release',
        {
          type: 'state',
          params: ({ context }) => ({
            type: 'workflow.finished',
            about: context.address,
            because: `restart of ${context.service}: ${context.outcome}${context.because === null ? '' : `, ${context.because}`}`,
            by: context.by,
            data: { service: context.service, outcome: context.outcome },
          }),
        },
      ],
    },
  },
  output: ({ context: { id, service, outcome, because, steps } }) => ({ id, service, outcome, because, steps }),
})
