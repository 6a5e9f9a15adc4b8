import type { Effect } from '../../protocol/dialect.ts'
import type { ActorRow, Chart, InspectionRecord } from '../../protocol/inspection.ts'
import type { ShownEvent, Wish } from './tongue.ts'

/** What a publication knows of one actor. */
export interface Known {
  /** As it was last told; its address is the newest. */
  readonly row: ActorRow
  /** As it was last told, once it has come. */
  readonly context: unknown
  /** The record after which it was so; null: it has not come yet. */
  readonly contextAt: number | null
  readonly told: boolean
  /** What it was sent last. */
  readonly last: { readonly seq: number; readonly event: ShownEvent } | null
  readonly children: readonly string[]
}

/** What is still to be told, in its order. */
export type Entry =
  | { readonly type: 'actor'; readonly row: ActorRow; readonly at: number }
  /** It was told before; this is how it is now. */
  | { readonly type: 'now'; readonly row: ActorRow; readonly at: number }
  /** It went while nobody told us how. */
  | { readonly type: 'gone'; readonly id: string; readonly at: number }
  | { readonly type: 'record'; readonly record: Extract<InspectionRecord, { type: 'event' | 'step' | 'ended' }> }

export interface KnownChart {
  readonly chart: Chart
  readonly machine: string
}

export type Call =
  | { readonly type: 'watch' }
  | { readonly type: 'chart'; readonly hash: string }
  | { readonly type: 'contexts'; readonly ids: readonly string[] }
  | { readonly type: 'send'; readonly wish: Extract<Wish, { type: 'send' }> }

export interface PublicationState {
  /** Names the next request. */
  readonly next: number
  /** The stream that is open; null: nobody has asked yet. */
  readonly watch: string | null
  /** Wall clock of the present, ms. */
  readonly at: number
  /** Of the present that is being told: rows that have not come yet. */
  readonly expected: number
  /** Of whom the present has told so far; null: it is complete. */
  readonly seen: ReadonlySet<string> | null
  readonly root: string | null
  readonly actors: ReadonlyMap<string, Known>
  /** By their hashes; undefined: asked for; null: there is none. */
  readonly charts: ReadonlyMap<string, KnownChart | null | undefined>
  readonly calls: ReadonlyMap<string, Call>
  readonly outbox: readonly Entry[]
  /** Whose contexts are to be asked for. */
  readonly wanted: readonly string[]
  /** Enough was written for now: more when there is room. */
  readonly resting: boolean
  /** Of how many no more can be told, there are so many. */
  readonly leftOut: number
  /** Messages that could not be read. */
  readonly bad: number
  readonly ended: boolean
}

export const initial: PublicationState = {
  next: 1,
  watch: null,
  at: 0,
  expected: 0,
  seen: null,
  root: null,
  actors: new Map(),
  charts: new Map(),
  calls: new Map(),
  outbox: [],
  wanted: [],
  resting: false,
  leftOut: 0,
  bad: 0,
  ended: false,
}

/** A state of one's own to change, within one fold. */
export interface Draft {
  next: number
  watch: string | null
  at: number
  expected: number
  seen: Set<string> | null
  root: string | null
  readonly actors: Map<string, Known>
  readonly charts: Map<string, KnownChart | null | undefined>
  readonly calls: Map<string, Call>
  outbox: Entry[]
  wanted: string[]
  resting: boolean
  leftOut: number
  bad: number
  ended: boolean
  readonly effects: Effect[]
}

export const draftOf = (state: PublicationState): Draft => ({
  ...state,
  seen: state.seen === null ? null : new Set(state.seen),
  actors: new Map(state.actors),
  charts: new Map(state.charts),
  calls: new Map(state.calls),
  outbox: [...state.outbox],
  wanted: [...state.wanted],
  effects: [],
})

export function stepOf({ effects, ...state }: Draft): readonly [PublicationState, readonly Effect[]] {
  return [state, effects]
}

export function call(draft: Draft, command: string, input: unknown, about: Call): void {
  const corr = String(draft.next++)
  draft.calls.set(corr, about)
  draft.effects.push({ type: about.type === 'watch' ? 'subscribe' : 'invoke', corr, command, input })
  if (about.type === 'watch') draft.watch = corr
}

/** Watches from now on: all that is there comes first. */
export function watch(draft: Draft): void {
  if (draft.watch !== null) draft.effects.push({ type: 'unsubscribe', corr: draft.watch })
  call(draft, 'inspection.watch', { history: 0 }, { type: 'watch' })
}
