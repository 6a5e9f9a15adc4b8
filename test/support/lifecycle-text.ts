import type { AnyStateNode } from 'xstate'
import { lifecycles } from '../../scripts/machines.ts'
import { labelOf } from '../../src/inspection/chart.ts'
import { phases } from '../../src/protocol/lifecycle.ts'

/** The machines as mermaid diagrams, one section each. */

const idOf = (node: AnyStateNode): string => node.path.join('_') || 'root'
const childrenOf = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states)

function linesOf(node: AnyStateNode, depth: number): string[] {
  const indent = '  '.repeat(depth)
  const lines: string[] = []
  for (const child of childrenOf(node)) {
    const tags = [...child.tags].filter((tag) => (phases as readonly string[]).includes(tag))
    const name = tags.length === 0 ? child.key : `${child.key} (${tags.join()})`
    lines.push(`${indent}state "${name}" as ${idOf(child)}`)
    if (childrenOf(child).length > 0) lines.push(`${indent}state ${idOf(child)} {`, ...linesOf(child, depth + 1), `${indent}}`)
    if (child.type === 'final') lines.push(`${indent}${idOf(child)} --> [*]`)
  }
  const initial = node.initial?.target[0]
  if (initial !== undefined) lines.push(`${indent}[*] --> ${idOf(initial)}`)
  return lines
}

function edgesOf(node: AnyStateNode): string[] {
  const own = [...[...node.transitions.values()].flat(), ...(node.always ?? [])]
  const edges = own.flatMap(({ eventType, target }) =>
    (target ?? []).map((to) => {
      const label = labelOf(eventType as string)
      return `  ${idOf(node)} --> ${idOf(to)}${label === '' ? '' : ` : ${label}`}`
    }),
  )
  return [...new Set([...(node.path.length === 0 ? [] : edges), ...childrenOf(node).flatMap(edgesOf)])]
}

export function lifecycleText(): string {
  const sections = lifecycles.map(
    ([title, summary, machine]) =>
      `## ${title}\n\n${summary}\n\n\`\`\`mermaid\nstateDiagram-v2\n${[...linesOf(machine.root, 1), ...edgesOf(machine.root)].join('\n')}\n\`\`\`\n`,
  )
  return `# Lifecycles\n\nGenerated from the machines in \`src/machines/\` by \`npm run lifecycle\`. Every state is in one of three phases:\n**handshake** (wanted, not confirmed), **active** (a live resource, also while it ends), **reaped** (none, and none wanted).\n\n${sections.join('\n')}`
}
