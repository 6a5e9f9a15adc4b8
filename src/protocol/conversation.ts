import type { Principal } from './principal.ts'

/** The vocabulary between CONNECTION (the statechart) and the actor that owns its link. */

export interface ConversationInput {
  readonly id: string
  readonly listener: string
  /** The accepted link, by the name that its listener gave it. */
  readonly link: string
  readonly peer: string
  readonly dialect: string
  /** Known at once where the transport itself proves it (a unix socket). */
  readonly principal: Principal | null
}

export type ConversationFact =
  | { readonly type: 'conversation.authenticated'; readonly principal: Principal }
  | { readonly type: 'conversation.closed'; readonly because: string }

export interface ConversationCommand {
  readonly type: 'conversation.close'
  readonly because: string
}
