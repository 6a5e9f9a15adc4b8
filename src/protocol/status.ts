import * as z from 'zod'
import { fact } from './facts.ts'
import { groupStatus } from './group.ts'
import { lockdown } from './lockdown.ts'
import { modeSources } from './mode.ts'
import { phaseSchema, serviceStatus } from './service.ts'

/** One actor as the directory shows it. */
export const actorStatus = z.object({
  address: z.string(),
  kind: z.string(),
  phase: phaseSchema,
  state: z.string().describe('the active state, nested ones joined by dots'),
  since: z.iso.datetime().describe('when it entered that state'),
  reason: z.string().nullable(),
  parent: z.string().nullable().describe('the address of the actor above it, where that has one'),
  accepts: z.array(z.string()).describe('the public events that its present state takes'),
  live: z.boolean().describe('false: it was reaped and is only remembered'),
  result: z.unknown().optional().describe('what it ended with, once reaped'),
})
export type ActorStatus = z.infer<typeof actorStatus>

export const listenerStatus = z.object({
  name: z.string().describe("the config's key: control, supervisor, http, …"),
  scheme: z.string().describe('what it speaks: unix, tcp or http; tls and https: the same with TLS around it'),
  address: z.string().nullable().describe('host:port, or the path of a unix socket; null until it is bound'),
  error: z.string().nullable(),
})
export type ListenerStatus = z.infer<typeof listenerStatus>

/** Something around us that is wrong, now. */
export const fault = z.object({
  what: z.enum(['journal', 'logs', 'rotation']),
  because: z.string(),
  since: z.iso.datetime(),
})
export type Fault = z.infer<typeof fault>

export const supervisorStatus = z.object({
  status: z.enum(['starting', 'running', 'stopping', 'leaving']),
  pid: z.number().int(),
  uptime: z.number().int().describe('whole seconds'),
  managed_services: z.number().int(),
  default_service: z.string().nullable().describe('the service that is meant where nobody names one'),
  version: z.string(),
  config: z.string().nullable().describe('path of the config file'),
  mode: z.string().nullable().describe('the mode in force: services of other modes are left out'),
  mode_source: z.enum(modeSources).describe('who said so: a flag, the environment, the file, or a switch by command'),
  state: z.string().describe('path of the state folder'),
  warnings: z.array(z.string()),
  lockdown: lockdown.nullable().describe('while it is on, every command that changes something is refused; null: it is not'),
  faults: z.array(fault).describe('what is wrong around it now: a full disk, say'),
})
export type SupervisorStatus = z.infer<typeof supervisorStatus>

/** What `system.status` answers and `status --json` prints. */
export const fleetStatus = z.object({
  supervisor: supervisorStatus,
  services: z.record(z.string(), serviceStatus),
  groups: z.record(z.string(), groupStatus).describe('services that are restarted together'),
  listeners: z.array(listenerStatus),
})
export type FleetStatus = z.infer<typeof fleetStatus>

const position = {
  seq: z.number().int().describe('the number of this change in this run; it grows, and a watch can be resumed after it'),
}

/**
 * One thing that `actor.watch` tells. The first is `begin`. Not resumed: forget what you know, `snapshot` items tell every
 * actor that exists. Resumed: what changed since, and nothing else.
 */
export const watchItem = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('begin'),
    run: z.string().describe('numbers of changes mean something only within one run of the orchestrator'),
    ...position,
    fact: z.number().int().describe('the number of the last fact before those that follow'),
    resumed: z.boolean(),
  }),
  z.object({ type: z.literal('snapshot'), ...position, actor: actorStatus }),
  z.object({ type: z.literal('changed'), ...position, actor: actorStatus }),
  z.object({ type: z.literal('reaped'), ...position, actor: actorStatus }),
  z.object({ type: z.literal('fact'), fact }),
])
export type WatchItem = z.infer<typeof watchItem>

export const logItem = z.object({
  service: z.string(),
  line: z.string().describe('without its line end; control bytes as the program wrote them'),
  truncated: z.boolean(),
  time: z.iso.datetime().nullable().describe('when it was written, to about a second: not later than this; null: nobody knows'),
})
/** One line of `logs.follow`. */
export const followedLogItem = logItem.extend({
  offset: z.number().int().describe('where the log goes on after this line, in bytes; a follower can be resumed there'),
})
export type FollowedLogItem = z.infer<typeof followedLogItem>
export type LogItem = z.infer<typeof logItem>
