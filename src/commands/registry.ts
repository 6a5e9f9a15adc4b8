import type { Command } from '../protocol/command.ts'
import { actorEvents } from './actor-events.ts'
import { actorGet, actorList, actorSend, actorWatch } from './actor.ts'
import { systemBanner, systemBannerFollow } from './banner.ts'
import { serviceCustomRestart } from './custom-restart.ts'
import { eventsFollow, eventsRead } from './events.ts'
import { serviceGraph } from './graph.ts'
import { systemHealth } from './health.ts'
import { systemLockdown } from './lockdown.ts'
import { inspectionChart, inspectionContext, inspectionWatch } from './inspection.ts'
import { logsFollow, logsRead } from './logs.ts'
import { systemMetrics } from './metrics.ts'
import { systemMode, systemSwitchMode } from './mode.ts'
import { systemReload } from './reload.ts'
import { programRun } from './program.ts'
import { serviceRestart } from './restart.ts'
import { serviceExplain, serviceStart, serviceStop } from './service.ts'
import { systemLeave, systemShutdown, systemStatus } from './system.ts'
import { accessTicket } from './ticket.ts'
import { systemWhoami } from './whoami.ts'

/** Every command there is. Each surface is derived from this: methods, tools, help texts and documents. */
export const commands = {
  'system.status': systemStatus,
  'system.whoami': systemWhoami,
  'system.health': systemHealth,
  'system.metrics': systemMetrics,
  'system.banner': systemBanner,
  'system.banner_follow': systemBannerFollow,
  'system.shutdown': systemShutdown,
  'system.leave': systemLeave,
  'system.reload': systemReload,
  'system.lockdown': systemLockdown,
  'access.ticket': accessTicket,
  'system.mode': systemMode,
  'system.switch_mode': systemSwitchMode,
  'service.start': serviceStart,
  'service.stop': serviceStop,
  'service.restart': serviceRestart,
  'service.custom_restart': serviceCustomRestart,
  'service.explain': serviceExplain,
  'service.graph': serviceGraph,
  'program.run': programRun,
  'actor.list': actorList,
  'actor.get': actorGet,
  'actor.send': actorSend,
  'actor.events': actorEvents,
  'actor.watch': actorWatch,
  'inspection.watch': inspectionWatch,
  'inspection.chart': inspectionChart,
  'inspection.context': inspectionContext,
  'events.read': eventsRead,
  'events.follow': eventsFollow,
  'logs.read': logsRead,
  'logs.follow': logsFollow,
} as const

export type Commands = typeof commands
export type CommandName = keyof Commands

/** By name; a Map, because names come from outside. */
export const registry: ReadonlyMap<string, Command> = new Map<string, Command>(
  Object.entries(commands as unknown as Record<string, Command>),
)
