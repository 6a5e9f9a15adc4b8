import * as z from 'zod'
import type { ErrorCode } from './errors.ts'
import type { Address } from './ids.ts'
import type { FactQuery } from './journal.ts'
import { limits } from './limits.ts'
import type { Ticket } from './login.ts'
import type { Permission, Principal, Role } from './principal.ts'
import type { FleetView, LogQuery } from './view.ts'

/**
 * A command is one entry in one registry, and the only thing that crosses a wire inward. Its definition is pure:
 * what it takes, what it answers, who may use it, and which actors it goes to. Every surface is derived from it.
 */
interface Described {
  /** `noun.verb`. */
  readonly name: string
  /** One sentence for help texts and documents. */
  readonly summary: string
  readonly permission: Permission
  /** The failures a caller must expect beside bad input and missing permission. */
  readonly errors: readonly ErrorCode[]
}

/** Who asks. */
export interface Caller {
  readonly principal: Principal
  /** The names of all commands that he may use. */
  commands(): readonly string[]
}

/** Reads the directory and answers. */
export interface Query<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends Described {
  readonly kind: 'query'
  readonly input: I
  readonly output: O
  read(view: FleetView, input: z.output<I>, caller: Caller): z.input<O> | Promise<z.input<O>>
}

/** Which of the watched addresses changed since the look before; null: it is the first look, at all of them. */
export type Changed = ReadonlySet<Address> | null

/** What a mutation asks of which actors, and how one sees that it is done. */
export interface Plan<T> {
  readonly tell: ReadonlyArray<{
    readonly to: Address
    readonly event: { readonly type: string } & Readonly<Record<string, unknown>>
  }>
  /** What is asked, where the name of the command does not say it. */
  readonly what?: string
  /** Addresses whose changes are worth another look at `settled`. */
  readonly watch: readonly Address[]
  /** The answer once there is one; it throws a HyphaeError when it failed. Asked at once, then on each change. */
  settled(view: FleetView, changed: Changed): T | undefined
  /** The answer to a caller who does not wait. */
  accepted(view: FleetView): T
  /**
   * Told of each change, from before the first actor is told anything: for what must be seen while it can be, because actors
   * that have ended are remembered for a while only.
   */
  note?(view: FleetView, changed: Changed): void
  /** Has every actor it goes to heard of it? Without it: once they were told. Asked as `settled` is. */
  begun?(view: FleetView, changed: Changed): boolean
  /**
   * Of what goes on after it was begun, actor by actor: has each heard of it, or will it not any more? Until then what is
   * left of it is carried out after a crash. Asked as `settled` is.
   */
  heard?(view: FleetView, changed: Changed): boolean
  /** How long a caller waits, ms, where it is longer than the command's own. */
  readonly deadline?: number
}

export interface PlanContext {
  readonly principal: Principal
  /** The id that the caller gave the request. */
  readonly request: string | undefined
  /** It was carried out before, and its answer is lost: nobody will be told anything. */
  readonly repeated: boolean
  /** Monotonic ms, to stamp events with. */
  readonly now: number
  /** Wall clock, ISO 8601: for people, nothing is decided by it. */
  readonly time: string
  /** A short id that no actor of this run has had. */
  newId(): string
  /** A secret that lets somebody in once, by the login of this id, as whoever asks but in this role. */
  ticket(login: string, role: Role): Ticket
}

/** What every mutation takes beside its own input. */
export const asked = {
  wait: z
    .union([z.boolean(), z.number().int().min(0).max(limits.duration)])
    .default(true)
    .describe('false: answer as soon as it is accepted; a number: wait at most that many ms, then answer as it stands'),
  request_id: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'expected 1 to 128 printable characters without blanks')
    .optional()
    .describe('asked again under the same id, also after a crash, it is not done again'),
}

/** Asks actors to do something. */
export interface Mutation<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends Described {
  readonly kind: 'mutation'
  readonly input: I
  readonly output: O
  /** How long a caller waits for it to be settled, ms. */
  readonly deadline: number
  /** Asking twice is the same as asking once. */
  readonly idempotent: boolean
  /** Taken also while the orchestrator stops: it starts nothing. */
  readonly whileStopping?: boolean
  /** Taken also while nothing can be written down: what it does need not be remembered. */
  readonly unrecorded?: boolean
  plan(view: FleetView, input: z.output<I>, context: PlanContext): Plan<z.input<O>>
}

/** Where a stream's items come from; the composition root has one source for each. */
export type StreamRequest =
  | {
      readonly source: 'actors'
      readonly filter: string | null
      readonly facts: boolean
      readonly after: WatchPosition | null
    }
  | { readonly source: 'banner' }
  | {
      readonly source: 'inspection'
      /** Where to go on. */
      readonly after: { readonly run: string; readonly seq: number } | null
      /** So many of the last records come before what is new. */
      readonly history: number
    }
  /** `resume`: what is after `query.after` and all of it, however much that is. */
  | { readonly source: 'facts'; readonly query: FactQuery; readonly resume: boolean }
  | {
      readonly source: 'logs'
      readonly services: readonly string[]
      readonly query: LogQuery
      /** By service: where to go on, in bytes. */
      readonly after: ReadonlyMap<string, number>
    }

/** Where a watch goes on. */
export interface WatchPosition {
  readonly run: string
  readonly seq: number
  /** The number of the last fact that was heard; facts number on from run to run. */
  readonly fact?: number | undefined
}

/** How a stream goes on after an item, on a wire that tells a place and not a number of items. */
export interface Resumable {
  /** The place after an item, given the one before (null: none yet). Empty: it has become too long to be told, and stays so. */
  place(before: string | null, item: unknown): string
  /** What the input says to go on there; undefined: that is no place. */
  input(place: string): Readonly<Record<string, unknown>> | undefined
}

/** Tells what happens, until cancelled. */
export interface Stream<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends Described {
  readonly kind: 'stream'
  readonly input: I
  /** The schema of one item. */
  readonly output: O
  /** newest: a slow reader misses intermediate states; all: it is cut off rather than lied to. */
  readonly policy: 'newest' | 'all'
  /** Without it a stream begins anew. */
  readonly resumable?: Resumable
  open(view: FleetView, input: z.output<I>): StreamRequest
}

export type Command = Query | Mutation | Stream

export const query = <I extends z.ZodType, O extends z.ZodType>(definition: Omit<Query<I, O>, 'kind'>): Query<I, O> => ({
  kind: 'query',
  ...definition,
})
export const mutation = <I extends z.ZodType, O extends z.ZodType>(definition: Omit<Mutation<I, O>, 'kind'>): Mutation<I, O> => ({
  kind: 'mutation',
  ...definition,
})
export const stream = <I extends z.ZodType, O extends z.ZodType>(definition: Omit<Stream<I, O>, 'kind'>): Stream<I, O> => ({
  kind: 'stream',
  ...definition,
})
