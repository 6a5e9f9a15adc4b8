import * as z from 'zod'

/**
 * Facts: what happened, in the past tense. Only the system itself states them; nobody outside can send one.
 * They go to the directory, to the journal, to subscribers and to the log.
 */
export const factTypes = [
  'service.added',
  'service.waiting',
  'service.spawning',
  'service.spawned',
  'service.adopting',
  'service.adopted',
  'service.ready',
  'service.unhealthy',
  'service.recovered',
  'service.overlapping',
  'service.handedOver',
  'service.overlapFailed',
  'service.stopping',
  'service.killing',
  'service.stuck',
  'service.exited',
  'service.restarting',
  'service.gaveUp',
  'service.stopped',
  'service.completed',
  'service.failed',
  'service.held',
  'service.refused',
  'service.removed',
  'service.left',
  'schedule.missed',
  'group.holding',
  'group.releasing',
  'group.restarted',
  'group.gaveUp',
  'group.removed',
  'workflow.started',
  'workflow.step',
  'workflow.finished',
  'program.started',
  'program.refused',
  'program.finished',
  'listener.bound',
  'listener.failed',
  'system.starting',
  'system.ready',
  'system.stopping',
  'system.stopped',
  'system.reloaded',
  'system.reloadRefused',
  'system.leaving',
  'system.left',
  'system.crashed',
  'system.fault',
  'system.mended',
  'system.damaged',
  'system.swept',
  'command.accepted',
  'actor.crashed',
  'hook.delivered',
  'hook.failed',
  'hook.dropped',
  'command.refused',
  'access.refused',
  'access.ticket',
  'access.login',
  'access.loginEnded',
  'system.lockdown',
  'system.modeSwitched',
] as const
export type FactType = (typeof factTypes)[number]

/** Who did what, or was refused. */
export const auditTypes: readonly FactType[] = [
  'command.accepted',
  'command.refused',
  'program.started',
  'program.refused',
  'program.finished',
  'workflow.started',
  'workflow.finished',
  'access.refused',
  'access.ticket',
  'access.login',
  'access.loginEnded',
  'system.lockdown',
  'system.modeSwitched',
]

export const fact = z.object({
  seq: z.number().int().describe('grows by one with each fact, over all runs of one state folder'),
  time: z.iso.datetime().describe('wall clock, for people; nothing is decided by it'),
  type: z.enum(factTypes),
  about: z.string().describe('the address of the actor it is about'),
  because: z.string().nullable().describe('the reason, in words'),
  by: z.string().nullable().describe('who asked for it, where somebody did'),
  data: z.record(z.string(), z.unknown()).describe('figures, by type of fact'),
})
export type Fact = z.infer<typeof fact>

/** A fact as an actor states it; sequence and wall clock are added where it is recorded. */
export interface Statement {
  readonly type: FactType
  readonly about: string
  readonly because?: string | null
  readonly by?: string | null
  readonly data?: Readonly<Record<string, unknown>>
}
