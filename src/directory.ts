import type { AnyActorRef, StateValue } from 'xstate'
import { createAnnouncing, type LastChange } from './announcing.ts'
import { messageOf } from './protocol/errors.ts'
import type { Fact, Statement } from './protocol/facts.ts'
import { parseAddress, type Address } from './protocol/ids.ts'
import { isRecord } from './protocol/json.ts'
import { phases, type Phase } from './protocol/lifecycle.ts'
import { limits } from './protocol/limits.ts'
import { publicEventTypes } from './protocol/public-events.ts'
import type { ActorStatus } from './protocol/status.ts'

/**
 * The read model: who exists, in which phase and state, since when and why, and what happened. Fed by inspection and by
 * the facts that machines state; queries read it and never touch an actor.
 */

/** What is kept of one live actor. The snapshot is the last one seen; it is never changed. */
export interface Entry {
  readonly address: Address
  readonly ref: AnyActorRef
  readonly snapshot: MachineSnapshotView
  readonly phase: Phase
  readonly state: string
  /** Wall clock, ms. */
  readonly since: number
  /** The number of its last change. */
  readonly seq: number
}

/** Who was reaped and is remembered. */
interface Remembered {
  readonly seq: number
  readonly status: ActorStatus
}

/** The part of a machine's snapshot that is read here. */
export interface MachineSnapshotView {
  readonly status: string
  readonly value: StateValue
  readonly tags: ReadonlySet<string>
  readonly context: Readonly<Record<string, unknown>> & { readonly address: Address }
  readonly output?: unknown
  readonly error?: unknown
  can(event: { type: string }): boolean
}

/** Nested state names joined by dots; parallel regions by commas. */
export function stateName(value: StateValue): string {
  if (typeof value === 'string') return value
  return Object.entries(value)
    .map(([key, inner]) => (inner === undefined ? key : `${key}.${stateName(inner)}`))
    .join(',')
}

const reasonOf = ({ context, error, status }: MachineSnapshotView): string | null => {
  if (status === 'error') return `crashed: ${messageOf(error)}`
  const because = context['because']
  return typeof because === 'string' ? because : null
}

/** An output, and the part of it that only those are told who asked for it: large, or nobody else's business. */
function split(output: unknown): { readonly shown: unknown; readonly details: unknown } {
  if (!isRecord(output) || !('details' in output)) return { shown: output, details: undefined }
  const { details, ...shown } = output
  return { shown, details: details ?? undefined }
}

const above = (ref: AnyActorRef): AnyActorRef | undefined => (ref as { _parent?: AnyActorRef })._parent
/** The nearest actor above that has an address; XState keeps the parent in a field that is internal but stable. */
function parentOf(ref: AnyActorRef, addressOf: (ref: AnyActorRef) => Address | undefined): Address | null {
  for (let parent = above(ref); parent !== undefined; parent = above(parent)) {
    const address = addressOf(parent)
    if (address !== undefined) return address
  }
  return null
}

const bySeq = (a: LastChange, b: LastChange): number => a.seq - b.seq

export type Directory = ReturnType<typeof createDirectory>

