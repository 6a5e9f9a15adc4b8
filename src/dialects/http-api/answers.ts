import { apiPathOf } from '../../protocol/api.ts'
import type { Effect } from '../../protocol/dialect.ts'
import { errorCodes } from '../../protocol/errors.ts'
import { isRecord } from '../../protocol/json.ts'
import type { ReplyError } from '../../protocol/reply.ts'
import { answered } from '../http-answer.ts'

/** Answers of the API over HTTP: outputs as they are, errors under `error`. */

type Headers = Readonly<Record<string, string>>

const json = { 'content-type': 'application/json' }

/** The whole answer, after which it is over. */
export const answer = (status: number, body: unknown, headers: Headers = {}, because?: string): readonly Effect[] =>
  answered(status, { ...json, ...headers }, JSON.stringify(body ?? null), because)

/** `because`: why the conversation is closed, where that is not that it was answered. */
export const refusal = (
  { code, message, data }: ReplyError,
  { headers = {}, status = errorCodes[code].status, because }: { headers?: Headers; status?: number; because?: string } = {},
): readonly Effect[] => answer(status, { error: { code, message, data } }, headers, because)

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
