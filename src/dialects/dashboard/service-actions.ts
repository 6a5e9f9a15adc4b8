import * as z from 'zod'
import { limits } from '../../protocol/limits.ts'
import type { Reply } from '../../protocol/reply.ts'
import type { Answer as Told } from '../magictunnel/answers.ts'
import { callAbout, statusOf } from '../magictunnel/calls.ts'
import { healthyIn, outcomeOf } from '../magictunnel/shapes.ts'
import { readBody } from './body.ts'
import { answersFor, atOnce, whileRunning, type Answers } from './results.ts'
import { serviceName } from './system-actions.ts'
import { askFor, type Route, type Turn } from './turns.ts'

/** One service, by its name in the path. */

type Verb = 'start' | 'stop' | 'restart'
const past = { start: 'started', stop: 'stopped', restart: 'restarted' } as const

/** Nothing of a body is used; one that is no object is no request of this API. */
const nothing = z.object({})

function told(verb: Verb, service: string, reply: Reply): Told {
  const failed = `Failed to ${verb} service '${service}'`
  if (!reply.ok) {
    const { data, message } = reply.error
    return { success: false, message: `${failed}: ${outcomeOf(data).because ?? message}`, data: undefined }
  }
  const { outcome, progress } = outcomeOf(reply.output)
  if (outcome !== 'accepted')
    return { success: true, message: `Service '${service}' ${past[verb]} successfully`, data: undefined }
  return { success: true, message: `Service '${service}' is not ${past[verb]} yet; it goes on`, data: progress }
}

/** Does it do already what it would be started for? One that nobody may look at is started. */
const alreadyRuns = (service: string, reply: Reply): boolean => reply.ok && healthyIn(reply.output, service)

function started(answers: Answers, service: string, [status, reply]: readonly Reply[], port: number | null): Turn {
  if (status === undefined) return askFor(statusOf(service))
  if (alreadyRuns(service, status)) {
    return answers.say(200, { status: 'already_running', message: `Service '${service}' is already running` })
  }
  return changed('start', answers, service, reply, port)
}

function changed(verb: Verb, answers: Answers, service: string, reply: Reply | undefined, port: number | null): Turn {
  if (reply === undefined) return askFor(callAbout({ verb, service, args: null }, service, limits.dashboardAnswerTime))
  return answers.concluded(reply, told(verb, service, reply), port)
}

const serviceAction = (verb: Verb): Route => ({
  method: 'POST',
  path: `services/*/${verb}`,
  begin({ open: [service = ''], body }, parts) {
    const about = {
      action: `${verb}_service`,
      more: { service },
      details: { service },
      absent: 'unavailable',
      failed: 500,
    } as const
    const answers = answersFor(about, parts)
    const named = serviceName.safeParse(service)
    if (!named.success) {
      const message = `service: ${named.error.issues[0]?.message ?? 'not a name'}`
      return atOnce(answers.bad({ status: 400, field: 'service', message }))
    }
    const read = readBody(nothing, body, true)
    if ('bad' in read) return atOnce(answers.bad(read.bad))
    return whileRunning(answers, (replies, port) =>
      verb === 'start' ? started(answers, service, replies, port) : changed(verb, answers, service, replies[0], port),
    )
  },
})

export const serviceActions: readonly Route[] = [serviceAction('restart'), serviceAction('stop'), serviceAction('start')]
