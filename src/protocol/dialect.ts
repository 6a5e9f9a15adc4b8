import type { Codec } from './codec.ts'
import type { ErrorCode } from './errors.ts'
import type { Reply } from './reply.ts'

/** Names one request of a conversation; the dialect chooses it. */
export type Correlation = string

/** What a conversation can hear. */
export type Heard =
  /** First of all. `authenticated`: who is at the other end has been proved already. */
  | { readonly type: 'opened'; readonly authenticated: boolean }
  | { readonly type: 'message'; readonly text: string }
  /** The codec refused what came; the connection cannot be read any further. */
  | { readonly type: 'malformed'; readonly code: ErrorCode; readonly because: string }
  | { readonly type: 'replied'; readonly corr: Correlation; readonly reply: Reply }
  | { readonly type: 'item'; readonly corr: Correlation; readonly seq: number; readonly item: unknown }
  | { readonly type: 'streamEnded'; readonly corr: Correlation; readonly because: string }
  | { readonly type: 'timer'; readonly id: string }
  /** The other side will send nothing more. */
  | { readonly type: 'ended' }

/** What a conversation can want. The connection actor carries it out. */
export type Effect =
  | { readonly type: 'invoke'; readonly corr: Correlation; readonly command: string; readonly input: unknown }
  | { readonly type: 'subscribe'; readonly corr: Correlation; readonly command: string; readonly input: unknown }
  | { readonly type: 'unsubscribe'; readonly corr: Correlation }
  /** The dialect itself has refused this, by this rule: it is written down as any other refusal is. */
  | { readonly type: 'refused'; readonly command: string; readonly rule: string; readonly because: string }
  /** Proves who is at the other end; what comes of it is heard as `replied`, with `{ name, role }` as its output. */
  | { readonly type: 'authenticate'; readonly corr: Correlation; readonly token: string }
  | { readonly type: 'write'; readonly text: string }
  /** Close after what was written has left. */
  | { readonly type: 'close'; readonly because: string }
  | { readonly type: 'timer'; readonly id: string; readonly ms: number }
  /** Heard as the timer of this id, in another turn, once the other side has room for more. */
  | { readonly type: 'room'; readonly id: string }

/**
 * A wire's vocabulary, as a pure fold over one conversation. It knows no socket and no actor; it is tested by
 * folding over lists. `test/dialects/compliance.ts` holds what every dialect must do.
 */
export interface Dialect<State = unknown> {
  readonly name: string
  /** How the bytes are cut into messages. */
  readonly codec: () => Codec
  readonly initial: State
  readonly fold: (state: State, heard: Heard) => readonly [State, readonly Effect[]]
  /** Requests without an answer yet; beyond a limit the connection stops reading. */
  readonly pending: (state: State) => number
}
