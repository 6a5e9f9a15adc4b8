import { isRecord } from '../../protocol/json.ts'

/** What commands of the gateway answer, in the shapes of the original. What is missing is null: an answer is always one. */

type Shape = Readonly<Record<string, unknown>>

const record = (value: unknown): Shape => (isRecord(value) ? value : {})
const or = (value: unknown, otherwise: unknown): unknown => value ?? otherwise
const each = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Statuses in which a service does what it is for. */
const isHealthy = (status: Shape): boolean => status['status'] === 'running'

/** The services of a `system.status`. */
export const servicesOf = (output: unknown): Shape => record(record(output)['services'])

/** What a name means among them: the service of this name, else its instances, else the members of a group. */
function meant(output: unknown, name: string): readonly Shape[] {
  const services = servicesOf(output)
  if (Object.hasOwn(services, name)) return [record(services[name])]
  const instances = Object.values(services)
    .map(record)
    .filter(({ family }) => family === name)
  if (instances.length > 0) return instances
  const groups = record(record(output)['groups'])
  const members = Object.hasOwn(groups, name) ? each(record(groups[name])['members']) : []
  const all = members.map((member) => record(services[String(member)]))
  // A one-shot among them has done its part.
  const others = all.filter(({ status }) => status !== 'completed')
  return others.length > 0 ? others : all
}

/** Is this one of them, and does it run well, with all of its instances or members? */
export const healthyIn = (output: unknown, service: string): boolean => {
  const all = meant(output, service)
  return all.length > 0 && all.every(isHealthy)
}

/**
 * ProcessStatus of one service of a `system.status`; null: there is none, so nothing runs. Of several the first
 * that is not well.
 */
export function processStatus(output: unknown, service: string | null): Shape {
  const all = service === null ? [] : meant(output, service)
  const status = all.find((one) => !isHealthy(one)) ?? all[0] ?? {}
  const pid = or(status['pid'], null)
  const healthy = isHealthy(status) ? 'healthy' : or(status['status'], 'stopped')
  return {
    args: each(status['args']),
    health_status: pid === null ? 'stopped' : healthy,
    last_restart: or(status['last_restart'], null),
    pid,
    restart_count: or(status['restart_count'], 0),
    status: pid === null ? 'stopped' : 'running',
    uptime_seconds: pid === null ? null : or(status['uptime'], null),
  }
}

const capital = (word: unknown): unknown => (typeof word === 'string' ? word.slice(0, 1).toUpperCase() + word.slice(1) : null)

/** CommandExecutionResult. `truncated` stands there only when something was cut off. */
export function executionResult(result: unknown): Shape {
  const { program, success, exit_code, stdout, stderr, execution_time_ms, error_message, truncated } = record(result)
  const { type, command, args, working_dir, env, description, is_safe } = record(program)
  return {
    command: {
      args: or(args, null),
      command: or(command, null),
      command_type: capital(type),
      description: or(description, null),
      env: or(env, null),
      is_safe: or(is_safe, true),
      working_dir: or(working_dir, null),
    },
    error_message: or(error_message, null),
    execution_time_ms: or(execution_time_ms, 0),
    exit_code: or(exit_code, null),
    stderr: or(stderr, null),
    stdout: or(stdout, null),
    success: success === true,
    ...(truncated === true ? { truncated } : {}),
  }
}

/** CustomRestartResult. `because` stands there only when there is a reason to tell. */
export function customRestartResult(result: unknown): Shape {
  const { pre_command_results, restart_successful, post_command_results, total_execution_time_ms, overall_success, because } =
    record(result)
  return {
    overall_success: overall_success === true,
    post_command_results: each(post_command_results).map(executionResult),
    pre_command_results: each(pre_command_results).map(executionResult),
    restart_successful: restart_successful === true,
    total_execution_time_ms: or(total_execution_time_ms, 0),
    ...(typeof because === 'string' ? { because } : {}),
  }
}

/** What a workflow has come to, from any command that has one. */
export interface Outcome {
  readonly outcome: unknown
  readonly because: string | null
  /** For a caller who does not wait any longer. */
  readonly progress: Shape
}

/** Of `service.start`, `.stop` and `.restart` the first result that is not done counts, else the first. */
export function outcomeOf(output: unknown): Outcome {
  const whole = record(output)
  const all = Array.isArray(whole['results']) ? whole['results'].map(record) : [whole]
  const { outcome, because, workflow, service, step, state } = all.find((one) => one['outcome'] !== 'done') ?? all[0] ?? {}
  return {
    outcome,
    because: typeof because === 'string' ? because : null,
    progress: {
      workflow: or(workflow, null),
      step: or(step, or(state, null)),
      ...(service === undefined ? {} : { service }),
    },
  }
}
