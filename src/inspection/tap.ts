import type { AnyActorRef, AnyStateMachine, InspectionEvent } from 'xstate'
import type { ActorRow } from '../protocol/inspection.ts'
import { limits } from '../protocol/limits.ts'
import type { Transition } from './chart.ts'
import { isMachine } from './logic.ts'
import { createKeeping, makeRecord, rowOf, type Happened } from './records.ts'
import { createRing, type RingBounds } from './ring.ts'
import { hasEnded, internals, partsOf, snapshotOf, standing, textOf, type Seen, type SnapshotView } from './seen.ts'
import { eventBound, lastBound, recordBound } from './values.ts'

/**
 * Makes records of XState's inspection events. Their order is not the one in which a person would tell it, so
 *
 * - an actor is told once its first event comes: before that it has no state;
 * - a step is told before whatever the actor says because of it: XState reports it after that;
 * - an end is told before the parent hears of it, for the same reason; a crash is seen by nothing else.
 *
 * Nothing is made into text here: the ring does so for whoever reads.
 */

export interface TapOptions {
  readonly wall?: () => number
  readonly bounds?: RingBounds
}

export type Tap = ReturnType<typeof createTap>

export function createTap({ wall = Date.now, bounds }: TapOptions = {}) {
  const actors = new Map<AnyActorRef, Seen>()
  const ids = new Map<string, Seen>()
  const machines = new Set<AnyStateMachine>()
  const keeping = createKeeping()
  const ring = createRing<Happened>(makeRecord, bounds)
  let onRecord: (() => void) | undefined
  let made = 0

  function push(happened: Happened): number {
    const seq = ring.push(happened, keeping.taken())
    onRecord?.()
    return seq
  }

  function seenOf(ref: AnyActorRef): Seen {
    const known = actors.get(ref)
    if (known !== undefined) return known
    const { _parent: parent, logic } = internals(ref)
    if (isMachine(logic) && machines.size < limits.charts) machines.add(logic)
    const seen: Seen = {
      id: ref.sessionId,
      ref,
      parent: parent?.sessionId,
      machine: isMachine(logic),
      told: false,
      address: undefined,
      snapshot: undefined,
      standing: { phase: undefined, state: undefined, since: 0, reason: undefined },
      events: 0,
      taken: [],
      first: undefined,
      early: undefined,
      mailbox: [],
      row: undefined,
    }
    actors.set(ref, seen)
    ids.set(seen.id, seen)
    // One that was stopped before it started says nothing of its end.
    if (++made % 1_024 === 0) sweep()
    return seen
  }

  function tell(seen: Seen, at: number): void {
    if (seen.told) return
    seen.told = true
    const snapshot = snapshotOf(seen.ref)
    seen.standing = { ...seen.standing, since: at }
    if (snapshot !== undefined) {
      seen.snapshot = snapshot
      seen.address = textOf(snapshot.context, 'address')
      if (seen.machine && snapshot.status !== 'error') seen.standing = standing(snapshot, seen.standing, at)
    }
    push({ type: 'actor', at, row: partsOf(seen) })
  }

  /** Its record's number, of an event that has been processed now. */
  function leaveMailbox(seen: Seen, event: unknown): number | undefined {
    const { mailbox } = seen
    if (mailbox.length === 0) return undefined
    if (mailbox[0]?.event === event) return mailbox.shift()?.seq
    const index = mailbox.findIndex((one) => one.event === event)
    return index < 0 ? undefined : mailbox.splice(index, 1)[0]?.seq
  }

  /** A macrostep of a machine is over. */
  function step(seen: Seen, snapshot: SnapshotView, event: { readonly type: string }, at: number): void {
    const of = leaveMailbox(seen, event)
    const { taken, snapshot: before, standing: was } = seen
    if (taken.length > 0) seen.taken = []
    seen.first = undefined
    seen.snapshot = snapshot
    if (taken.length === 0) {
      // Its first state is told with it, and a stop is its end.
      if (event.type === 'xstate.init' || snapshot.status === 'stopped') return
      if (snapshot.status === 'active') {
        push({ type: 'ignored', at, actor: seen.id, of, event: event.type })
        return
      }
    }
    const is = standing(snapshot, was, at)
    const changes = keeping.changes(before?.context, snapshot.context)
    if (is !== was) {
      seen.standing = is
      seen.row = undefined
    }
    push({ type: 'step', at, actor: seen.id, of, event: event.type, edges: taken, was, is, changes })
    const address = textOf(snapshot.context, 'address')
    if (address !== seen.address && address !== undefined) {
      push({ type: 'named', at, actor: seen.id, was: seen.address, is: address })
      seen.address = address
      seen.row = undefined
    }
  }

  function end(seen: Seen, { status, context, output, error }: SnapshotView, at: number): void {
    actors.delete(seen.ref)
    ids.delete(seen.id)
    if (!seen.told) return
    const how = status === 'done' || status === 'error' ? status : 'stopped'
    push({
      type: 'ended',
      at,
      row: { ...partsOf(seen), end: how },
      context: context === undefined ? null : keeping.keep(context, lastBound),
      // Of a machine the last step says why.
      output: output === undefined && (error === undefined || seen.machine) ? null : keeping.keep(output ?? error, recordBound),
    })
  }

  /** It speaks before XState has reported what it did: that comes first. */
  function catchUp(ref: AnyActorRef, at: number): void {
    const seen = actors.get(ref)
    if (seen === undefined || !seen.told) return
    const isOver = hasEnded(ref)
    if (seen.taken.length === 0 && !isOver) return
    const snapshot = snapshotOf(ref)
    // It says so while it is still at work.
    if (snapshot === undefined || (snapshot === seen.snapshot && !isOver)) return
    if (seen.machine && seen.first !== undefined) {
      seen.early = seen.first
      step(seen, snapshot, seen.first, at)
    } else if (seen.machine && snapshot.status === 'error') {
      const event = (seen.early ?? seen.mailbox[0]?.event) as { readonly type: string } | undefined
      step(seen, snapshot, event ?? { type: 'xstate.init' }, at)
    }
    if (isOver && snapshot.status !== 'active') end(seen, snapshot, at)
  }

  function take(inspected: InspectionEvent): void {
    const ref = inspected.actorRef as AnyActorRef
    switch (inspected.type) {
      case '@xstate.actor':
        seenOf(ref)
        return
      case '@xstate.event': {
        const at = wall()
        const { event } = inspected
        const source = inspected.sourceRef as AnyActorRef | undefined
        if (source !== undefined) catchUp(source, at)
        const isDead = hasEnded(ref)
        const seen = isDead ? undefined : seenOf(ref)
        if (seen !== undefined) {
          tell(seen, at)
          seen.events++
          seen.row = undefined
        }
        const seq = push({
          type: 'event',
          at,
          to: ref.sessionId,
          from: source?.sessionId,
          event: event.type,
          payload: keeping.keep(event, eventBound),
          dead: isDead,
        })
        if (seen?.machine === true && seen.mailbox.push({ event, seq }) > limits.inspectedMailbox) seen.mailbox.shift()
        // What it did to come into its first state.
        if (event.type === 'xstate.init' && seen !== undefined && seen.taken.length > 0 && seen.snapshot !== undefined) {
          seen.early = event
          step(seen, seen.snapshot, event, at)
        }
        return
      }
      case '@xstate.microstep': {
        const seen = seenOf(ref)
        seen.first ??= inspected.event
        const { _transitions: transitions } = inspected
        for (const transition of transitions) seen.taken.push(transition as Transition)
        return
      }
      case '@xstate.snapshot': {
        const seen = actors.get(ref)
        if (seen === undefined) return
        const at = wall()
        const snapshot = inspected.snapshot as SnapshotView
        if (seen.early !== undefined && seen.early === inspected.event) {
          leaveMailbox(seen, inspected.event)
          seen.early = undefined
        } else if (seen.machine) step(seen, snapshot, inspected.event, at)
        else seen.snapshot = snapshot
        if (snapshot.status !== 'active') end(seen, snapshot, at)
        return
      }
      case '@xstate.action':
      case '@xstate.transition':
    }
  }

  function sweep(): void {
    for (const [ref, seen] of actors) {
      if (seen.told || !hasEnded(ref)) continue
      actors.delete(ref)
      ids.delete(seen.id)
    }
  }

  return {
    take,
    ring,
    /** Called after each new record, while an actor is at work: it must do next to nothing. */
    onRecord(listener: () => void): void {
      onRecord = listener
    },
    /** Every live actor, as it stands after the last record. */
    rows(): ActorRow[] {
      const rows: ActorRow[] = []
      for (const seen of actors.values()) {
        if (!seen.told) continue
        seen.row ??= rowOf(partsOf(seen))
        rows.push(seen.row)
      }
      return rows
    },
    live: (id: string): AnyActorRef | undefined => ids.get(id)?.ref,
    ids: (): Iterable<string> => ids.keys(),
    /** Every machine that an actor has followed. */
    machines: (): Iterable<AnyStateMachine> => machines,
  }
}
