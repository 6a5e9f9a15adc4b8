import type { Principal } from './principal.ts'
import type { Reply, ReplyError } from './reply.ts'

/** Where a stream's items go. The source asks before it writes, so that a slow reader costs nobody memory. */
export interface Sink {
  /** undefined: write now; otherwise it resolves when there is room again, or the sink is gone. */
  room(): Promise<void> | undefined
  item(item: unknown): void
  /** The last word; nothing follows. */
  end(because: string): void
}

export interface Subscription {
  cancel(): void
}

/** The only way in from outside: who asks, for which command, with what. */
export interface Gateway {
  invoke(principal: Principal, command: string, input: unknown): Promise<Reply>
  subscribe(principal: Principal, command: string, input: unknown, sink: Sink): Subscription | { readonly error: ReplyError }
  /** A wire has refused this itself; null: nobody is known at its other end. */
  refused?(principal: Principal | null, command: string, error: ReplyError): void
}
