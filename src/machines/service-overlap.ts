import type { DoneActorEvent } from 'xstate'
import { generationOf } from '../protocol/incarnation.ts'
import { addressOf, type Address } from '../protocol/ids.ts'
import { noHistory } from '../protocol/restart.ts'
import type { Ended, Operation, ServiceSpec } from '../protocol/service.ts'
import type { Overrides } from '../protocol/setting.ts'
import type { ProcessFact, ProcessInput } from './process.ts'
import type { ServiceContext } from './service.ts'

/**
 * Two processes of one service at once: what an overlapping restart knows and changes, as pure functions. SERVICE draws when.
 *
 *   one ──RESTART──▶ one + next ──next is ready──▶ next is the one, the one before is `previous` ──it has gone──▶ one
 *                        └──next ends first──▶ one, as if nothing had been asked
 */

/** Where a process can be below its service. XState can't rename a child, so the two places take turns. */
export const slots = ['process', 'process2'] as const
export type Slot = (typeof slots)[number]

/** What a service knows of one of its processes. */
type Running = Pick<
  ServiceContext,
  'slot' | 'spec' | 'incarnation' | 'pid' | 'leader' | 'containment' | 'memory' | 'spawnedAt' | 'logOffset' | 'adopt'
>

/** The other process, while there are two. `next` takes over once it is ready; `previous` was told to stop. */
export interface Beside extends Running {
  readonly role: 'next' | 'previous'
  /** By an earlier run, already. */
  readonly told?: boolean | undefined
}

/** What an earlier run left beside the one that is adopted. */
export type AdoptedBeside = NonNullable<ServiceContext['adopt']> & Pick<Beside, 'role' | 'told'>

/** What holds again when the next one does not get ready. */
export interface Fallback {
  readonly generation: number
  readonly overrides: Overrides | null
}

/** Why the last overlapping restart came to nothing, and for which operation it was. */
export interface Lapsed {
  readonly op: Operation['id'] | null
  readonly because: string
}

const runningOf = (one: Running): Running => {
  const { slot, spec, incarnation, pid, leader, containment, memory, spawnedAt, logOffset, adopt } = one
  return { slot, spec, incarnation, pid, leader, containment, memory, spawnedAt, logOffset, adopt }
}

const otherSlot = (slot: Slot): Slot => (slot === 'process' ? 'process2' : 'process')

/** Can one take over from the other? Both must be made for it: they share what they serve. */
export const overlaps = (running: ServiceSpec, wanted: ServiceSpec): boolean =>
  running.restart.overlap === true && wanted.restart.overlap === true && wanted.readiness !== null

/** The process that is to take over, before it is spawned. */
export const nextOf = (context: ServiceContext, incarnation: string, adopt: ServiceContext['adopt'] = null): Beside => ({
  role: 'next',
  slot: otherSlot(context.slot),
  spec: context.next ?? context.spec,
  incarnation,
  pid: null,
  leader: null,
  containment: null,
  memory: null,
  spawnedAt: null,
  logOffset: null,
  adopt,
})

export const adoptedBeside = (context: ServiceContext, { role, told, ...adopt }: AdoptedBeside): Beside => ({
  ...nextOf(context, adopt.incarnation, adopt),
  role,
  told,
  leader: adopt.leader,
  pid: adopt.leader.pid,
})

export const addressBeside = ({ spec, role }: Beside): Address => `${addressOf('process', spec.name)}~${role}`

export const inputBeside = (beside: Beside): ProcessInput => ({
  address: addressBeside(beside),
  spec: beside.spec,
  incarnation: beside.incarnation,
  adopt: beside.adopt?.leader ?? null,
  logFrom: beside.adopt?.logOffset ?? null,
  isNext: beside.role === 'next',
  told: beside.told ?? false,
})

/** What to go back to, taken before anything is changed. */
export const fallbackOf = ({ generation, incarnation, overrides }: ServiceContext): Fallback => ({
  // After a crash the journal may know of the restart already: what runs tells what was before.
  generation: Math.min(generation, generationOf(incarnation) || generation),
  overrides,
})

const afresh = { history: noHistory, decision: null, fallback: null, lapsed: null, sick: false } as const

/** It is ready: it is the one now, and the one before is on its way out. */
export function handOver(context: ServiceContext, at: number | null): Partial<ServiceContext> {
  const { beside, back, generation, restartCount } = context
  if (beside === null) return {}
  return {
    ...runningOf(beside),
    ...afresh,
    adopt: null,
    next: back,
    back: null,
    readyAt: at,
    readyGeneration: generation,
    restartCount: restartCount + 1,
    beside: { ...runningOf(context), role: 'previous' },
  }
}

/** The one before ended by itself: the next one is the only one, ready or not. */
export function inherit(context: ServiceContext): Partial<ServiceContext> {
  const { beside, back, restartCount } = context
  if (beside === null) return {}
  return { ...runningOf(beside), ...afresh, next: back, back: null, readyAt: null, restartCount: restartCount + 1, beside: null }
}

/** All is to end, and one has: the other is the last. How it is started next does not change by that. */
export function outlive({ beside, spec }: ServiceContext): Partial<ServiceContext> {
  return beside === null ? {} : { ...runningOf(beside), spec, readyAt: null, beside: null }
}

/** The next one did not get ready: the one of before goes on, and is what is started from now on. */
export function lapse(context: ServiceContext, cause: string): Partial<ServiceContext> {
  const { op, fallback, generation, overrides } = context
  const because = `the restart came to nothing: the new process ${cause}; ${named(context)} runs on as it was`
  return {
    next: null,
    back: null,
    generation: fallback?.generation ?? generation,
    overrides: fallback === null ? overrides : fallback.overrides,
    fallback: null,
    beside: null,
    lapsed: { op: op?.id ?? null, because },
    because,
  }
}

export const recordBeside = (
  { beside }: ServiceContext,
  { pid, leader, at, containment, memory, logOffset }: Extract<ProcessFact, { type: 'process.spawned' }>,
): Pick<ServiceContext, 'beside'> => ({
  beside: beside === null ? null : { ...beside, pid, leader, containment, memory, logOffset, spawnedAt: at },
})

/** Which of the two has ended. */
export const endedOf = (context: ServiceContext, { actorId }: Pick<DoneActorEvent<Ended, Slot>, 'actorId'>): Running =>
  context.beside?.slot === actorId ? context.beside : context

/** A pid as one reads it. */
export const named = ({ pid }: Pick<Running, 'pid'>): string => (pid === null ? 'one that was not spawned yet' : `pid ${pid}`)

export const drainsFirst = (context: ServiceContext, cause: string): string =>
  `${cause}, while ${named(context.beside ?? context)} still drains`
