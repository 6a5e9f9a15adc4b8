import type { AnyStateMachine, AnyStateNode } from 'xstate'
import { connectionMachine } from '../../src/machines/connection.ts'
import { groupMachine } from '../../src/machines/group.ts'
import { hookMachine } from '../../src/machines/hook.ts'
import { listenerMachine } from '../../src/machines/listener.ts'
import { lockdownMachine } from '../../src/machines/lockdown.ts'
import { rotationMachine } from '../../src/machines/rotation.ts'
import { processMachine } from '../../src/machines/process.ts'
import { programMachine } from '../../src/machines/program.ts'
import { reloadMachine } from '../../src/machines/reload.ts'
import { restartMachine } from '../../src/machines/restart.ts'
import { scheduleMachine } from '../../src/machines/schedule.ts'
import { rollingMachine } from '../../src/machines/rolling.ts'
import { serviceMachine } from '../../src/machines/service.ts'
import { switchMachine } from '../../src/machines/switch.ts'
import { shutdownMachine } from '../../src/machines/shutdown.ts'
import { phases } from '../../src/protocol/lifecycle.ts'

/** The machines as mermaid diagrams, one section each. */
const machines: ReadonlyArray<readonly [string, string, AnyStateMachine]> = [
  [
    'service.&lt;name&gt;',
    'What the user named. It outlives its processes and decides what follows when one ends.',
    serviceMachine,
  ],
  ['process.&lt;name&gt;', 'One incarnation of a program, from its spawn until nothing of it is left.', processMachine],
  ['group.&lt;name&gt;', 'Services that are restarted together, as their strategy says.', groupMachine],
  ['restart.&lt;id&gt;', 'One restart of one service, step by step.', restartMachine],
  ['rolling.&lt;id&gt;', 'The instances of one service, restarted one after the other.', rollingMachine],
  ['program.&lt;id&gt;', 'One program, run to its end.', programMachine],
  ['schedule.&lt;service&gt;', 'The restarts of one service by the calendar.', scheduleMachine],
  ['reload.&lt;id&gt;', 'The config read again, and the fleet gone over to it.', reloadMachine],
  ['switch.&lt;id&gt;', 'From one mode of the fleet to another, and back where that fails.', switchMachine],
  ['shutdown.fleet', 'The fleet, stopped layer by layer.', shutdownMachine],
  ['rotation.logs', 'Keeps the logs of all services within their sizes.', rotationMachine],
  ['hook.&lt;id&gt;', 'One event on its way to somebody outside.', hookMachine],
  ['lockdown.fleet', 'May anybody change anything?', lockdownMachine],
  ['listener.&lt;name&gt;', 'One server socket.', listenerMachine],
  ['connection.&lt;id&gt;', 'One client.', connectionMachine],
]

const idOf = (node: AnyStateNode): string => node.path.join('_') || 'root'
const childrenOf = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states)

/** `xstate.after.grace.x` reads "after grace"; `always` has no event. */
function labelOf(eventType: string): string {
  const after = /^xstate\.after\.([^.]+)\./.exec(eventType)
  if (after?.[1] !== undefined) return `after ${after[1]}`
  const ended = /^xstate\.(done|error)\.actor\.(\w+|\*)$/.exec(eventType)
  // Any of its processes.
  if (ended !== null) return `${ended[2] === '*' ? 'process' : ended[2]} ${ended[1] === 'done' ? 'ended' : 'failed'}`
  return eventType
}

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
  const sections = machines.map(
    ([title, summary, machine]) =>
      `## ${title}\n\n${summary}\n\n\`\`\`mermaid\nstateDiagram-v2\n${[...linesOf(machine.root, 1), ...edgesOf(machine.root)].join('\n')}\n\`\`\`\n`,
  )
  return `# Lifecycles\n\nGenerated from the machines in \`src/machines/\` by \`npm run lifecycle\`. Every state is in one of three phases:\n**handshake** (wanted, not confirmed), **active** (a live resource, also while it ends), **reaped** (none, and none wanted).\n\n${sections.join('\n')}`
}
