import { messageOf } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'

/** Aborts a look that took too long, with the reason for it; another abort means that nobody wants to know any more. */
export class TookTooLong extends Error {
  static override readonly name = 'TookTooLong'
}

/** Why a look failed, in words. */
export function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.reason instanceof TookTooLong) return signal.reason.message
  // A name with several addresses fails once for each, and the whole has no message.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  return messageOf(first).slice(0, limits.quotedText)
}
