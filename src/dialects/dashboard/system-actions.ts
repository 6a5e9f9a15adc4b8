import * as z from 'zod'
import { limits } from '../../protocol/limits.ts'
import { programArgs, programEnv } from '../../protocol/program.ts'
import { conclude, refused, withStatus, type Answer as Told, type Done } from '../magictunnel/answers.ts'
import { call, callAbout, statusOf } from '../magictunnel/calls.ts'
import { readBody } from './body.ts'
import { programOf, programsOf, seconds } from './programs.ts'
import { answersFor, atOnce, whileRunning } from './results.ts'
import { askFor, type Route } from './turns.ts'

/** What the dashboard has done to the default service, or to another one: restarts and commands. */

/** Whoever waits longer is told that it goes on. */
const wait = limits.dashboardAnswerTime

export const serviceName = z.string().min(1, 'expected a name, got an empty string').max(limits.nameLength)
const noService = (verb: string): Told => refused(`Failed to ${verb} MagicTunnel: there is no service`)
const finished = (told: Told | Done): Told => ('done' in told ? { success: true, message: told.done, data: null } : told)

const restartBody = z.object({ service: serviceName.nullish() })

export const systemRestart: Route = {
  method: 'POST',
  path: 'system/restart',
  begin({ body }, parts) {
    const answers = answersFor({ action: 'restart_magictunnel', details: { restart_type: 'basic' } }, parts)
    const read = readBody(restartBody, body, true)
    if ('bad' in read) return atOnce(answers.bad(read.bad))
    const service = read.value.service ?? parts.defaultService()
    return whileRunning(answers, ([reply, status], port) => {
      if (service === null) return answers.concluded({ ok: true, output: null }, noService('restart'), port)
      if (reply === undefined) return askFor(callAbout({ verb: 'restart', service, args: null }, service, wait))
      const told = conclude('restart', service, reply)
      if (!('done' in told)) return answers.concluded(reply, told, port)
      return status === undefined
        ? askFor(statusOf(service))
        : answers.concluded(reply, withStatus(told.done, service, status), port)
    })
  },
}

const customRestartBody = z.object({
  service: serviceName.nullish(),
  pre_commands: programsOf.nullish(),
  start_args: programArgs.nullish(),
  args: programArgs.nullish(),
  post_commands: programsOf.nullish(),
  env_vars: programEnv.nullish(),
  remember: z.boolean().nullish(),
})

export const customRestart: Route = {
  method: 'POST',
  path: 'system/custom-restart',
  begin({ body }, parts) {
    const read = readBody(customRestartBody, body)
    const given = 'bad' in read ? {} : read.value
    const details = {
      pre_commands_requested: given.pre_commands?.length ?? 0,
      post_commands_requested: given.post_commands?.length ?? 0,
    }
    const answers = answersFor({ action: 'custom_restart', details }, parts)
    if ('bad' in read) return atOnce(answers.bad(read.bad))
    const { start_args: startArgs, args, pre_commands: before, post_commands: after, env_vars: env, remember } = read.value
    if (startArgs != null && args != null) {
      const message = 'args: it is another name of start_args, so only one of them may be given'
      return atOnce(answers.bad({ status: 400, field: 'args', message }))
    }
    const service = read.value.service ?? parts.defaultService()
    const order = {
      verb: 'customrestart',
      before: before ?? null,
      args: startArgs ?? args ?? null,
      after: after ?? null,
      env: env ?? null,
    } as const
    return whileRunning(answers, ([reply], port) => {
      if (service === null) return answers.concluded({ ok: true, output: null }, noService('restart'), port)
      if (reply !== undefined) return answers.concluded(reply, finished(conclude('customrestart', service, reply)), port)
      const { command, input } = callAbout(order, service, wait)
      return askFor({ command, input: { ...input, ...(remember == null ? {} : { remember }) } })
    })
  },
}

const executeBody = z.object({ command: programOf, timeout_seconds: seconds.nullish() })

export const executeCommand: Route = {
  method: 'POST',
  path: 'system/execute-command',
  begin({ body }, parts) {
    const read = readBody(executeBody, body)
    const details = 'bad' in read ? {} : { command_type: read.value.command.type, command: read.value.command.command }
    const answers = answersFor({ action: 'execute_command', details }, parts)
    if ('bad' in read) return atOnce(answers.bad(read.bad))
    const { command: program, timeout_seconds: timeout = null } = read.value
    return whileRunning(answers, ([reply], port) =>
      reply === undefined
        ? askFor(call({ verb: 'executecommand', program, timeout }, wait))
        : answers.concluded(reply, finished(conclude('executecommand', null, reply)), port),
    )
  },
}
