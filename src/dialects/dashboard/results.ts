import { isRecord } from '../../protocol/json.ts'
import type { Reply, ReplyError } from '../../protocol/reply.ts'
import type { Answer as Told } from '../magictunnel/answers.ts'
import type { BadBody } from './body.ts'
import { answer, ask, type DashboardParts, type Script, type Turn } from './turns.ts'

/** Answers in the original's shape: `{"action", "status", "message", "data", "timestamp"}`. */

/** What stands in every answer to one request. */
export interface About {
  readonly action: string
  /** More of the original's, behind the action. */
  readonly more?: Readonly<Record<string, unknown>>
  /** What an answer says of the request while nothing can be done. */
  readonly details?: Readonly<Record<string, unknown>>
  /** The status while nothing can be done, and the HTTP status of what was tried and failed. */
  readonly absent?: string
  readonly failed?: 200 | 500
}

interface Said {
  readonly status: string
  readonly message: string
  readonly data?: unknown
}

export type Answers = ReturnType<typeof answersOf>

/** The codes that say that it is a fault of the request; what failed is none. */
const statusOf = {
  invalid_request: 400,
  invalid_params: 400,
  parse_error: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  unknown_command: 404,
  too_large: 413,
} as const
const isRefusal = (code: string): code is keyof typeof statusOf => Object.hasOwn(statusOf, code)

/** Where it stands that one may read more of a refusal. */
const traces = ({ code, data }: ReplyError): Readonly<Record<string, unknown>> => ({
  code,
  ...(typeof data['field'] === 'string' && data['field'] !== '' ? { field: data['field'] } : {}),
  ...(typeof data['rule'] === 'string' ? { rule: data['rule'] } : {}),
})

export function answersOf(
  { action, more = {}, details = {}, absent = 'supervisor_unavailable', failed = 200 }: About,
  now: () => string,
) {
  const say = (status: number, { status: word, message, ...rest }: Said, extra: Readonly<Record<string, unknown>> = {}): Turn =>
    answer(status, { action, ...more, status: word, message, ...rest, ...extra, timestamp: now() })

  const unavailable = (why: string, port: number | null): Turn =>
    say(503, { status: absent, message: why }, { details: { supervisor_port: port, ...details } })

  return {
    say,
    bad: ({ status, field, message }: BadBody): Turn => say(status, { status: 'error', message }, { field }),
    unavailable,
    /** What became of a command, told in the original's words. */
    concluded(reply: Reply, { success, message, data }: Told, port: number | null): Turn {
      if (reply.ok) return say(200, { status: success ? 'success' : 'error', message, data })
      const { error } = reply
      const { code } = error
      if (code === 'shutting_down') return unavailable(`Supervisor is not available: ${error.message}`, port)
      if (code === 'internal') {
        return say(500, { status: 'communication_error', message: `Failed to communicate with supervisor: ${error.message}` })
      }
      // A program that the config forbids has a result like one that failed.
      if (isRefusal(code) && !isRecord(error.data['result']))
        return say(statusOf[code], { status: 'error', message, data }, traces(error))
      return say(failed, { status: 'error', message, data }, traces(error))
    },
  }
}

/** What a look at the whole fleet says of its orchestrator. */
interface Standing {
  /** Why it takes no orders; null while it does, or while nobody may know. */
  readonly because: string | null
  /** Where the supervisor's own protocol is spoken; null: nowhere. */
  readonly port: number | null
}

export function standingOf(reply: Reply): Standing {
  const output = reply.ok && isRecord(reply.output) ? reply.output : {}
  const { supervisor, listeners } = output
  const status = isRecord(supervisor) ? supervisor['status'] : undefined
  const all = Array.isArray(listeners) ? listeners.filter(isRecord) : []
  const address = all.find(({ name }) => name === 'supervisor')?.['address']
  const port = typeof address === 'string' ? Number(/:(\d+)$/.exec(address)?.[1] ?? Number.NaN) : Number.NaN
  return {
    because: typeof status === 'string' && status !== 'running' ? `it is ${status}` : null,
    port: Number.isNaN(port) ? null : port,
  }
}

/**
 * What is done by a fleet that runs only: of one that starts or ends it is told that it is not available. `next` hears the
 * replies to its own calls. Whoever may not ask how things stand is not asked about it: the command itself decides.
 */
export const whileRunning =
  (answers: Answers, next: (replies: readonly Reply[], port: number | null) => Turn): Script =>
  ([first, ...replies]) => {
    if (first === undefined) return ask('system.status', { services: [] })
    const { because, port } = standingOf(first)
    if (because !== null) return answers.unavailable(`Supervisor is not available: ${because}. ${advice(because)}`, port)
    return next(replies, port)
  }

const advice = (because: string): string =>
  because === 'it is starting' ? 'Please try again in a moment' : 'Please start it again with: hyphae up'

/** A script that needs no reply. */
export const atOnce =
  (turn: Turn): Script =>
  () =>
    turn

/** The answers to one request. */
export const answersFor = (about: About, { now }: DashboardParts): Answers => answersOf(about, () => now())
