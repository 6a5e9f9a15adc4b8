import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ErrorCode } from '../protocol/errors.ts'
import type { Principal } from '../protocol/principal.ts'

/** What HTTP's transport is told by whoever knows what is served: it moves requests and knows no vocabulary. */

/** A request as far as it is known before a byte of its body is read. */
export interface Asked {
  /** Names and values by turns, as they came: what Node makes of them hides a second Host. */
  readonly rawHeaders: readonly string[]
  readonly method: string
  /** The target as it stands in the first line. */
  readonly target: string
  /** `127.0.0.1:40123`. */
  readonly peer: string
  /** Does it want to become a WebSocket? */
  readonly upgrade: boolean
}

type Headers = Readonly<Record<string, string>>

export type Verdict =
  /** `principal`: null where anybody may come. */
  | {
      readonly kind: 'admitted'
      readonly principal: Principal | null
      readonly headers: Headers
      /** What is spoken on the WebSocket that it becomes. */
      readonly dialect?: string
    }
  | {
      readonly kind: 'refused'
      readonly status: number
      readonly code: ErrorCode
      readonly message: string
      readonly headers: Headers
      /** The answer leaves only after so many ms. */
      readonly hold?: number
    }
  /** A browser asks whether a page may ask. */
  | { readonly kind: 'preflight'; readonly headers: Headers }

/** One request and its answer as a conversation: what is spoken, and how its failures are told. */
export interface ExchangeKind {
  readonly dialect: string
  readonly contentType: string
  /** The dialect hears the request with its path and headers, and says the status itself: protocol/exchange.ts. */
  readonly whole?: true
  /** The body of what is refused before the dialect has answered. */
  failure(code: ErrorCode, message: string): string
}

export interface Site {
  admit(asked: Asked): Verdict
  /** Answers what was admitted. `exchange` makes a link of it, which then owns the answer. */
  answer(request: IncomingMessage, response: ServerResponse, exchange: (kind: ExchangeKind) => void): void
}
