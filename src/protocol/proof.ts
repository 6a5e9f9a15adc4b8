import type { Principal } from './principal.ts'
import type { Reply, ReplyError } from './reply.ts'

/** What comes of a token that somebody shows. */
export type Proof = { readonly principal: Principal } | { readonly rejected: Rejection }

/** How a wrong token is answered. */
export interface Rejection {
  /** Not before so many ms. */
  readonly hold: number
  /** Too many were wrong: s until the next one is worth trying; null: it is just wrong. */
  readonly retryAfter: number | null
}

/** For a caller who can be told no status: why it is not accepted. */
export const rejectionInWords = ({ retryAfter }: Rejection): string =>
  retryAfter === null ? 'this token is not valid' : `too many wrong tokens from this address; try again in ${retryAfter} s`

export const wrongToken = (rejected: Rejection): Reply => {
  const { retryAfter } = rejected
  const message = rejectionInWords(rejected)
  if (retryAfter === null) return { ok: false, error: { code: 'unauthorized', message, data: {} } }
  return { ok: false, error: { code: 'overloaded', message, data: { retry_after: retryAfter } } }
}

/** For a command of somebody who has shown no token where one is needed. */
export const unauthenticated: Reply & { readonly ok: false } = {
  ok: false,
  error: { code: 'unauthorized', message: 'this connection has not proved who it is', data: {} },
}

/** What a wire refuses by a rule, as the gateway would tell it. */
export const refusalBy = ({ rule, because }: { readonly rule: string; readonly because: string }): ReplyError => ({
  code: 'forbidden',
  message: because,
  data: { rule },
})
