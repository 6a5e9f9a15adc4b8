import type { ActorRow, InspectionRecord } from '../protocol/inspection.ts'
import { isRecord } from '../protocol/json.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { limits } from '../protocol/limits.ts'
import { chartOf, edgeIdOf, type Transition } from './chart.ts'
import { isMachine, kindOf } from './logic.ts'
import { isSecretName, leftOut } from './redaction.ts'
import { eventBound, lastBound, recordBound, shown, shownText, weigh, type Bound } from './values.ts'

/** What the ring keeps of what happened, and the record that is made of it once somebody reads it. */

/** How an actor stands: what a step changes. */
export interface Standing {
  readonly phase: Phase | undefined
  readonly state: string | undefined
  readonly since: number
  readonly reason: string | undefined
}

/** A value as it was, as long as it is small; else what is shown of it. */
export type Kept = { readonly raw: unknown } | { readonly shown: unknown }

/** What changed in a context. */
export type Changed = ReadonlyArray<readonly [name: string, before: Kept, after: Kept]>

/** What a row is made of. */
export interface RowParts {
  readonly id: string
  readonly address: string | undefined
  readonly name: string
  readonly parent: string | undefined
  readonly logic: unknown
  readonly standing: Standing
  readonly events: number
  readonly end?: 'done' | 'error' | 'stopped'
}

interface At {
  readonly at: number
}
export type Happened =
  | (At & { readonly type: 'actor'; readonly row: RowParts })
  | (At & {
      readonly type: 'event'
      readonly to: string
      readonly from: string | undefined
      readonly event: string
      readonly payload: Kept | null
      readonly dead: boolean
    })
  | (At & {
      readonly type: 'step'
      readonly actor: string
      readonly of: number | undefined
      readonly event: string
      readonly edges: readonly Transition[]
      readonly was: Standing
      readonly is: Standing
      readonly changes: Changed
    })
  | (At & { readonly type: 'ignored'; readonly actor: string; readonly of: number | undefined; readonly event: string })
  | (At & { readonly type: 'ended'; readonly row: RowParts; readonly context: Kept | null; readonly output: Kept | null })
  | (At & { readonly type: 'named'; readonly actor: string; readonly was: string | undefined; readonly is: string })

const secret: Kept = { shown: leftOut }

/** Weighs what it keeps, too: the sum of what was kept since it was asked last. */
export function createKeeping() {
  let weight = 0
  return {
    keep(value: unknown, bound?: Bound): Kept {
      const weighed = weigh(value, limits.inspectedWeight)
      if (weighed !== Infinity) {
        weight += weighed
        return { raw: value }
      }
      // It may be much, or belong to somebody: nothing of it is kept.
      weight += (bound ?? recordBound).size
      return { shown: shown(value, bound) }
    },
    /** What differs between two contexts, by their top-level names. */
    changes(before: unknown, after: unknown): Changed {
      if (before === after || !isRecord(before) || !isRecord(after)) return []
      const found: Array<readonly [string, Kept, Kept]> = []
      // XState assigns to what there was: no name is ever gone.
      for (const name in after) {
        if (before[name] === after[name]) continue
        const isSecret = isSecretName(name)
        found.push([name, isSecret ? secret : this.keep(before[name]), isSecret ? secret : this.keep(after[name])])
      }
      return found
    },
    taken(): number {
      const taken = weight
      weight = 0
      return taken
    },
  }
}

const valueOf = (kept: Kept, bound?: Bound): unknown => ('raw' in kept ? shown(kept.raw, bound) : kept.shown)

/** The rest of an event, without its type; undefined where that was all. */
function payloadOf(kept: Kept): unknown {
  const event = valueOf(kept, eventBound)
  if (!isRecord(event)) return event
  const { type: _, ...rest } = event
  return Object.keys(rest).length === 0 ? undefined : rest
}

export function rowOf({ id, address, name, parent, logic, standing, events, end }: RowParts): ActorRow {
  return {
    id,
    ...(address === undefined ? { name } : { address }),
    ...(parent !== undefined && { parent }),
    ...(isMachine(logic) ? { chart: chartOf(logic).hash } : { logic: kindOf(logic) }),
    ...standingOf(standing),
    events,
    ...(end !== undefined && { end }),
  }
}

const standingOf = ({ phase, state, since, reason }: Standing) => ({
  ...(phase !== undefined && { phase }),
  ...(state !== undefined && { state }),
  since,
  ...(reason !== undefined && { reason: shownText(reason) }),
})

/** Event types may come from outside. */
const typeOf = (type: string): string => shownText(type)

/** The record of what happened. */
export function makeRecord(one: Happened, seq: number): InspectionRecord {
  const { at } = one
  switch (one.type) {
    case 'actor':
      return { type: 'actor', seq, at, actor: rowOf(one.row) }
    case 'event': {
      const payload = one.payload === null ? undefined : payloadOf(one.payload)
      return {
        type: 'event',
        seq,
        at,
        to: one.to,
        ...(one.from !== undefined && { from: one.from }),
        event: typeOf(one.event),
        ...(payload !== undefined && { payload }),
        ...(one.dead && { dead: true }),
      }
    }
    case 'step': {
      const changes = one.changes.map(([name, before, after]) => [name, [valueOf(before), valueOf(after)]] as const)
      return {
        type: 'step',
        seq,
        at,
        actor: one.actor,
        ...(one.of !== undefined && { of: one.of }),
        event: typeOf(one.event),
        edges: one.edges.map(edgeIdOf).filter((id) => id !== undefined),
        was: standingOf(one.was),
        is: standingOf(one.is),
        ...(changes.length > 0 && { changes: Object.fromEntries(changes) as Record<string, [unknown, unknown]> }),
      }
    }
    case 'ignored':
      return { type: 'ignored', seq, at, actor: one.actor, ...(one.of !== undefined && { of: one.of }), event: typeOf(one.event) }
    case 'ended':
      return {
        type: 'ended',
        seq,
        at,
        actor: rowOf(one.row),
        ...(one.context !== null && { context: valueOf(one.context, lastBound) }),
        ...(one.output !== null && { output: valueOf(one.output) }),
      }
    case 'named':
      return { type: 'named', seq, at, actor: one.actor, ...(one.was !== undefined && { was: one.was }), is: one.is }
  }
}
