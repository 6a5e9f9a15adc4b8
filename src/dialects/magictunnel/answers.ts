import { isRecord } from '../../protocol/json.ts'
import type { Reply, ReplyError } from '../../protocol/reply.ts'
import type { Order } from './orders.ts'
import { metricsOf } from '../../protocol/fleet-metrics.ts'
import { customRestartResult, executionResult, healthyIn, outcomeOf, processStatus } from './shapes.ts'

/** Replies of the gateway in the original's words. */

export interface Answer {
  readonly success: boolean
  readonly message: string
  readonly data: unknown
}

/** A mutation that was done; its answer carries the status of the service as it is now. */
export interface Done {
  readonly done: string
}

export const refused = (message: string, data: unknown = null): Answer => ({ success: false, message, data })
const said = (message: string, data: unknown): Answer => ({ success: true, message, data })

/** The original manages one program and calls it by its name. */
export const shown = (service: string | null): string =>
  service === null || service.toLowerCase() === 'magictunnel' ? 'MagicTunnel' : service

const past = { start: 'started', stop: 'stopped', restart: 'restarted' } as const

/** Why it failed: what became of one service says more than the sentence around it, which names each of several. */
function reason({ data, message }: ReplyError): string {
  const several = Array.isArray(data['results']) && data['results'].length > 1
  return several ? message : (outcomeOf(data).because ?? message)
}

function changed(verb: keyof typeof past, service: string | null, reply: Reply): Answer | Done {
  if (!reply.ok) return refused(`Failed to ${verb} ${shown(service)}: ${reason(reply.error)}`)
  const { outcome, progress } = outcomeOf(reply.output)
  const message = `${shown(service)} ${past[verb]} successfully`
  if (outcome === 'accepted') {
    const data = verb === 'stop' ? { state: progress['step'] } : progress
    return said(`${shown(service)} is not ${past[verb]} yet; it goes on`, data)
  }
  return verb === 'stop' ? said(message, null) : { done: message }
}

function executed(reply: Reply): Answer {
  if (!reply.ok) {
    const { result } = reply.error.data
    if (!isRecord(result)) return refused(`Command execution failed: ${reply.error.message}`)
    const { error_message: because } = result
    const words = typeof because === 'string' ? because : reply.error.message
    return refused(`Command execution failed: ${words}`, executionResult(result))
  }
  const { outcome, progress } = outcomeOf(reply.output)
  if (outcome === 'accepted') return said('Command is not finished yet; it goes on', progress)
  const data = executionResult(isRecord(reply.output) ? reply.output['result'] : null)
  return said('Command executed successfully', data)
}

function customRestarted(reply: Reply): Answer {
  if (reply.ok) {
    const { outcome, progress } = outcomeOf(reply.output)
    if (outcome === 'accepted') return said('Custom restart sequence is not completed yet; it goes on', progress)
    return said('Custom restart sequence completed successfully', customRestartResult(reply.output))
  }
  // Without results it was not begun.
  if (!('pre_command_results' in reply.error.data)) return refused(`Custom restart sequence failed: ${reply.error.message}`)
  return refused('Custom restart sequence completed with errors', customRestartResult(reply.error.data))
}

function reloaded(reply: Reply): Answer | Done {
  if (reply.ok) return { done: 'Configuration reloaded successfully' }
  const { problems } = reply.error.data
  return refused(`Failed to reload configuration: ${reply.error.message}`, problems === undefined ? null : { problems })
}

function modeOf(reply: Reply): Answer {
  if (!reply.ok) return refused(`Failed to tell the mode: ${reply.error.message}`)
  const mode = isRecord(reply.output) ? reply.output['mode'] : null
  return said(typeof mode === 'string' ? `The mode is ${mode}` : 'There is no mode', reply.output)
}

function modeSwitched(reply: Reply): Answer {
  if (!reply.ok) {
    const { message, data } = reply.error
    return refused(`Failed to switch the mode: ${message}`, 'workflow' in data ? data : null)
  }
  const { outcome, progress } = outcomeOf(reply.output)
  if (outcome === 'accepted') return said('Mode switch is not completed yet; it goes on', progress)
  return said('Mode switched successfully', reply.output)
}

function healthOf(service: string | null, reply: Reply): Answer {
  if (!reply.ok) return refused(reply.error.message)
  const healthy = service !== null && healthyIn(reply.output, service)
  return said(healthy ? 'Healthy' : 'Unhealthy', { healthy })
}

/** What a reply comes to. `service`: the one that was meant, or the default one. */
export function conclude(verb: Order['verb'], service: string | null, reply: Reply): Answer | Done {
  switch (verb) {
    case 'status':
      if (!reply.ok) return refused(reply.error.message)
      return said('Status retrieved successfully', { ...processStatus(reply.output, service), ...metricsOf(reply.output) })
    case 'health':
      return healthOf(service, reply)
    case 'start':
    case 'stop':
    case 'restart':
      return changed(verb, service, reply)
    case 'customrestart':
      return customRestarted(reply)
    case 'executecommand':
      return executed(reply)
    case 'reloadconfig':
      return reloaded(reply)
    case 'mode':
      return modeOf(reply)
    case 'switchmode':
      return modeSwitched(reply)
    case 'shutdown':
      return reply.ok ? said('Supervisor shutting down', null) : refused(`Failed to shut down: ${reply.error.message}`)
    case 'authenticate':
      if (!reply.ok) return refused(`Authentication failed: ${reply.error.message}`)
      return said('Authenticated', reply.output)
    case 'help':
      return refused('')
  }
}

/** What was done, with the status of its service; whoever may not ask for that does without. */
export const withStatus = (message: string, service: string | null, reply: Reply): Answer =>
  said(message, reply.ok && service !== null ? processStatus(reply.output, service) : null)
