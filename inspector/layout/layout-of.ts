import type { ELK, ElkEdgeSection, ElkNode } from 'elkjs/lib/elk-api.js'
import type { Chart, ChartNode } from '../../src/protocol/inspection.ts'
import { boxOf, graphOf, initialOf, labelWidth, room, type Direction, type Graph } from './graph.ts'
import type { Box, ChartLayout, DrawnEdge } from './layout.ts'
import { everyNode } from './nodes.ts'
import { linesOf, sizes } from './text.ts'

/** Where everything of a chart goes: ELK lays out states within states, with lines and labels that keep clear of each other. */

type Engine = Pick<ELK, 'layout'>

/** px: about what a page has for a chart. Of two layouts the one that it shows larger is taken. */
const pane = { width: 1_200, height: 760 } as const

/** How often a layout is made again for states that are too narrow for their own lines. */
const corrections = 4

const round = (value: number): number => Math.round(value * 10) / 10
const box = ({ x = 0, y = 0, width = 0, height = 0 }: Partial<Box>): Box => ({
  x: round(x),
  y: round(y),
  width: round(width),
  height: round(height),
})

const allOf = (node: ElkNode): ElkNode[] => [node, ...(node.children ?? []).flatMap(allOf)]

const pointsOf = ({ startPoint, bendPoints = [], endPoint }: ElkEdgeSection): DrawnEdge['points'] =>
  [startPoint, ...bendPoints, endPoint].map(({ x, y }) => [round(x), round(y)] as const)

/** The transitions that are lines in the box of their state: where each of them stands. */
function rowsOf(node: ChartNode, { x, y }: Box, jumps: ReadonlySet<string>): DrawnEdge[] {
  const { width } = boxOf(node, jumps)
  return linesOf(node, jumps).flatMap(({ edge }, index) => {
    const top = y + sizes.titleHeight + index * sizes.lineHeight
    const label = box({ x: x + 4, y: top, width: width - 8, height: sizes.lineHeight })
    return edge === null ? [] : [{ id: edge, target: 0, points: [], label }]
  })
}

function linesTo({ bundles }: Graph, laid: ElkNode): DrawnEdge[] {
  const known = new Map((laid.edges ?? []).map((edge) => [edge.id, edge]))
  return bundles.flatMap(({ edges }, index) => {
    const found = known.get(`::${index}`)
    const section = found?.sections?.[0]
    if (section === undefined) return []
    const { x = 0, y = 0, width = 0 } = found?.labels?.[0] ?? {}
    return edges.map(({ edge, target }, row): DrawnEdge => {
      const own = labelWidth(edge)
      const label = { x: x + (width - own) / 2, y: y + 2 + row * room.row, width: own, height: room.pill }
      return { id: edge.id, target, points: pointsOf(section), label: box(label) }
    })
  })
}

async function laidOut(chart: Chart, elk: Engine, direction: Direction): Promise<ChartLayout> {
  const wider = new Map<string, number>()
  for (let attempt = 0; ; attempt += 1) {
    const graph = graphOf(chart, direction, wider)
    const laid: ElkNode = await elk.layout(graph.root)
    const boxes = new Map(allOf(laid).map((node) => [node.id, box(node)]))
    const narrow = everyNode(chart.root).flatMap((node) => {
      const lacks = boxOf(node, graph.jumps).width - (boxes.get(node.id)?.width ?? 0)
      return lacks > 0.5 ? [[node.id, lacks] as const] : []
    })
    if (narrow.length > 0 && attempt < corrections) {
      for (const [id, lacks] of narrow) wider.set(id, (wider.get(id) ?? 0) + Math.ceil(lacks))
      continue
    }
    boxes.delete(laid.id)
    const starts = (laid.edges ?? []).flatMap(({ id, sections }) =>
      sections?.[0] === undefined || !id.endsWith(initialOf(''))
        ? []
        : [{ id, target: 0, points: pointsOf(sections[0]), label: null }],
    )
    return {
      hash: chart.hash,
      width: round(laid.width ?? 0),
      height: round(laid.height ?? 0),
      nodes: Object.fromEntries(boxes),
      edges: [
        ...starts,
        ...linesTo(graph, laid),
        ...everyNode(chart.root).flatMap((node) => rowsOf(node, boxes.get(node.id) ?? box({}), graph.jumps)),
      ],
    }
  }
}

const scale = ({ width, height }: ChartLayout): number => Math.min(1, pane.width / width, pane.height / height)

/**
 * The layout of a chart. The same chart has the same one wherever it is made: no font and no page is asked.
 * An edge without points is a line in the box of its state, where its label says. Beside the states, `nodes` and `edges` have the dots
 * that tell where a state begins, and the lines from those, as `<id>::initial`.
 */
export async function layoutOf(chart: Chart, elk: Engine): Promise<ChartLayout> {
  const down = await laidOut(chart, elk, 'DOWN')
  if (scale(down) === 1) return down
  const right = await laidOut(chart, elk, 'RIGHT')
  return scale(right) > scale(down) * 1.1 ? right : down
}
