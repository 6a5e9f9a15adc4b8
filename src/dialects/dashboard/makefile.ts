import * as z from 'zod'
import { isRecord } from '../../protocol/json.ts'
import { limits } from '../../protocol/limits.ts'
import { programEnv, programSpec } from '../../protocol/program.ts'
import type { Reply, ReplyError } from '../../protocol/reply.ts'
import { outcomeOf } from '../magictunnel/shapes.ts'
import { call } from '../magictunnel/calls.ts'
import { readBody } from './body.ts'
import { answersFor, atOnce, whileRunning } from './results.ts'
import { askFor, type Route } from './turns.ts'

/** One target of make. Which ones there may be, the config says. */

const makefileBody = z.object({ command: programSpec.shape.command, env_vars: programEnv.nullish() })

/** What it wrote, both streams, and how it ended; nothing where it never ran. */
function ending(result: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(result)) return {}
  const { stdout, stderr, exit_code, truncated } = result
  const output = [stdout, stderr].filter((part) => typeof part === 'string').join('')
  return { output, exit_code: exit_code ?? null, ...(truncated === true ? { truncated } : {}) }
}

const resultIn = (reply: Reply): unknown =>
  reply.ok ? (isRecord(reply.output) ? reply.output['result'] : null) : reply.error.data['result']

export const makefileExecute: Route = {
  method: 'POST',
  path: 'makefile/execute',
  begin({ body }, parts) {
    const action = 'execute_makefile'
    const read = readBody(makefileBody, body)
    if ('bad' in read) return atOnce(answersFor({ action }, parts).bad(read.bad))
    const { command, env_vars: env } = read.value
    const details = { command_type: 'make', command }
    const answers = answersFor({ action, more: { command }, details }, parts)
    // The rules judge, and write down what they refuse; here it is only told in the original's words.
    const isBarred = ({ code, data }: ReplyError): boolean =>
      code === 'forbidden' && isRecord(data['result']) && !parts.makeTargets().includes(command)
    const program = { type: 'make', command, is_safe: true, ...(env == null ? {} : { env }) }
    return whileRunning(answers, ([reply], port) => {
      if (reply === undefined) {
        return askFor(call({ verb: 'executecommand', program, timeout: null }, limits.dashboardAnswerTime))
      }
      const result = resultIn(reply)
      const { outcome, progress } = reply.ok ? outcomeOf(reply.output) : { outcome: 'failed', progress: {} }
      if (outcome === 'accepted') {
        return answers.say(200, { status: 'success', message: 'Command is not finished yet; it goes on', data: progress })
      }
      if (reply.ok) return answers.say(200, { status: 'success', message: 'Command executed successfully' }, ending(result))
      if (isBarred(reply.error)) {
        const message = 'Command not allowed for security reasons'
        const extra = { allowed_commands: parts.makeTargets(), field: 'command', rule: reply.error.data['rule'] }
        return answers.say(400, { status: 'error', message }, extra)
      }
      const { exit_code: code } = isRecord(result) ? result : {}
      if (typeof code === 'number') {
        return answers.say(200, { status: 'error', message: `Command failed with exit code ${code}` }, ending(result))
      }
      const message = `Failed to execute command: ${reply.error.message}`
      return answers.concluded(reply, { success: false, message, data: null }, port)
    })
  },
}
