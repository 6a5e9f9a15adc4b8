import { Component } from 'preact'
import type { Chart, ChartNode } from '../../../../src/protocol/inspection.ts'
import type { Box, ChartLayout, DrawnEdge } from '../../../layout/layout.ts'
import { linesOf, lineOf, sizes, widthOf, type Line } from '../../../layout/text.ts'
import { everyNode } from '../../../layout/nodes.ts'
import { headOf, pathOf } from './shapes.ts'

/** A chart, drawn. It is the same for every actor that follows it: what is lit is a matter of classes, see painting.ts. */

const phaseOf = ({ tags }: ChartNode): string => tags.find((tag) => /^(?:handshake|active|reaped)$/.test(tag)) ?? ''

function Text({ line, x, y }: { readonly line: Line; readonly x: number; readonly y: number }) {
  return (
    <text class="chart-line-text" x={x} y={y}>
      <tspan class={`chart-${line.kind}`}>{line.head}</tspan>
      {line.guard !== '' && <tspan class="chart-guard"> {line.guard}</tspan>}
      {line.tail !== '' && <tspan class="chart-actions"> {line.tail}</tspan>}
      {line.goes !== '' && <tspan class="chart-goes"> {line.goes}</tspan>}
    </text>
  )
}

interface StateProps {
  readonly node: ChartNode
  readonly parent: ChartNode | null
  readonly box: Box
  readonly depth: number
}

function Frame({ node, parent, box, depth }: StateProps) {
  const kind = node.type === 'final' ? ' chart-final' : parent?.type === 'parallel' ? ' chart-region' : ''
  const nested = node.states.length > 0 ? ' chart-nested' : ''
  return (
    <g class={`chart-state chart-depth-${depth % 2}${kind}${nested}`} data-node={node.id} data-phase={phaseOf(node)}>
      <rect class="chart-frame" x={box.x} y={box.y} width={box.width} height={box.height} rx={9} />
      {node.states.length > 0 && (
        <path
          class="chart-band"
          d={`M${box.x + 1},${box.y + sizes.titleHeight + 1}V${box.y + 9}a8,8 0 0 1 8,-8h${box.width - 18}a8,8 0 0 1 8,8v${sizes.titleHeight - 8}Z`}
        />
      )}
      {node.type === 'final' && (
        <rect class="chart-frame-inner" x={box.x + 3} y={box.y + 3} width={box.width - 6} height={box.height - 6} rx={6} />
      )}
    </g>
  )
}

/** A line of another state may pass behind the words of this one, never through them. */
function Plate({ x, y, width, height }: Box) {
  return <rect class="chart-plate" x={x} y={y} width={width} height={height} rx={3} />
}

interface WordsProps {
  readonly node: ChartNode
  readonly box: Box
  readonly depth: number
  readonly jumps: ReadonlySet<string>
}

function Words({ node, box, depth, jumps }: WordsProps) {
  const nested = node.states.length > 0
  const left = box.x + sizes.side
  return (
    <g class={`chart-words chart-depth-${depth % 2}`} data-node={node.id} data-phase={phaseOf(node)}>
      {nested && (
        <rect
          class="chart-plate-title"
          x={left - 4}
          y={box.y + 4}
          width={node.key.length * sizes.titleCharacter + 24}
          height={20}
          rx={3}
        />
      )}
      <circle class="chart-dot" cx={left + 4} cy={box.y + 14} r={4} />
      <text class="chart-title" x={left + 14} y={box.y + 18.5}>
        {node.key}
      </text>
      {linesOf(node, jumps).map((line, index) => {
        const top = box.y + sizes.titleHeight + 2 + index * sizes.lineHeight
        const text = <Text line={line} x={left} y={top + 11} />
        const plate = nested && <Plate x={left - 4} y={top} width={widthOf(line) + 8} height={sizes.lineHeight} />
        if (line.edge === null)
          return (
            <g key={`${line.kind} ${line.tail}`}>
              {plate}
              {text}
            </g>
          )
        return (
          <g class="chart-row" key={line.edge} data-edge={line.edge}>
            {plate}
            <rect
              class="chart-row-back"
              x={box.x + 4}
              y={top}
              width={nested ? widthOf(line) + 12 : box.width - 8}
              height={sizes.lineHeight}
              rx={4}
            />
            {text}
          </g>
        )
      })}
    </g>
  )
}

/** Edges between the same two states go along one line. */
function linesBetween(edges: readonly DrawnEdge[]): Array<{ readonly points: DrawnEdge['points']; readonly ids: string[] }> {
  const lines = new Map<string, { points: DrawnEdge['points']; ids: string[] }>()
  for (const { id, points } of edges) {
    if (points.length === 0) continue
    const line = lines.get(JSON.stringify(points)) ?? { points, ids: [] }
    line.ids.push(id)
    lines.set(JSON.stringify(points), line)
  }
  return [...lines.values()]
}

export interface DrawingProps {
  readonly chart: Chart
  readonly layout: ChartLayout
}

function draw({ chart, layout }: DrawingProps) {
  const nodes = everyNode(chart.root)
  const parents = new Map(nodes.flatMap((node) => node.states.map((child) => [child.id, node] as const)))
  const depth = (id: string): number => {
    const parent = parents.get(id)
    return parent === undefined ? 0 : depth(parent.id) + 1
  }
  const edges = new Map(nodes.flatMap((node) => node.edges.map((edge) => [edge.id, edge] as const)))
  const jumps = new Set(layout.edges.filter(({ points }) => points.length === 0).map(({ id }) => id))
  const boxed = nodes.flatMap((node) => {
    const box = layout.nodes[node.id]
    return box === undefined ? [] : [{ node, box, parent: parents.get(node.id) ?? null }]
  })
  const dots = Object.entries(layout.nodes).filter(([id]) => id.endsWith('::initial'))
  return (
    <g class="chart-drawing">
      {boxed.map(({ node, box, parent }) => (
        <Frame key={node.id} node={node} box={box} parent={parent} depth={depth(node.id)} />
      ))}
      {dots.map(([id, { x, y, width }]) => (
        <circle key={id} class="chart-initial" cx={x + width / 2} cy={y + width / 2} r={width / 2} />
      ))}
      {linesBetween(layout.edges).map(({ points, ids }) => (
        <g key={ids.join(' ')} class="chart-edge" data-edges={ids.join(' ')}>
          <path class="chart-edge-reach" d={pathOf(points)} />
          <path class="chart-edge-line" d={pathOf(points)} />
          <path class="chart-edge-head" d={headOf(points)} />
        </g>
      ))}
      {boxed.map(({ node, box }) => (
        <Words key={node.id} node={node} box={box} depth={depth(node.id)} jumps={jumps} />
      ))}
      {layout.edges.map(({ id, target, points, label }) => {
        const edge = edges.get(id)
        if (edge === undefined || label === null || points.length === 0) return null
        return (
          <g key={`${id} ${target}`} class="chart-label" data-edge={id}>
            <rect class="chart-label-back" x={label.x} y={label.y} width={label.width} height={label.height} rx={5} />
            <Text line={lineOf(edge)} x={label.x + 8} y={label.y + 12} />
          </g>
        )
      })}
    </g>
  )
}

/** Drawn once: what changes all the time is painted. */
export class Drawing extends Component<DrawingProps> {
  override shouldComponentUpdate({ chart, layout }: DrawingProps): boolean {
    return chart !== this.props.chart || layout !== this.props.layout
  }
  override render() {
    return draw(this.props)
  }
}
