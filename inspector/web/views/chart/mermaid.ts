import type { Chart, ChartNode } from '../../../../src/protocol/inspection.ts'

/** A chart as mermaid's stateDiagram, as docs/lifecycle.md has it: for a page that draws its own. */

const nameOf = (id: string): string => id.replaceAll(/\W/g, '_')

function statesOf(node: ChartNode, depth: number): string[] {
  const indent = '  '.repeat(depth)
  const lines = node.states.flatMap((state) => [
    `${indent}state "${state.key}" as ${nameOf(state.id)}`,
    ...(state.states.length === 0 ? [] : [`${indent}state ${nameOf(state.id)} {`, ...statesOf(state, depth + 1), `${indent}}`]),
    ...(state.type === 'final' ? [`${indent}${nameOf(state.id)} --> [*]`] : []),
  ])
  const initial = node.states.find(({ key }) => key === node.initial)
  const regions = node.type === 'parallel' ? lines.join('\n').split(/\n(?=\s*state "[^"]*" as \w+\n\s*state \w+ \{)/) : null
  const body = regions === null ? lines : regions.join(`\n${indent}--\n`).split('\n')
  return initial === undefined ? body : [...body, `${indent}[*] --> ${nameOf(initial.id)}`]
}

const edgesOf = (node: ChartNode, root: ChartNode): string[] => [
  ...node.edges.flatMap(({ targets, label, guard }) =>
    node === root
      ? []
      : targets.map((target) => `  ${nameOf(node.id)} --> ${nameOf(target)} : ${label}${guard === null ? '' : ` [${guard}]`}`),
  ),
  ...node.states.flatMap((state) => edgesOf(state, root)),
]

export const mermaidOf = ({ root }: Chart): string =>
  `${['stateDiagram-v2', ...statesOf(root, 1), ...new Set(edgesOf(root, root))].join('\n')}\n`
