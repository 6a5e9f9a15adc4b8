import { addressOf } from '../protocol/ids.ts'
import { base } from './restart-parts.ts'
import {
  allWell,
  cancelled,
  cause,
  commands,
  done,
  failed,
  failedOf,
  gone,
  more,
  ran,
  ready,
  seen,
  seenButKeepingWas,
  step,
} from './restart-steps.ts'
import { facts, plain, refusedOf } from './restart-vocabulary.ts'

/**
 * RESTART: one restart of one service, step by step. It takes the service's operation slot, runs what is to be run before,
 * asks the service to restart (with other arguments, perhaps), waits until that generation is ready, and runs what is to be
 * run after. It never touches the process.
 *
 *   checking ──▶ queued ──slot──▶ pre ──all well──▶ stopping ──▶ starting ──▶ verifying ──▶ settling ──▶ post ──▶ done
 *                                                       it failed with other arguments ──▶ restoring ──ready──▶ done
 *
 *   done at once: a command is not permitted · the slot is taken (busy) · a command before failed · a STOP wins (cancelled)
 *   without commands pre and post are passed by, without a change settling is
 */

export const restartMachine = base.createMachine({
  id: 'restart',
  context: ({ input }) => ({
    ...input,
    custom: input.custom ?? plain,
    address: addressOf('restart', input.id),
    before: 0,
    because: `asked for by ${input.by}`,
    outcome: 'failed' as const,
    steps: [],
    pre: [],
    post: [],
    restarted: false,
    seenAt: input.at,
    was: null,
    sent: null,
    tried: null,
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
  entry: { type: 'state', params: ({ context }) => facts.started(context) },
  initial: 'checking',
  states: {
    checking: {
      // Passed through within one step; the tag is for the law that each state has one.
      tags: 'handshake',
      always: [
        {
          guard: 'isRefused',
          target: 'done',
          actions: [
            'recordRefusals',
            { type: 'state', params: ({ context }) => facts.refused(context) },
            {
              type: 'conclude',
              params: ({ context }) => {
                const decision = refusedOf(context)?.decision
                return { outcome: 'failed' as const, because: decision?.allowed === false ? decision.because : null }
              },
            },
          ],
        },
        { target: 'queued' },
      ],
    },
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
                because: `busy with restart.${event.view?.op?.id}, asked for by ${event.view?.op?.by}`,
              }),
            },
          },
          { guard: { type: 'isMineAndHasPre', ...seen }, target: 'pre', actions: { type: 'remember', ...seen } },
          { guard: { type: 'isMine', ...seen }, target: 'stopping', actions: { type: 'remember', ...seen } },
        ],
      },
    },
    pre: {
      ...commands('pre'),
      on: {
        'target.seen': [gone('pre'), cancelled('pre'), { actions: { type: 'remember', ...seen } }],
        'program.ended': [
          more('pre'),
          { guard: allWell('pre'), target: 'stopping', actions: ran('pre') },
          { target: 'done', actions: [...ran('pre'), failedOf('pre')] },
        ],
      },
    },
    stopping: {
      tags: 'active',
      entry: ['change', { type: 'explain', params: ({ context }) => `asked for by ${context.by}` }, 'restart'],
      on: {
        'target.seen': [
          gone('stop'),
          cancelled('stop'),
          { guard: { type: 'hasBegun', ...seen }, target: 'starting', actions: [...step('stop')] },
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
          ...failed('start'),
          ...ready('start'),
          { guard: { type: 'isSpawned', ...seen }, target: 'verifying', actions: [...step('start'), { type: 'try', ...seen }] },
        ],
      },
    },
    verifying: {
      tags: 'active',
      entry: 'look',
      on: { 'target.seen': [gone('verify'), cancelled('verify'), ...failed('verify'), ...ready()] },
    },
    settling: {
      tags: 'active',
      entry: 'look',
      after: {
        changeSettles: [
          { guard: { type: 'has', params: 'post' }, target: 'post', actions: ['passTime', ...step('verify'), 'succeed'] },
          { target: 'done', actions: ['passTime', ...step('verify'), 'succeed', done] },
        ],
      },
      on: {
        'target.seen': [
          gone('verify'),
          cancelled('verify'),
          {
            guard: { type: 'hasFallen', ...seen },
            target: 'restoring',
            actions: [
              { type: 'failStep', params: (heard) => ({ name: 'verify', because: cause(heard) }) },
              { type: 'remember', ...seenButKeepingWas },
              'tellStep',
            ],
          },
        ],
      },
    },
    restoring: {
      tags: 'active',
      entry: 'restore',
      on: {
        'target.seen': [
          gone('restore'),
          cancelled('restore'),
          {
            guard: { type: 'isReady', ...seen },
            target: 'done',
            actions: [
              ...step('restore'),
              {
                type: 'conclude',
                params: ({ context }) => ({
                  outcome: 'failed' as const,
                  because: `${context.because}; restarted with what it had before`,
                }),
              },
            ],
          },
          {
            guard: { type: 'hasFailed', ...seen },
            target: 'done',
            actions: {
              type: 'conclude',
              params: ({ context, event }) => ({
                outcome: 'failed' as const,
                because: `${context.because}; with what it had before it does not get ready either: ${event.view?.because ?? ''}`,
                step: 'restore',
              }),
            },
          },
        ],
      },
    },
    post: {
      ...commands('post'),
      on: {
        'target.seen': [gone('post'), cancelled('post')],
        'program.ended': [
          more('post'),
          { guard: allWell('post'), target: 'done', actions: [...ran('post'), done] },
          { target: 'done', actions: [...ran('post'), failedOf('post')] },
        ],
      },
    },
    done: {
      tags: 'reaped',
      type: 'final',
      entry: ['release', { type: 'state', params: ({ context }) => facts.finished(context) }],
    },
  },
  output: ({ context }) => {
    const { id, service, outcome, because, steps, pre, post, restarted, seenAt, at } = context
    const decision = refusedOf(context)?.decision
    const rule = decision?.allowed === false ? decision.rule : null
    const details = pre.length + post.length === 0 ? null : { pre, post }
    const elapsed = Math.max(0, Math.round(seenAt - at))
    return { id, service, outcome, because, steps, restarted, rule, elapsed, details }
  },
})
