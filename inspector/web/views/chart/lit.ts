import type { ActorRow, Chart, ChartEdge, ChartNode } from '../../../../src/protocol/inspection.ts'
import { everyNode } from '../../../layout/nodes.ts'

/** What of a chart an actor is in. */

/** The states along a path of keys, outermost first, below `from`; null: there is no such path. */
function along(from: ChartNode, keys: readonly string[]): ChartNode[] | null {
  const path: ChartNode[] = []
  let at = from
  for (const key of keys) {
    const next = at.states.find((state) => state.key === key)
    if (next === undefined) return null
    path.push(next)
    at = next
  }
  return path
}

/** By id: the innermost states that it is in, and those around them. */
export interface Lit {
  readonly active: ReadonlySet<string>
  readonly around: ReadonlySet<string>
}

/** `state` as an actor's row has it: `live.running.healthy`; of regions `link.open, auth.anonymous`. */
export function litOf({ root }: Chart, state: string | undefined): Lit {
  const active = new Set<string>()
  const around = new Set<string>()
  if (state === undefined || state === '') return { active, around }
  around.add(root.id)
  const parallel: ChartNode[] = []
  for (const part of state.split(',')) {
    const keys = part.trim().split('.')
    // A later region may be told from its parallel state on.
    const path = [root, ...parallel].map((from) => along(from, keys)).find((found) => found !== null)
    const last = path?.at(-1)
    if (path === undefined || path === null || last === undefined) continue
    active.add(last.id)
    for (const node of path) {
      if (node !== last) around.add(node.id)
      if (node.type === 'parallel') parallel.push(node)
    }
  }
  for (const id of around) active.delete(id)
  return { active, around }
}

/** The transitions that its state takes, of its own and of those around it. */
export const openEdges = (chart: Chart, { active, around }: Lit): ChartEdge[] =>
  everyNode(chart.root)
    .filter(({ id }) => active.has(id) || around.has(id))
    .flatMap(({ edges }) => edges)

/** The state of an actor in words. */
export function inWords({ state, phase, reason, end }: ActorRow): string {
  if (end !== undefined) return { done: 'It is done.', error: 'It failed.', stopped: 'It was stopped.' }[end]
  if (state === undefined) return 'It is live.'
  const where = state.split(',').map((part) => part.trim().split('.').join(', in it '))
  return `It is in ${where.join(', and in ')}${phase === undefined ? '' : ` (${phase})`}${reason === undefined ? '' : `: ${reason}`}.`
}

/** An edge in full. */
export const edgeWords = ({ label, guard, actions, targets }: ChartEdge): string =>
  [
    label,
    guard === null ? '' : `if ${guard}`,
    actions.length === 0 ? '' : `does ${actions.join(', ')}`,
    targets.length === 0 ? 'and stays' : `to ${targets.map((target) => target.slice(target.indexOf('.') + 1)).join(' and ')}`,
  ]
    .filter((part) => part !== '')
    .join(' ')