export function createDirectory({ wall = Date.now }: { readonly wall?: () => number } = {}) {
  const live = new Map<Address, Entry>()
  const addressByRef = new WeakMap<AnyActorRef, Address>()
  const reaped = new Map<string, Map<Address, Remembered>>()
  /** By kind: the number of the newest change that is not remembered any more. */
  const forgotten = new Map<string, number>()
  const details = new Map<Address, unknown>()
  const histories = new Map<Address, Fact[]>()
  const restarts = new Map<Address, { readonly count: number; readonly at: string | null }>()
  const { announce, listen, watch } = createAnnouncing()
  let seq = 0
  /** Changes of this run up to now. */
  let changes = 0

  function observe(ref: AnyActorRef, snapshot: MachineSnapshotView): void {
    const { address } = snapshot.context
    leave(ref, address)
    const before = live.get(address)
    if (snapshot.status !== 'active') {
      const status = statusOf(entryOf(ref, snapshot, before?.ref === ref ? before : undefined), false)
      // The parent may already have spawned the next one under the same address: then nothing changes there.
      const gone = before === undefined || before.ref === ref
      if (gone) changes++
      remember(address, { seq: changes, status })
      const { details: more } = split(snapshot.output)
      if (more !== undefined) {
        details.set(address, more)
        if (details.size > limits.reapedPrograms) details.delete(details.keys().next().value ?? '')
      }
      if (gone) drop(address)
      return
    }
    if (before?.ref === ref && before.snapshot === snapshot) return
    changes++
    addressByRef.set(ref, address)
    live.set(address, entryOf(ref, snapshot, before?.ref === ref ? before : undefined))
    announce({ type: 'changed', address, seq: changes })
  }

  /** An actor may move to another address: nobody is at its old one then. */
  function leave(ref: AnyActorRef, to: Address): void {
    const address = addressByRef.get(ref)
    const entry = address === undefined || address === to ? undefined : live.get(address)
    if (address === undefined || entry?.ref !== ref) return
    remember(address, { seq: ++changes, status: statusOf({ ...entry, phase: 'reaped' }, false) })
    drop(address)
  }
  const drop = (address: Address): void => {
    live.delete(address)
    announce({ type: 'reaped', address, seq: changes })
  }

  /** Each kind on its own: connections come and go far more often than workflows. */
  function remember(address: Address, one: Remembered): void {
    const { kind } = one.status
    const kept = reaped.get(kind) ?? new Map<Address, Remembered>()
    reaped.set(kind, kept)
    kept.delete(address)
    kept.set(address, one)
    if (kept.size <= limits.reapedActors) return
    const [oldest] = kept
    if (oldest === undefined) return
    forgotten.set(kind, oldest[1].seq)
    kept.delete(oldest[0])
  }

  function entryOf(ref: AnyActorRef, snapshot: MachineSnapshotView, before: Entry | undefined): Entry {
    const { address } = snapshot.context
    if (before !== undefined && before.snapshot.value === snapshot.value && snapshot.status === 'active')
      return { ...before, snapshot, seq: changes }
    const state = stateName(snapshot.value)
    const phase = snapshot.status === 'active' ? (phases.find((one) => snapshot.tags.has(one)) ?? 'active') : 'reaped'
    const same = before !== undefined && before.state === state && before.phase === phase
    return { address, ref, snapshot, phase, state, since: same ? before.since : wall(), seq: changes }
  }

  function statusOf(entry: Entry, isLive: boolean): ActorStatus {
    const { kind } = parseAddress(entry.address)
    const accepts = isLive ? publicEventTypes(kind).filter((type) => entry.snapshot.can({ type })) : []
    return {
      address: entry.address,
      kind,
      phase: entry.phase,
      state: entry.state,
      since: new Date(entry.since).toISOString(),
      reason: reasonOf(entry.snapshot),
      parent: parentOf(entry.ref, (one) => addressByRef.get(one)),
      accepts,
      live: isLive,
      ...(isLive ? {} : { result: split(entry.snapshot.output).shown ?? null }),
    }
  }

  /** A spawn is a restart when more restarts are counted than at the one before. */
  function noteRestart({ type, about, time, data }: Fact): void {
    const count = data['restarts']
    if ((type !== 'service.spawned' && type !== 'service.handedOver') || typeof count !== 'number') return
    const before = restarts.get(about)
    restarts.set(about, { count, at: count > (before?.count ?? 0) ? time : count === 0 ? null : (before?.at ?? null) })
  }

  return {
    observe,
    /** Records a fact: stamps it, keeps it, tells everyone. */
    record({ type, about, because = null, by = null, data = {} }: Statement): Fact {
      const fact: Fact = { seq: ++seq, time: new Date(wall()).toISOString(), type, about, because, by, data: { ...data } }
      const history = histories.get(about) ?? []
      history.push(fact)
      if (history.length > limits.serviceHistory) history.shift()
      if (parseAddress(about).kind === 'service') histories.set(about, history)
      noteRestart(fact)
      announce({ type: 'fact', fact })
      return fact
    },
    /** The sequence goes on where an earlier run ended. */
    resume(lastSeq: number): void {
      seq = Math.max(seq, lastSeq)
    },
    /** Facts of an earlier run, oldest first: they stand before those of this one. */
    recall(facts: readonly Fact[]): void {
      const earlier = new Map<Address, Fact[]>()
      for (const fact of facts) {
        if (parseAddress(fact.about).kind === 'service') earlier.set(fact.about, [...(earlier.get(fact.about) ?? []), fact])
      }
      for (const [about, before] of earlier) {
        const now = histories.get(about) ?? []
        restarts.delete(about)
        for (const fact of [...before, ...now]) noteRestart(fact)
        const first = now[0]?.seq ?? Infinity
        histories.set(about, [...before.filter((one) => one.seq < first), ...now].slice(-limits.serviceHistory))
      }
    },
    refOf: (address: Address): AnyActorRef | undefined => live.get(address)?.ref,
    entry: (address: Address): Entry | undefined => live.get(address),
    actor(address: Address): ActorStatus | undefined {
      const entry = live.get(address)
      return entry === undefined ? reaped.get(parseAddress(address).kind)?.get(address)?.status : statusOf(entry, true)
    },
    /** Of each live actor: cheaper than what it accepts and all. */
    addresses: (): Iterable<Address> => live.keys(),
    *actors(): Iterable<ActorStatus> {
      for (const entry of live.values()) yield statusOf(entry, true)
    },
    /** The number of the last change of an address; 0 where nothing is known of it. */
    seqOf: (address: Address): number => live.get(address)?.seq ?? reaped.get(parseAddress(address).kind)?.get(address)?.seq ?? 0,
    /** The number of the last change of all. */
    lastChange: (): number => changes,
    /** The number of the last fact. */
    lastFact: (): number => seq,
    /** The last change of each live actor, oldest change first. */
    present: (): LastChange[] =>
      Array.from(live.values(), ({ address, seq: at }): LastChange => ({ type: 'changed', address, seq: at })).sort(bySeq),
    /**
     * The last change of each address that changed after that number, oldest first; undefined where that is not known any
     * more, of all kinds or of one.
     */
    changedAfter(after: number, kind: string | null): LastChange[] | undefined {
      const lost = kind === null ? Math.max(0, ...forgotten.values()) : (forgotten.get(kind) ?? 0)
      if (after > changes || after < lost) return undefined
      const found: LastChange[] = []
      for (const { address, seq: at } of live.values()) if (at > after) found.push({ type: 'changed', address, seq: at })
      for (const kept of reaped.values()) {
        for (const [address, one] of kept) {
          if (one.seq > after && !live.has(address)) found.push({ type: 'reaped', address, seq: one.seq })
        }
      }
      return found.sort(bySeq)
    },
    /** When the service at that address was last started again, as far as facts tell. */
    lastRestart: (address: Address): string | null => restarts.get(address)?.at ?? null,
    /** What an actor that has ended does not show to everybody. */
    details: (address: Address): unknown => details.get(address),
    history: (address: Address): readonly Fact[] => histories.get(address) ?? [],
    listen,
    watch,
  }
}
