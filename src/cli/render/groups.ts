import type { FleetStatus } from '../../protocol/status.ts'
import type { Phase } from '../../protocol/lifecycle.ts'
import type { Style } from './paint.ts'
import { table, type Look } from './table.ts'

const phaseStyle: Readonly<Record<Phase, Style>> = { handshake: 'yellow', active: 'green', reaped: 'red' }

/** The table of groups, below that of services; nothing without any. */
export function groupLines(groups: FleetStatus['groups'], look: Look): string[] {
  const all = Object.entries(groups)
  if (all.length === 0) return []
  const columns = [
    { title: 'GROUP' },
    { title: 'STRATEGY' },
    { title: 'STATE' },
    { title: 'RESTARTS', align: 'right' as const },
    { title: 'MEMBERS' },
    { title: 'REASON' },
  ]
  const rows = all.map(([name, { strategy, state, phase, restart_count: count, members, reason }]) => [
    { text: name },
    { text: strategy },
    { text: state, style: phaseStyle[phase] },
    { text: String(count) },
    { text: members.join(', ') },
    { text: reason ?? '', style: 'dim' as const },
  ])
  return ['', ...table(columns, rows, look)]
}
