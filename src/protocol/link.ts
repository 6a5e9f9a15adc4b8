import type { Principal } from './principal.ts'

/** Why a link or listener is no more. */
export type CloseReason =
  | { readonly kind: 'local'; readonly because: string }
  | { readonly kind: 'remote' }
  | { readonly kind: 'refused' }
  | {
      readonly kind: 'failed'
      readonly because: string
      /** It is a place to listen on, and somebody else listens there. */
      readonly taken?: boolean
    }

/** Said to a link when all of us ends; wires that have a word of their own for it use that. */
export const orchestratorEnds = 'the orchestrator ends'

/** The other side has closed, or has said its last word and was answered. */
export const closedByOther = 'closed by the other side'

export const describeClose = (reason: CloseReason): string => {
  switch (reason.kind) {
    case 'local':
    case 'failed':
      return reason.because
    case 'remote':
      return closedByOther
    case 'refused':
      return 'connection refused'
  }
}

export type LinkEvent =
  | { readonly type: 'link.opened' }
  | { readonly type: 'link.data'; readonly chunk: Uint8Array }
  /** It may be written to again. */
  | { readonly type: 'link.drained' }
  /** The other side will send nothing more; it may still be written to. */
  | { readonly type: 'link.ended' }
  /** Last event, exactly once. */
  | { readonly type: 'link.closed'; readonly reason: CloseReason }

export type ListenerEvent =
  | { readonly type: 'listener.bound'; readonly address: string }
  | {
      readonly type: 'listener.accepted'
      readonly link: LinkId
      /** Where the other side is: `unix`, `127.0.0.1:40123`. */
      readonly peer: string
      /** What is spoken on it, where that is not what its listener usually speaks. */
      readonly dialect?: string
      /** Who is at the other end, where the transport has had it proved already. */
      readonly principal?: Principal
    }
  | { readonly type: 'listener.closed'; readonly reason: CloseReason }

/** Names an accepted link of one listener until somebody claims it; no handle ever travels in an event. */
export type LinkId = string

export type Emit<E> = (event: E) => void

/** Moves bytes with back-pressure and knows no vocabulary. `test/transports/compliance.ts` holds what each must do. */
export interface Transport {
  readonly scheme: string
  dial(address: string, emit: Emit<LinkEvent>): Link
  listen(address: string, emit: Emit<ListenerEvent>): Listener
}

export interface Link {
  /** Who is at the other end has proved who he is: nobody else's connection takes this one's place. */
  proved?(): void
  /** Each chunk is one whole message, and each `send` makes one: no codec has to cut it. */
  readonly framed?: boolean
  /** False: wait for `link.drained`. What was given is sent all the same. */
  send(bytes: Uint8Array | string): boolean
  /** Bytes given and not yet handed to the system. */
  readonly queued: number
  /** Back-pressure on the sender. */
  pause(): void
  resume(): void
  /** Sends what is queued and then nothing more; what the other side still says is heard. */
  end(): void
  /** Sends what is queued, then closes. */
  close(because: string): void
  /** Closes now and drops what is queued. */
  destroy(because: string): void
}

export interface Listener {
  /** Takes an accepted link. Nothing is read from it before; undefined when it has gone meanwhile. */
  claim(link: LinkId, emit: Emit<LinkEvent>): Link | undefined
  close(): void
}
