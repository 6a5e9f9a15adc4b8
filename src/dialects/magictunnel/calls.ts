import { limits } from '../../protocol/limits.ts'
import type { Order } from './orders.ts'

/** An order as a command of the gateway. */

export interface Call {
  readonly command: string
  readonly input: Readonly<Record<string, unknown>>
}

/** Beyond it the original's clients give up: they are told that it goes on. */
const usualWait = limits.controlAnswerTime

/** The status of one service, or of all. */
export const statusOf = (service: string | null): Call => ({
  command: 'system.status',
  input: service === null ? {} : { services: [service] },
})

const present = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))

/** The orders that need a service; which one that is, is known by now. */
type ForService = Extract<Order, { verb: 'health' | 'start' | 'stop' | 'restart' | 'customrestart' }>

export function callAbout(order: ForService, service: string, wait: number = usualWait): Call {
  switch (order.verb) {
    case 'health':
      return statusOf(service)
    case 'start':
    case 'stop':
      return { command: `service.${order.verb}`, input: { services: [service], wait } }
    case 'restart':
      return order.args === null
        ? { command: 'service.restart', input: { services: [service], wait } }
        : { command: 'service.custom_restart', input: { service, args: order.args, wait } }
    case 'customrestart': {
      const { before, args, after, env } = order
      const given = present({ pre_commands: before, args, post_commands: after, env })
      return { command: 'service.custom_restart', input: { service, ...given, wait } }
    }
  }
}

/** The orders that are about no service, or about all. */
export type ForFleet = Extract<Order, { verb: 'status' | 'executecommand' | 'reloadconfig' | 'mode' | 'switchmode' | 'shutdown' }>

export function call(order: ForFleet, wait: number = usualWait): Call {
  switch (order.verb) {
    case 'status':
      return statusOf(order.service)
    case 'executecommand': {
      const seconds = order.timeout
      const timeout = seconds === null ? {} : { timeout_ms: Math.min(Math.max(1, seconds * 1000), limits.duration) }
      return { command: 'program.run', input: { program: order.program, ...timeout, wait } }
    }
    case 'reloadconfig':
      return { command: 'system.reload', input: { ...present({ config_path: order.path }), wait } }
    case 'mode':
      return { command: 'system.mode', input: {} }
    case 'switchmode':
      return { command: 'system.switch_mode', input: { mode: order.mode, wait } }
    case 'shutdown':
      return { command: 'system.shutdown', input: { wait: false } }
  }
}
