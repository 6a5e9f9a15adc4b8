import type { ErrorCode } from './errors.ts'

/** What the gateway answers to a command. */
export type Reply = { readonly ok: true; readonly output: unknown } | { readonly ok: false; readonly error: ReplyError }

export interface ReplyError {
  readonly code: ErrorCode
  readonly message: string
  readonly data: Readonly<Record<string, unknown>>
}
