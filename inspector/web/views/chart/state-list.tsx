import type { Chart } from '../../../../src/protocol/inspection.ts'
import { everyNode } from '../../../layout/nodes.ts'
import { edgeWords, type Lit } from './lit.ts'

/** The chart in words, for whoever hears it; and a way from state to state by keyboard, which the drawing follows. */

interface StateListProps {
  readonly chart: Chart
  readonly lit: Lit
  readonly pointed: string | null
  onPoint(id: string): void
}

export function StateList({ chart, lit, pointed, onPoint }: StateListProps) {
  const nodes = everyNode(chart.root)
  const optionOf = (id: string): string => `state ${id}`.replaceAll(/\W/g, '-')
  const at = nodes.findIndex(({ id }) => id === pointed)
  const move = (event: KeyboardEvent): void => {
    const here = at === -1 ? nodes.findIndex(({ id }) => lit.active.has(id)) : at
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: nodes.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    const next = nodes[Math.max(0, Math.min(nodes.length - 1, to))]
    if (next !== undefined) onPoint(next.id)
  }
  return (
    <ul
      class="chart-states"
      role="listbox"
      aria-label="States"
      tabIndex={0}
      aria-activedescendant={at === -1 ? undefined : optionOf(nodes[at]?.id ?? '')}
      onKeyDown={move}
    >
      {nodes.map((node) => (
        <li
          key={node.id}
          id={optionOf(node.id)}
          role="option"
          aria-selected={node.id === pointed}
          aria-current={lit.active.has(node.id)}
          onClick={() => onPoint(node.id)}
        >
          {node.id}
          {lit.active.has(node.id) && ' (it is here)'}
          {lit.around.has(node.id) && ' (it is in it)'}
          {node.edges.length > 0 && `: ${node.edges.map(edgeWords).join('; ')}`}
        </li>
      ))}
    </ul>
  )
}
