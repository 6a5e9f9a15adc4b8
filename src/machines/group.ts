import type { FactType, Statement } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import { noHistory } from '../protocol/restart.ts'
import { isHeld, type MembersSeen } from './group-members.ts'
import { base, names, scope, why, type Asked, type GroupContext } from './group-parts.ts'

/**
 * GROUP: services that are restarted together. It sees its members as they are and says one thing at a time; a member that
 * ended by itself is held and waits for it. With one_for_one no member waits: then it is a name for all of them.
 *
 *   watching ──a member is lost──▶ deciding ──▶ holding ──none runs──▶ backingOff ──delay──▶ releasing ──all ready──▶ watching
 *                                     │ ▲          last to first          │ ▲  first to last, each     │
 *                                     │ └──────────a member is lost───────┴─┴── ready before the next ─┘
 *                                     └──too often──▶ stopping ──all at rest──▶ failed ──START, or a member runs──▶ watching
 */

const fact = (type: FactType, words: (context: GroupContext) => string | null, by?: string) =>
  ({
    type: 'state',
    params: ({ context }: { context: GroupContext }): Statement => ({
      type,
      about: context.address,
      because: words(context),
      by: by ?? null,
      data: { strategy: context.spec.strategy, restarts: context.restartCount },
    }),
  }) as const

const event = { params: ({ event: heard }: { event: Asked }) => heard } as const
const see = { type: 'see', params: ({ event: heard }: { event: MembersSeen }) => heard } as const
const lost = {
  guard: { type: 'isLost', params: ({ event: heard }: { event: MembersSeen }) => heard },
  target: 'deciding',
  actions: see,
} as const
const asked = (verb: string) =>
  ({ type: 'explain', params: ({ event: { by } }: { event: Asked }) => `${verb} by ${by ?? 'itself'}` }) as const
const startAll = { target: '#group.watching', actions: ['clear', asked('started'), { type: 'tellAll', ...event }] } as const

export const groupMachine = base.createMachine({
  id: 'group',
  context: ({ input: { spec, restored } }) => ({
    address: addressOf('group', spec.name),
    spec,
    members: [],
    because: restored?.because ?? null,
    cause: '',
    restartCount: restored?.restartCount ?? 0,
    history: restored?.history ?? noHistory,
    decision: null,
    first: null,
    released: [],
    asked: 0,
    outcome: restored?.outcome ?? null,
  }),
  invoke: { id: 'members', src: 'members', input: ({ context }) => ({ services: context.spec.services }) },
  on: {
    'members.seen': { actions: see },
    START: { actions: { type: 'tellAll', ...event } },
    STOP: { target: '.watching', actions: ['clear', asked('stopped'), { type: 'tellAll', ...event }] },
    RESTART: [
      { guard: 'rests', ...startAll },
      { target: '.holding', actions: ['clear', { type: 'restartAll', ...event }] },
    ],
    CONFIGURE: [
      {
        // Its members decide alone from now on; whom it holds it lets go.
        guard: { type: 'isAlone', params: ({ event: heard }) => heard },
        target: '.watching',
        actions: [{ type: 'configure', params: ({ event: heard }) => heard }, 'clear', 'watch'],
      },
      { actions: [{ type: 'configure', params: ({ event: heard }) => heard }, 'watch'] },
    ],
    REMOVE: '.removed',
  },
  initial: 'restoring',
  states: {
    restoring: {
      // Passed through within one step; the tag is for the law that each state has one.
      tags: 'handshake',
      always: [{ guard: 'hadGivenUp', target: 'failed' }, { target: 'watching' }],
    },
    watching: {
      tags: 'active',
      entry: 'releaseStrays',
      on: {
        'members.seen': [lost, { actions: [see, 'releaseStrays'] }],
        START: { actions: [asked('started'), { type: 'tellAll', ...event }] },
      },
    },
    deciding: {
      // Passed through within one step.
      tags: 'handshake',
      entry: 'decide',
      always: [
        { guard: 'gaveUp', target: 'stopping' },
        {
          target: 'holding',
          actions: fact(
            'group.holding',
            (context) => `${why(context)}: restarts ${names(scope(context).filter((one) => !one.rests))}`,
          ),
        },
      ],
    },
    holding: {
      tags: 'active',
      entry: 'hold',
      on: { 'members.seen': { actions: [see, 'extend', 'hold'] } },
      always: [
        { guard: 'noneWaits', target: 'watching' },
        { guard: { type: 'noneRuns' }, target: 'backingOff' },
      ],
    },
    backingOff: {
      tags: 'handshake',
      entry: 'wait',
      on: {
        'members.seen': [lost, { actions: see }],
        START: { target: 'releasing', actions: ['undoDecision', { type: 'tellAll', ...event }] },
      },
      always: [
        { guard: 'noneWaits', target: 'watching' },
        { guard: 'atOnce', target: 'releasing' },
        { guard: 'isAsked', target: 'releasing', actions: 'undoDecision' },
      ],
      after: { backoff: 'releasing' },
    },
    releasing: {
      tags: 'handshake',
      entry: [
        fact('group.releasing', (context) => `${context.cause}: starts ${names(scope(context).filter(isHeld))}`),
        'release',
      ],
      on: { 'members.seen': [lost, { actions: [see, 'release'] }] },
      always: [
        { guard: 'unstartable', target: 'stopping', actions: 'explainUnstartable' },
        { guard: 'allReady', target: 'watching', actions: ['explainRestarted', fact('group.restarted', why)] },
      ],
    },
    stopping: {
      tags: 'active',
      entry: [
        'wait',
        'giveUp',
        fact('group.gaveUp', (context) => `${why(context)}: stops ${names(context.members.filter(({ rests }) => !rests))}`),
        'stop',
      ],
      on: { 'members.seen': { actions: [see, 'stop'] }, START: startAll, RESTART: startAll },
      always: [
        { guard: 'isAsked', target: 'watching', actions: 'clear' },
        { guard: 'rests', target: 'failed' },
      ],
    },
    failed: {
      tags: 'reaped',
      on: {
        START: startAll,
        'members.seen': [
          {
            guard: { type: 'runs', params: ({ event: heard }) => heard },
            target: 'watching',
            actions: ['clear', see, { type: 'explain', params: 'somebody started a member after it gave up' }],
          },
          { actions: see },
        ],
      },
    },
    removed: { tags: 'reaped', type: 'final', entry: fact('group.removed', () => null) },
  },
})
