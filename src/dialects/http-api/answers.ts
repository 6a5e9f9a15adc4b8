import { apiPathOf } from '../../protocol/api.ts'
import type { Effect } from '../../protocol/dialect.ts'
import { errorCodes } from '../../protocol/errors.ts'
import type { HttpHead } from '../../protocol/exchange.ts'
import { isRecord } from '../../protocol/json.ts'
import type { ReplyError } from '../../protocol/reply.ts'

/** Answers of the API over HTTP: outputs as they are, errors under `error`, streams as Server-Sent Events. */

export const answered = 'it is answered'

type Headers = Readonly<Record<string, string>>

const head = (status: number, body: string | null, headers: Headers): Effect => ({
  type: 'write',
  text: JSON.stringify({ status, headers, body } satisfies HttpHead),
})
const json = { 'content-type': 'application/json' }

/** The whole answer, after which it is over. */
export const answer = (status: number, body: unknown, headers: Headers = {}): Effect[] => [
  head(status, JSON.stringify(body ?? null), { ...json, ...headers }),
  { type: 'close', because: answered },
]

export const refusal = ({ code, message, data }: ReplyError, headers: Headers = {}, status: number = errorCodes[code].status) =>
  answer(status, { error: { code, message, data } }, headers)

/** Is it begun and not done? Then what becomes of it can be asked where the answer says. */
export function isAccepted(output: unknown, wait: unknown): boolean {
  if (wait === false) return true
  if (!isRecord(output)) return false
  const all = Array.isArray(output['results']) ? (output['results'] as unknown[]) : [output]
  return all.some((one) => isRecord(one) && one['outcome'] === 'accepted')
}

/** Where the workflow is that does it, if it is one. */
export function placeOf(output: unknown): Headers {
  if (!isRecord(output)) return {}
  const all = Array.isArray(output['results']) ? (output['results'] as unknown[]) : [output]
  const [workflow, ...others] = all.flatMap((one) =>
    isRecord(one) && typeof one['workflow'] === 'string' ? one['workflow'] : [],
  )
  if (workflow === undefined || others.length > 0) return {}
  return { location: `${apiPathOf('actor.get')}?address=${encodeURIComponent(workflow)}` }
}

const write = (text: string): Effect => ({ type: 'write', text })

export const streamHead = (): Effect => head(200, null, { 'content-type': 'text/event-stream' })
/** `place`: where its reader can go on after it. Empty: nowhere; null: that was never so. */
export const event = (item: unknown, place: string | null): Effect =>
  write(`${place === null ? '' : `id: ${place}\n`}data: ${JSON.stringify(item)}\n\n`)
export const end = (because: string): Effect[] => [
  write(`event: end\ndata: ${JSON.stringify({ because })}\n\n`),
  { type: 'close', because },
]
/** A line that means nothing. */
export const keepAlive = (): Effect => write(':\n\n')
