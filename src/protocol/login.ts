import * as z from 'zod'
import type { Origin, Role } from './principal.ts'

/** The vocabulary of LOGIN. No secret is in it: tickets and tokens stay with whoever compares them. */

export interface LoginInput {
  readonly id: string
  /** Whoever uses it: `local:root via inspector`. */
  readonly name: string
  readonly role: Role
  /** Who made the ticket, and from where. */
  readonly by: string
  readonly from: Origin
}

/** Shown once, it lets somebody in. */
export interface Ticket {
  /** As whom. */
  readonly name: string
  /** The secret. */
  readonly ticket: string
  /** Wall clock, ISO 8601. */
  readonly expires: string
}

/** The events that anyone with the permission may send to a login. */
export const loginEvent = z.discriminatedUnion('type', [
  z
    .strictObject({ type: z.literal('END') })
    .describe('End this login: whoever uses it is cut off, and its token is worth nothing.'),
])

export type LoginEvent =
  /** The ticket was shown. `once`: as a token, for one connection alone. */
  | { readonly type: 'USED'; readonly from: Origin; readonly once: boolean }
  /** The one connection is there. */
  | { readonly type: 'CARRIED' }
  /** The one connection has gone. */
  | { readonly type: 'DROPPED' }
  | { readonly type: 'END'; readonly by?: string | undefined }
  /** Whoever made it may not be here any more. */
  | { readonly type: 'REVOKED'; readonly because: string }
  /** There were too many. */
  | { readonly type: 'REPLACED' }
