import { HyphaeError } from '../../protocol/errors.ts'
import type { HttpAsked } from '../../protocol/exchange.ts'

/** What every mutation takes beside its own input, where it comes in headers. */

/** `Prefer: respond-async` and `Prefer: wait=10` (RFC 7240); undefined: it prefers nothing of that. */
function waitPreferred(prefer: string): false | number | undefined {
  const preferences = prefer.split(',').map((one) => one.split(';')[0]?.trim().toLowerCase() ?? '')
  const [seconds] = preferences.flatMap((one) => /^wait *= *"?(\d{1,9})"?$/.exec(one)?.[1] ?? [])
  if (seconds !== undefined) return Number(seconds) * 1000
  return preferences.includes('respond-async') ? false : undefined
}

/** A text of structured headers, or one without its quotes, as most clients send it. */
const keyOf = (written: string): string => /^"((?:[^"\\]|\\["\\])*)"$/.exec(written)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? written

function sameOrAbsent(input: Readonly<Record<string, unknown>>, field: string, value: unknown, header: string): void {
  const given = input[field]
  if (given === undefined || given === value) return
  const message = `${header} and ${field}: the header says ${JSON.stringify(value)}, the body ${JSON.stringify(given)}`
  throw new HyphaeError('invalid_params', message.slice(0, 300), { field, header })
}

export interface Preferred {
  readonly input: Readonly<Record<string, unknown>>
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>
  /** Which header a field came in. */
  readonly from: Readonly<Record<string, string>>
}

/** The input with what its headers say in it; where the body says otherwise, that is an error. */
export function withHeaders(input: Readonly<Record<string, unknown>>, headers: HttpAsked['headers']): Preferred {
  const { prefer, 'idempotency-key': key } = headers
  const wait = prefer === undefined ? undefined : waitPreferred(prefer)
  if (wait !== undefined) sameOrAbsent(input, 'wait', wait, 'prefer')
  const id = key === undefined ? undefined : keyOf(key)
  if (id !== undefined) sameOrAbsent(input, 'request_id', id, 'idempotency-key')
  return {
    input: { ...input, ...(wait === undefined ? {} : { wait }), ...(id === undefined ? {} : { request_id: id }) },
    headers: wait === undefined ? {} : { 'preference-applied': wait === false ? 'respond-async' : `wait=${wait / 1000}` },
    from: { ...(wait === undefined ? {} : { wait: 'prefer' }), ...(id === undefined ? {} : { request_id: 'idempotency-key' }) },
  }
}
