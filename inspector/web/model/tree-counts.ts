import type { ActorRow } from '../../../src/protocol/inspection.ts'
import { kindOf, sectionOf, type SectionId } from './sections.ts'

/** How many live actors with an address there are, by phase and by heading. */
export interface Counts {
  readonly phases: ReadonlyMap<string, number>
  readonly sections: ReadonlyMap<SectionId, number>
  readonly live: number
  readonly ended: number
  change(before: ActorRow | undefined, after: ActorRow | undefined): void
  clear(): void
}

function add<K>(counted: Map<K, number>, what: K, by: number): void {
  const count = (counted.get(what) ?? 0) + by
  if (count === 0) counted.delete(what)
  else counted.set(what, count)
}

export function createCounts(): Counts {
  const phases = new Map<string, number>()
  const bySection = new Map<SectionId, number>()
  let live = 0
  let ended = 0
  function count(row: ActorRow, by: 1 | -1): void {
    if (row.address === undefined) return
    if (row.end !== undefined) {
      ended += by
      return
    }
    live += by
    const phase = row.phase ?? ''
    add(phases, phase, by)
    // Processes stand below their services and are not counted beside them.
    if (kindOf(row) !== 'process') add(bySection, sectionOf(row), by)
  }
  return {
    phases,
    sections: bySection,
    get live() {
      return live
    },
    get ended() {
      return ended
    },
    change(before, after) {
      if (before !== undefined) count(before, -1)
      if (after !== undefined) count(after, 1)
    },
    clear() {
      phases.clear()
      bySection.clear()
      live = 0
      ended = 0
    },
  }
}
