import { setImmediate as turn } from 'node:timers/promises'
import type { AnyActorRef, InspectionEvent } from 'xstate'
import type { Directory, MachineSnapshotView } from './directory.ts'
import { chartOf } from './inspection/chart.ts'
import type { SnapshotView } from './inspection/seen.ts'
import { createTap, type TapOptions } from './inspection/tap.ts'
import { contextBound, shown } from './inspection/values.ts'
import { createPacing, watchInspection } from './inspection/watch.ts'
import type { Sink } from './protocol/calls.ts'
import type { StreamRequest } from './protocol/command.ts'
import type { Chart, InspectedContexts } from './protocol/inspection.ts'
import { limits } from './protocol/limits.ts'
import type { FleetView } from './protocol/view.ts'

const isAddressed = (snapshot: unknown): snapshot is MachineSnapshotView =>
  typeof snapshot === 'object' &&
  snapshot !== null &&
  'context' in snapshot &&
  typeof snapshot.context === 'object' &&
  snapshot.context !== null &&
  'address' in snapshot.context &&
  'value' in snapshot

/**
 * An observer for XState that never throws: one that does would leave the observed actor's mailbox blocked for ever. What
 * one part of it cannot take does not keep the others from it.
 */
function contained(parts: ReadonlyArray<(event: InspectionEvent) => void>, onError: (error: unknown) => void) {
  return (event: InspectionEvent): void => {
    for (const part of parts) {
      try {
        part(event)
      } catch (error) {
        try {
          onError(error)
        } catch {
          // Reporting must not block the actor either.
        }
      }
    }
  }
}

/** Feeds the directory from XState's inspection events. */
export const inspectInto = (directory: Pick<Directory, 'observe'>, onError: (error: unknown) => void) =>
  contained([intoDirectory(directory)], onError)

const intoDirectory =
  (directory: Pick<Directory, 'observe'>) =>
  (event: InspectionEvent): void => {
    if (event.type === '@xstate.snapshot') observe(directory, event.actorRef as AnyActorRef, event.snapshot)
    // Of one that has crashed in a transition there is no snapshot: only its parent is told.
    if (event.type === '@xstate.event' && event.event.type.startsWith('xstate.error.actor.') && event.sourceRef !== undefined) {
      const ref = event.sourceRef as AnyActorRef
      const snapshot = ref.getSnapshot() as Partial<MachineSnapshotView> | undefined
      if (snapshot?.status === 'error') observe(directory, ref, snapshot)
    }
  }

function observe(directory: Pick<Directory, 'observe'>, ref: AnyActorRef, snapshot: unknown): void {
  if (isAddressed(snapshot)) directory.observe(ref, snapshot)
}

export interface InspectionParts extends TapOptions {
  readonly directory: Pick<Directory, 'observe'>
  /** Names this run of the orchestrator. */
  readonly run: string
  /** Items that a watch tells in one turn. */
  readonly itemsInTurn?: number
  onError(error: unknown): void
}

export interface Inspection extends Pick<FleetView, 'chart' | 'contexts'> {
  /** Takes XState's inspection events. It never throws. */
  inspect(event: InspectionEvent): void
  watch(request: Omit<Extract<StreamRequest, { source: 'inspection' }>, 'source'>, sink: Sink): () => void
}

/** Feeds the directory, and keeps what the inspector shows. */
export function createInspection({ directory, run, onError, wall = Date.now, bounds, itemsInTurn }: InspectionParts): Inspection {
  const tap = createTap({ wall, ...(bounds && { bounds }) })
  const paced = createPacing(tap)
  const charts = new Map<string, Chart>()

  return {
    inspect: contained([intoDirectory(directory), tap.take], onError),
    chart(hash) {
      const known = charts.get(hash)
      if (known !== undefined) return known
      for (const machine of tap.machines()) {
        const chart = chartOf(machine)
        charts.set(chart.hash, chart)
      }
      return charts.get(hash)
    },
    contexts: (asked) => contextsOf(tap, asked),
    watch: (request, sink) => watchInspection({ tap, run, wall, paced, itemsInTurn }, request, sink),
  }
}

/**
 * All of them are of one moment: they are taken in one turn, and nothing changes a context. They are made into what can be shown in
 * slices, because those of thousands of actors take longer than anybody else should wait.
 */
async function contextsOf(tap: ReturnType<typeof createTap>, asked: readonly string[] | null): Promise<InspectedContexts> {
  const seq = tap.ring.last()
  const held: Array<readonly [id: string, context: unknown]> = []
  const ids = asked ?? Array.from(tap.ids())
  for (const id of ids) {
    const context = (tap.live(id)?.getSnapshot() as SnapshotView | undefined)?.context
    if (context !== undefined) held.push([id, context])
  }
  const contexts: Array<{ id: string; context: unknown }> = []
  let size = 0
  let begun = performance.now()
  for (const [id, context] of held) {
    if (size > limits.inspectedContextBytes) break
    if (performance.now() - begun > limits.inspectionTurnTime) {
      await turn()
      begun = performance.now()
    }
    const one = shown(context, contextBound)
    size += JSON.stringify(one).length
    contexts.push({ id, context: one })
  }
  return { seq, contexts, left_out: ids.length - contexts.length }
}
