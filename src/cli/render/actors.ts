import type { ActorStatus } from '../../protocol/status.ts'
import type { Phase } from '../../protocol/lifecycle.ts'
import type { Style } from './paint.ts'
import { table, type Look } from './table.ts'
import { agoOf } from './time.ts'

const phaseStyle: Readonly<Record<Phase, Style>> = { handshake: 'yellow', active: 'green', reaped: 'dim' }

/** Actors with those below each indented under it. One whose parent is not listed stands at the left. */
function treeOf(actors: readonly ActorStatus[]): ReadonlyArray<readonly [depth: number, actor: ActorStatus]> {
  const listed = new Set(actors.map(({ address }) => address))
  const below = new Map<string | null, ActorStatus[]>()
  for (const actor of actors) {
    const parent = actor.parent !== null && listed.has(actor.parent) ? actor.parent : null
    const siblings = below.get(parent)
    if (siblings === undefined) below.set(parent, [actor])
    else siblings.push(actor)
  }
  const found: Array<readonly [number, ActorStatus]> = []
  const visit = (parent: string | null, depth: number): void => {
    for (const actor of below.get(parent) ?? []) {
      found.push([depth, actor])
      visit(actor.address, depth + 1)
    }
  }
  visit(null, 0)
  return found
}

/** The table of actors; `now` is wall clock, ms. */
export function actorsTable(actors: readonly ActorStatus[], now: number, look: Look): string[] {
  const columns = [{ title: 'ADDRESS' }, { title: 'PHASE' }, { title: 'STATE' }, { title: 'SINCE' }, { title: 'REASON' }]
  const rows = treeOf(actors).map(([depth, { address, phase, state, since, reason }]) => [
    { text: `${'  '.repeat(depth)}${address}` },
    { text: phase, style: phaseStyle[phase] },
    { text: state },
    { text: agoOf(since, now) },
    { text: reason ?? '', style: 'dim' as const },
  ])
  return table(columns, rows, look)
}
