import type { AnyActorRef, StateValue } from 'xstate'
import { stateName } from '../directory.ts'
import { messageOf } from '../protocol/errors.ts'
import type { ActorRow } from '../protocol/inspection.ts'
import { phases } from '../protocol/lifecycle.ts'
import type { Transition } from './chart.ts'
import type { RowParts, Standing } from './records.ts'

/** What is known of an actor, and what is read of it. */

/** The parts of an actor that are internal to XState but stable. */
interface Internals {
  readonly _parent?: AnyActorRef
  /** 0: not started; 1: running; 2: ended. */
  readonly _processingStatus: number
  readonly logic: unknown
}
/** Of a machine's snapshot, and of any other's. */
export interface SnapshotView {
  readonly status: string
  readonly value?: StateValue
  readonly tags?: ReadonlySet<string>
  readonly context?: unknown
  readonly output?: unknown
  readonly error?: unknown
}

/** What is known of one live actor. */
export interface Seen {
  readonly id: string
  readonly ref: AnyActorRef
  readonly parent: string | undefined
  readonly machine: boolean
  /** There is a record of it. */
  told: boolean
  address: string | undefined
  snapshot: SnapshotView | undefined
  standing: Standing
  events: number
  /** Of the macrostep that goes on: the transitions that were taken. */
  taken: Transition[]
  /** Of the macrostep that goes on: its first event. */
  first: { readonly type: string } | undefined
  /** The event whose step was told before XState reported it. */
  early: unknown
  /** Events that were sent and not processed yet, with the numbers of their records. */
  readonly mailbox: Array<{ readonly event: unknown; readonly seq: number }>
  row: ActorRow | undefined
}

export const internals = (ref: AnyActorRef): Internals => ref as unknown as Internals
export const hasEnded = (ref: AnyActorRef): boolean => {
  const { _processingStatus: status } = internals(ref)
  return status === 2
}

export function snapshotOf(ref: AnyActorRef): SnapshotView | undefined {
  try {
    return ref.getSnapshot() as SnapshotView | undefined
  } catch {
    // It is being made.
    return undefined
  }
}

export function textOf(context: unknown, name: 'address' | 'because'): string | undefined {
  if (typeof context !== 'object' || context === null) return undefined
  try {
    const value = (context as Readonly<Record<string, unknown>>)[name]
    return typeof value === 'string' ? value : undefined
  } catch {
    // Its getter throws.
    return undefined
  }
}

export function standing(snapshot: SnapshotView, before: Standing, at: number): Standing {
  const { value, tags, context } = snapshot
  if (value === undefined) return before
  // A crash leaves the state as it was.
  const state = snapshot.status === 'error' ? before.state : stateName(value)
  const phase = snapshot.status === 'error' || tags === undefined ? before.phase : phases.find((one) => tags.has(one))
  const reason = snapshot.status === 'error' ? `crashed: ${messageOf(snapshot.error)}` : textOf(context, 'because')
  const same = state === before.state && phase === before.phase
  if (same && reason === before.reason) return before
  return { phase, state, since: same ? before.since : at, reason }
}

export const partsOf = (seen: Seen): RowParts => ({
  id: seen.id,
  address: seen.address,
  name: seen.ref.id,
  parent: seen.parent,
  logic: internals(seen.ref).logic,
  standing: seen.standing,
  events: seen.events,
})
