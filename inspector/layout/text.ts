import type { ChartEdge, ChartNode } from '../../src/protocol/inspection.ts'

/**
 * What stands in a box and on an edge, line by line, and how much room that takes. Every text is set in a monospace font of a fixed
 * size, so its width follows from its length: a layout made in Node is that of the browser.
 */

/** px. The widest of the usual monospace fonts takes 0.602 of its size for a character. */
export const sizes = {
  title: 13,
  line: 11,
  titleCharacter: 7.9,
  lineCharacter: 6.65,
  lineHeight: 15,
  titleHeight: 26,
  side: 10,
} as const

/** Longer ones end in an ellipsis; the whole text is told of the state or edge that is pointed at. Characters. */
const longest = { actions: 26, guard: 30, event: 34 } as const

const cut = (text: string, characters: number): string => (text.length <= characters ? text : `${text.slice(0, characters - 1)}…`)

export interface Line {
  readonly kind: 'entry' | 'exit' | 'invoke' | 'event'
  /** `entry /`, `invoke`, or the event. */
  readonly head: string
  readonly guard: string
  readonly tail: string
  /** `→ reaped`: where it leads, if no line tells that. */
  readonly goes: string
  /** Of a transition: its id. */
  readonly edge: string | null
}

const actions = (names: readonly string[]): string => (names.length === 0 ? '' : cut(`/ ${names.join(', ')}`, longest.actions))

/** An edge in words: what it takes, whether, and what it does. */
export const lineOf = ({ id, label, guard, actions: names }: ChartEdge): Line => ({
  kind: 'event',
  head: cut(label, longest.event),
  guard: guard === null ? '' : `[${cut(guard, longest.guard)}]`,
  tail: actions(names),
  goes: '',
  edge: id,
})

/** Does this edge stay where it is? Then it is a line in the box of its state. */
export const staysIn = (node: ChartNode, { targets }: ChartEdge): boolean => targets.every((target) => target === node.id)

/** The last part of an id: what a state is called beside others. */
const keyOf = (id: string): string => id.slice(id.lastIndexOf('.') + 1)

/** An edge whose target is named in its line, and not drawn to. */
const jumpOf = (edge: ChartEdge): Line => ({ ...lineOf(edge), goes: `→ ${edge.targets.map(keyOf).join(', ')}` })

/** The lines in the box of a state, below its name. `jumps`: the ids of edges that are lines too, as too many go to where they go. */
export const linesOf = (node: ChartNode, jumps: ReadonlySet<string>): readonly Line[] => [
  ...(node.entry.length === 0
    ? []
    : [{ kind: 'entry', head: 'entry', guard: '', tail: actions(node.entry), goes: '', edge: null } as const]),
  ...(node.exit.length === 0
    ? []
    : [{ kind: 'exit', head: 'exit', guard: '', tail: actions(node.exit), goes: '', edge: null } as const]),
  ...node.invoke.map(
    ({ id, src }) =>
      ({
        kind: 'invoke',
        head: 'invoke',
        guard: '',
        tail: cut(src === id ? src : `${src} as ${id}`, longest.actions),
        goes: '',
        edge: null,
      }) as const,
  ),
  ...node.edges.filter((edge) => staysIn(node, edge)).map(lineOf),
  ...node.edges.filter((edge) => jumps.has(edge.id) && !staysIn(node, edge)).map(jumpOf),
]

export const textOf = ({ head, guard, tail, goes }: Line): string =>
  [head, guard, tail, goes].filter((part) => part !== '').join(' ')

/** px that a line takes. */
export const widthOf = (line: Line): number => Math.ceil(textOf(line).length * sizes.lineCharacter)
