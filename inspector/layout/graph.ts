import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import type { Chart, ChartEdge, ChartNode } from '../../src/protocol/inspection.ts'
import { everyNode } from './nodes.ts'
import { lineOf, linesOf, sizes, staysIn, widthOf } from './text.ts'

/** A chart as the layout engine takes it. */

/** Several edges from the same state to the same one are drawn as one line with a label for each. */
export interface Bundle {
  readonly source: string
  readonly to: string
  readonly edges: ReadonlyArray<{ readonly edge: ChartEdge; readonly target: number }>
}

export interface Graph {
  readonly root: ElkNode
  readonly bundles: readonly Bundle[]
  /** The ids of edges that are no lines to their target: too many lead there. */
  readonly jumps: ReadonlySet<string>
}

export type Direction = 'DOWN' | 'RIGHT'

/** The dot that tells where a state begins; it has no state of its own. */
export const initialOf = (node: string): string => `${node}::initial`

/** px */
export const room = { dot: 10, inner: 16, label: 8, row: 19, pill: 17, smallest: 72 } as const

/** In a chart with more lines than `few`, at most `lines` lead to the same state; the others are jumps. */
const crowd = { few: 14, lines: 2 } as const

function allBundles(root: ChartNode): Bundle[] {
  const bundles = new Map<string, { source: string; to: string; edges: Array<{ edge: ChartEdge; target: number }> }>()
  for (const node of everyNode(root))
    for (const edge of node.edges) {
      if (staysIn(node, edge)) continue
      edge.targets.forEach((to, target) => {
        const name = JSON.stringify([node.id, to])
        const bundle = bundles.get(name) ?? { source: node.id, to, edges: [] }
        bundle.edges.push({ edge, target })
        bundles.set(name, bundle)
      })
    }
  return [...bundles.values()]
}

const inside = (id: string, outer: string): boolean => id === outer || id.startsWith(`${outer}.`)

/** What nobody has to send: the way that a life takes if it is left alone. */
const goesByItself = ({ type }: ChartEdge): boolean => type === '' || type.startsWith('xstate.')

/** Those that stand out. Of a crowd those are drawn that go by themselves, and the nearest in the order of the chart. */
function drawnOf(bundles: readonly Bundle[], root: ChartNode): Bundle[] {
  if (bundles.length <= crowd.few) return [...bundles]
  const order = new Map(everyNode(root).map(({ id }, index) => [id, index]))
  const far = ({ source, to, edges }: Bundle): number =>
    (inside(to, source) ? 2_000 : 0) +
    (edges.some(({ edge }) => goesByItself(edge)) ? 0 : 1_000) +
    Math.abs((order.get(source) ?? 0) - (order.get(to) ?? 0))
  const near = new Set<Bundle>()
  for (const to of new Set(bundles.map((bundle) => bundle.to))) {
    const arriving = bundles.filter((bundle) => bundle.to === to).sort((one, other) => far(one) - far(other))
    for (const bundle of arriving.slice(0, arriving.length <= crowd.lines + 1 ? arriving.length : crowd.lines)) near.add(bundle)
  }
  return bundles.filter((bundle) => near.has(bundle))
}

/** What a state needs for its own lines. */
export function boxOf(node: ChartNode, jumps: ReadonlySet<string>): { readonly width: number; readonly height: number } {
  const lines = linesOf(node, jumps)
  const texts = [node.key.length * sizes.titleCharacter + 14, ...lines.map(widthOf)]
  return {
    width: Math.ceil(Math.max(room.smallest, ...texts) + 2 * sizes.side),
    height: sizes.titleHeight + (lines.length === 0 ? 4 : 10) + lines.length * sizes.lineHeight,
  }
}

function nodeOf(node: ChartNode, jumps: ReadonlySet<string>, wider: ReadonlyMap<string, number>): ElkNode {
  const box = boxOf(node, jumps)
  if (node.states.length === 0) return { id: node.id, ...box }
  const dot = node.initial === null ? [] : [{ id: initialOf(node.id), width: room.dot, height: room.dot }]
  return {
    id: node.id,
    children: [...dot, ...node.states.map((child) => nodeOf(child, jumps, wider))],
    layoutOptions: {
      'elk.padding': `[top=${box.height + room.inner},left=${room.inner},bottom=${room.inner},right=${room.inner + (wider.get(node.id) ?? 0)}]`,
    },
  }
}

function initials(node: ChartNode): ElkExtendedEdge[] {
  const target = node.states.find(({ key }) => key === node.initial)
  const own = target === undefined ? [] : [{ id: initialOf(node.id), sources: [initialOf(node.id)], targets: [target.id] }]
  return [...own, ...node.states.flatMap(initials)]
}

const options = (direction: Direction): Record<string, string> => ({
  'elk.algorithm': 'layered',
  'elk.direction': direction,
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.randomSeed': '1',
  'elk.padding': '[top=8,left=8,bottom=8,right=8]',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '10',
  'elk.spacing.nodeNode': '22',
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '10',
  'elk.spacing.edgeLabel': '0',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.thoroughness': '12',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
})

/** px */
export const labelWidth = (edge: ChartEdge): number => widthOf(lineOf(edge)) + 2 * room.label

/** `wider`: how much some states lack for their own lines, px; the engine makes them as wide as what is in them. */
export function graphOf({ root }: Chart, direction: Direction, wider: ReadonlyMap<string, number> = new Map()): Graph {
  const all = allBundles(root)
  const bundles = drawnOf(all, root)
  const drawn = new Set(bundles.flatMap(({ edges }) => edges.map(({ edge }) => edge.id)))
  const jumps = new Set(all.flatMap(({ edges }) => edges.map(({ edge }) => edge.id)).filter((id) => !drawn.has(id)))
  const edges = bundles.map(({ source, to, edges }, index): ElkExtendedEdge => ({
    id: `::${index}`,
    sources: [source],
    targets: [to],
    labels: [
      {
        text: `${index}`,
        width: Math.max(...edges.map(({ edge }) => labelWidth(edge))),
        height: edges.length * room.row + 2,
        layoutOptions: { 'elk.edgeLabels.inline': 'true', 'elk.edgeLabels.placement': 'CENTER' },
      },
    ],
  }))
  return {
    root: {
      id: '::all',
      children: [nodeOf(root, jumps, wider)],
      edges: [...initials(root), ...edges],
      layoutOptions: options(direction),
    },
    bundles,
    jumps,
  }
}
