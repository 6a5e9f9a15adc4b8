import type { DoneActorEvent, ErrorActorEvent } from 'xstate'
import type { Statement } from '../protocol/facts.ts'
import type { Ended, ServiceCommand, ServiceSpec } from '../protocol/service.ts'
import type { ProcessFact } from './process.ts'
import { causeOf } from './restart-policy.ts'
import { endedOf, named, type Slot } from './service-overlap.ts'
import type { ServiceContext, ServiceEvent } from './service.ts'

/** Guards and actions of SERVICE with what they are given, for several of its states. */

export type Wish = Extract<ServiceCommand, { type: 'START' | 'STOP' | 'RESTART' }>
export type Restart = Extract<ServiceCommand, { type: 'RESTART' }>
export type Adopt = Extract<ServiceEvent, { type: 'ADOPT' }>

export const about = (
  context: ServiceContext,
  type: Statement['type'],
  because: string | null,
  more: Partial<Statement> = {},
): Statement => ({
  type,
  about: context.address,
  because,
  ...more,
})

export const wish = { params: ({ event }: { event: Wish }) => event }
export const restart = {
  guard: { type: 'mayOperate', params: ({ event }: { event: Restart }) => event },
  want: [
    { type: 'want', ...wish },
    { type: 'replaceSpec', params: ({ event }: { event: Restart }) => event },
  ],
} as const
export const reject = { type: 'reject', ...wish } as const
export const swapSpec = { type: 'reconfigure', params: ({ event }: { event: { spec: ServiceSpec } }) => event.spec } as const
export const replaceSpec = [
  swapSpec,
  { type: 'renew', params: {} },
  {
    type: 'explain',
    params: ({ event }: { event: { because?: string | undefined } }) => event.because ?? 'restarted because its config changed',
  },
] as const
export const removed = {
  type: 'explain',
  params: ({ event }: { event: { because?: string | undefined } }) => event.because ?? 'removed from the config',
} as const
export const hold = { type: 'explain', params: ({ event }: { event: { because: string } }) => event.because } as const
export const joinGroup = { type: 'joinGroup', params: ({ event }: { event: { group: string | null } }) => event } as const
export const leavesGroup = {
  type: 'leavesGroup',
  params: ({ event }: { event: { group: string | null } }) => event,
} as const
/** Nobody who held it will let it go. */
export const letGo = [joinGroup, { type: 'explain', params: 'restarted: it is not in the group that held it any more' }] as const
export const fact = (type: Statement['type']) =>
  ({ type: 'state', params: ({ context }: { context: ServiceContext }) => about(context, type, context.because) }) as const
export type Done = DoneActorEvent<Ended, Slot>
export const ended = ({ event }: { event: Done }): Ended => event.output
export const reportEnd = {
  type: 'state',
  params: ({ context, event }: { context: ServiceContext; event: Done }) => {
    const { output } = event
    const one = endedOf(context, event)
    return about(context, 'service.exited', causeOf(output), {
      data: {
        pid: one.pid,
        exit: output.exit,
        planned: output.planned,
        uptime_ms: one.spawnedAt === null ? 0 : Math.max(0, Math.round(output.at - one.spawnedAt)),
        ...(one === context ? {} : { beside: context.pid }),
      },
    })
  },
} as const
export const of = { params: ({ event }: { event: Done | ErrorActorEvent<unknown, Slot> }) => event } as const
/** Another process has taken over. */
export const handedOver = {
  type: 'state',
  params: ({ context }: { context: ServiceContext }) => {
    const { beside, pid, leader, containment, restartCount: restarts, because } = context
    return about(context, 'service.handedOver', beside === null ? because : `pid ${pid} is ready, ${named(beside)} drains`, {
      data: { from: beside?.pid ?? null, pid, leader, containment, restarts },
    })
  },
} as const
export const besideEnded = { guard: { type: 'wasBeside', ...of }, actions: [reportEnd, 'forgetBeside'] } as const
export const besideFailed = { guard: { type: 'wasBeside', ...of }, actions: 'forgetBeside' } as const
/** Of two that are to go one has. */
export const oneOfTwo = [besideFailed, { guard: 'hasBeside', actions: 'outlive' }] as const
export const current = { type: 'current', params: ({ event }: { event: ProcessFact }) => event } as const

/** Its process ends it: not ready in time, or too much memory. */
export const ending = {
  guard: current,
  target: 'ending',
  actions: { type: 'explain', params: ({ event }: { event: Extract<ProcessFact, { type: 'process.ending' }> }) => event.because },
} as const

/** It is on its way out of the config: what is asked of it meanwhile comes too late. */
export const tooLate = {
  actions: {
    type: 'state',
    params: ({ context, event: { type, by } }: { context: ServiceContext; event: Wish }) =>
      about(context, 'service.refused', `${type} refused: it is not in the config any more`, { by: by ?? null }),
  },
} as const

export const adopt = { type: 'adopt', params: ({ event }: { event: Adopt }) => event } as const
export const besideAdopted = { type: 'besideAdopted', params: ({ event }: { event: Adopt }) => event } as const

// Whoever holds its slot must not wake it any more.
export const leave = { target: 'stopped', actions: ['free', { type: 'explain', params: 'left, not started yet' }] } as const

/** A state in which nothing runs and nothing is wanted of it until somebody says so. */
export const atRest = {
  START: { target: 'gate', actions: [{ type: 'clearHistory' }, { type: 'want', ...wish }] },
  RESTART: { guard: restart.guard, target: 'gate', actions: [{ type: 'clearHistory' }, ...restart.want] },
  REMOVE: 'removed',
} as const
