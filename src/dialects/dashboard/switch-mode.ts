import * as z from 'zod'
import { isRecord } from '../../protocol/json.ts'
import { limits } from '../../protocol/limits.ts'
import type { Reply } from '../../protocol/reply.ts'
import type { Answer as Told } from '../magictunnel/answers.ts'
import { outcomeOf } from '../magictunnel/shapes.ts'
import { readBody } from './body.ts'
import { knownModes } from './mode.ts'
import { answersFor, atOnce, whileRunning, type Answers } from './results.ts'
import { answer, ask, type Answer, type DashboardParts, type Route, type Turn } from './turns.ts'

/** Going over to another mode; the answer holds that of a custom restart, because in the original it was one. */

const switchBody = z.object({ mode: z.string().nullish() })

/** `'proxy' or 'advanced'` */
const alternatives = (modes: readonly string[]): string => {
  const quoted = modes.map((mode) => `'${mode}'`)
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}

/** The result of a switch as that of a custom restart, and what it came to beyond that. */
function restartResult(output: unknown): Readonly<Record<string, unknown>> {
  const {
    outcome,
    because,
    stopped,
    restarted,
    started,
    rolled_back,
    total_execution_time_ms: took,
  } = isRecord(output) ? output : {}
  const done = outcome === 'done'
  return {
    overall_success: done,
    post_command_results: [],
    pre_command_results: [],
    restart_successful: done,
    total_execution_time_ms: took ?? 0,
    stopped: stopped ?? [],
    restarted: restarted ?? [],
    started: started ?? [],
    rolled_back: rolled_back === true,
    ...(typeof because === 'string' ? { because } : {}),
  }
}

function told(reply: Reply): Told {
  if (reply.ok) {
    const { outcome, progress } = outcomeOf(reply.output)
    return outcome === 'accepted'
      ? { success: true, message: 'Custom restart sequence is not completed yet; it goes on', data: progress }
      : { success: true, message: 'Custom restart sequence completed successfully', data: restartResult(reply.output) }
  }
  const { data, message } = reply.error
  if (!('outcome' in data)) return { success: false, message: `Custom restart sequence failed: ${message}`, data: null }
  const why = typeof data['because'] === 'string' ? data['because'] : message
  return { success: false, message: `Custom restart sequence completed with errors: ${why}`, data: restartResult(data) }
}

/** Around the answer of the restart: its words, and 200 whatever became of it. What may not be asked for keeps its status. */
function wrapped(turn: Turn, mode: string, { now }: DashboardParts): Turn {
  if (turn.kind !== 'answer' || !isRecord(turn.answer.body)) return turn
  const { status, body }: Answer = turn.answer
  const refused = status >= 400 && status < 500
  return answer(refused ? status : 200, {
    action: 'switch_mode',
    status: body['status'],
    message: `Mode switch to '${mode}': ${String(body['message'])}`,
    new_mode: mode,
    custom_restart_response: body,
    timestamp: now(),
  })
}

function invalidMode(answers: Answers, mode: string, modes: readonly string[]): Turn {
  const message = `Invalid mode '${mode.slice(0, limits.nameLength)}'. Must be ${alternatives(modes)}`
  return answers.say(400, { status: 'invalid_mode', message }, { field: 'mode' })
}

export const switchMode: Route = {
  method: 'POST',
  path: 'system/switch-mode',
  begin({ body }, parts) {
    const answers = answersFor({ action: 'switch_mode' }, parts)
    const read = readBody(switchBody, body)
    if ('bad' in read) return atOnce(answers.bad(read.bad))
    const { mode } = read.value
    if (mode == null) return atOnce(answer(400, "Missing 'mode' field"))
    const details = { pre_commands_requested: 0, post_commands_requested: 0 }
    const inner = answersFor({ action: 'custom_restart', details }, parts)
    return ([known, ...replies]) => {
      if (known === undefined) return ask('system.mode')
      const modes = knownModes(known)
      if (modes.length > 0 && !modes.includes(mode)) return invalidMode(answers, mode, modes)
      const turn = whileRunning(inner, ([reply], port) =>
        reply === undefined
          ? ask('system.switch_mode', { mode, wait: limits.dashboardAnswerTime })
          : inner.concluded(reply, told(reply), port),
      )(replies)
      return wrapped(turn, mode, parts)
    }
  },
}
