import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import type { InspectionRecord } from '../../../src/protocol/inspection.ts'
import { bounds } from './bounds.ts'
import { contextBeyond } from './fold.ts'
import type { ContextView, Shown } from './inspector.ts'
import type { Timeline } from './timeline.ts'

/** The contexts that are looked at: asked for once, then kept up to date by what each step changed, both ways. */

interface Cell {
  /** What it is at the present; `seq`: what stands after this record. */
  readonly present: Signal<{ readonly seq: number; readonly view: ContextView }>
  readonly view: ReadonlySignal<ContextView>
}

export interface Pulled {
  readonly seq: number
  readonly contexts: ReadonlyArray<{ readonly id: string; readonly context?: unknown }>
}

export interface ContextParts {
  readonly timeline: Timeline
  readonly shown: ReadonlySignal<Shown>
  readonly moment: ReadonlySignal<number | null>
  /** null: nobody can be asked now. */
  pull(actors: readonly string[]): Promise<Pulled> | null
}

const unknown = (why: string): ContextView => ({ state: 'unknown', why })

export function createContexts({ timeline, shown, moment, pull }: ContextParts) {
  const cells = new Map<string, Cell>()

  /** A context that stood after a record, after another one. */
  function folded(actor: string, context: unknown, from: number, to: number): unknown {
    const [begin, goal] = [timeline.upTo(from), timeline.upTo(to)]
    function* steps() {
      const way = begin <= goal ? 1 : -1
      for (let index = begin; index !== goal; index += way) {
        const record = timeline.records[way > 0 ? index : index - 1]
        if (record?.type === 'step' && record.actor === actor) yield record
      }
    }
    return contextBeyond(context, steps(), begin <= goal)
  }
  const endOf = (actor: string) => {
    for (let index = timeline.records.length - 1; index >= 0; index--) {
      const record = timeline.records[index]
      if (record?.type === 'ended' && record.actor.id === actor) return record
    }
    return undefined
  }

  async function ask(actor: string, cell: Cell): Promise<void> {
    const row = timeline.present.get(actor) ?? timeline.formerly(actor)
    if (row !== undefined && row.chart === undefined && row.logic !== undefined) {
      cell.present.value = { seq: timeline.seq, view: unknown('It is no machine, so it has no context.') }
      return
    }
    if (row === undefined || row.end !== undefined) {
      const end = endOf(actor)
      const view: ContextView =
        end !== undefined && 'context' in end
          ? { state: 'known', context: end.context }
          : unknown('It has ended, and what it held last is not known.')
      cell.present.value = { seq: end?.seq ?? timeline.seq, view }
      return
    }
    const asked = pull([actor])
    if (asked === null) {
      cell.present.value = { seq: timeline.seq, view: unknown('There is no connection to ask over.') }
      return
    }
    try {
      const { seq, contexts } = await asked
      const found = contexts.find(({ id }) => id === actor)
      if (found === undefined) {
        cell.present.value = { seq, view: unknown('The orchestrator has no context of it.') }
        return
      }
      const upTo = Math.max(seq, timeline.seq)
      cell.present.value = { seq: upTo, view: { state: 'known', context: folded(actor, found.context, seq, upTo) } }
    } catch (error) {
      cell.present.value = { seq: timeline.seq, view: unknown(error instanceof Error ? error.message : String(error)) }
    }
  }

  function cellOf(actor: string): Cell {
    const present: Cell['present'] = signal({ seq: timeline.seq, view: { state: 'loading' } })
    const view = computed<ContextView>(() => {
      const now = present.value
      if (moment.value === null || now.view.state !== 'known') return now.view
      const { seq, actors } = shown.value
      if (!actors.has(actor)) return unknown('It did not exist at this moment.')
      return { state: 'known', context: folded(actor, now.view.context, now.seq, seq) }
    })
    return { present, view }
  }

  return {
    of(actor: string): ReadonlySignal<ContextView> {
      const known = cells.get(actor)
      if (known !== undefined) return known.view
      const cell = cellOf(actor)
      cells.set(actor, cell)
      if (cells.size > bounds.contexts) cells.delete(cells.keys().next().value ?? '')
      void ask(actor, cell)
      return cell.view
    },
    folded,
    /** Goes on with what has happened to the present. */
    add(records: readonly InspectionRecord[]): void {
      if (cells.size === 0) return
      for (const record of records) {
        if (record.type !== 'step' && record.type !== 'ended') continue
        const cell = cells.get(record.type === 'step' ? record.actor : record.actor.id)
        if (cell === undefined || cell.present.value.view.state !== 'known' || record.seq <= cell.present.value.seq) continue
        const { context } = cell.present.value.view
        if (record.type === 'step') {
          const next = contextBeyond(context, [record], true)
          cell.present.value = {
            seq: record.seq,
            view: next === context ? cell.present.value.view : { state: 'known', context: next },
          }
        } else if ('context' in record && record.context !== undefined) {
          cell.present.value = { seq: record.seq, view: { state: 'known', context: record.context } }
        }
      }
    },
    /** Asks again for those that could not be told: somebody can be asked again, or everything is anew. */
    renew(all: boolean): void {
      for (const [actor, cell] of cells) {
        if (all || cell.present.value.view.state === 'unknown') void ask(actor, cell)
      }
    },
  }
}
