import type { ErrorActorEvent } from 'xstate'
import type { ServiceSpec } from '../protocol/service.ts'
import type { ProcessFact } from './process.ts'
import { causeOf } from './restart-policy.ts'
import { named, type Slot } from './service-overlap.ts'
import {
  about,
  besideEnded,
  current,
  fact,
  handedOver,
  hold,
  of,
  replaceSpec,
  reportEnd,
  restart,
  wish,
  type Done,
  type Restart,
} from './service-steps.ts'
import type { ServiceContext } from './service.ts'

type Spawned = Extract<ProcessFact, { type: 'process.spawned' }>
type Ready = Extract<ProcessFact, { type: 'process.ready' }>
const ofNext = { type: 'ofNext', params: ({ event }: { event: ProcessFact }) => event } as const
const readyAt = ({ event }: { event: Ready }): Pick<Ready, 'at'> => event

/** The next one starts beside the one that runs. */
export const overlapping = {
  tags: 'active',
  on: {
    // Before it is spawned it can be anything; after that, what is wanted otherwise needs another.
    RESTART: [
      { guard: { type: 'isUnderWay', params: ({ event }: { event: Restart }) => event }, actions: { type: 'renew', ...wish } },
      { guard: restart.guard, target: '.waiting', actions: [...restart.want, 'dismissNext'] },
    ],
    RECONFIGURE: {
      guard: { type: 'isChange', params: ({ event }: { event: { spec: ServiceSpec } }) => event },
      target: '.waiting',
      actions: [...replaceSpec, 'dismissNext'],
    },
    REPLACE: { target: '.waiting', actions: [hold, 'dismissNext'] },
    'process.spawned': {
      guard: ofNext,
      actions: [
        { type: 'recordBeside', params: ({ event }: { event: Spawned }) => event },
        {
          type: 'state',
          params: ({ context, event: { pid, leader, containment } }: { context: ServiceContext; event: Spawned }) =>
            about(context, 'service.overlapping', `pid ${pid} starts beside ${named(context)}`, {
              data: { pid, leader, containment, beside: context.pid },
            }),
        },
      ],
    },
    'process.ready': [
      {
        guard: ofNext,
        target: 'healthy',
        actions: [{ type: 'handOver', params: readyAt }, 'tellHandOver', handedOver, fact('service.ready')],
      },
      { guard: current, actions: { type: 'noteReady', params: readyAt } },
    ],
    'process.unhealthy': { guard: current, actions: { type: 'becomeSick', params: true } },
    'process.recovered': { guard: current, actions: { type: 'becomeSick', params: false } },
    'xstate.done.actor.*': [
      {
        guard: { type: 'wasNext', ...of },
        target: 'returning',
        actions: [
          reportEnd,
          { type: 'lapse', params: ({ event }: { event: Done }) => causeOf(event.output) },
          fact('service.overlapFailed'),
        ],
      },
      besideEnded,
      {
        guard: 'hasNext',
        target: 'starting',
        actions: [
          reportEnd,
          { type: 'explain', params: ({ event }: { event: Done }) => `the one before ${causeOf(event.output)}` },
          'inherit',
          'tellHandOver',
          handedOver,
        ],
      },
      { target: '#service.live.stopping.thenGate', actions: [reportEnd, 'outlive'] },
    ],
    'xstate.error.actor.*': {
      guard: { type: 'wasNext', ...of },
      target: 'returning',
      actions: [
        {
          type: 'lapse',
          params: ({ event }: { event: ErrorActorEvent<unknown, Slot> }) => `its actor failed: ${String(event.error)}`,
        },
        fact('service.overlapFailed'),
      ],
    },
  },
  initial: 'waiting',
  states: {
    // At most two at once: one that is still on its way out goes first.
    waiting: {
      always: [
        { guard: 'hasNext', target: 'starting', actions: 'startBeside' },
        { guard: 'isAlone', target: 'starting', actions: ['besideNext', 'startBeside'] },
      ],
    },
    starting: {},
  },
} as const

/** It came to nothing: passed through within one step, to where it was before. */
export const returning = {
  tags: 'active',
  always: [{ guard: 'isSick', target: 'unhealthy' }, { guard: 'isReady', target: 'healthy' }, { target: 'starting' }],
} as const
