import { lockdownInWords } from '../../protocol/lockdown.ts'
import type { ServiceStatus, ServiceStatusName } from '../../protocol/service.ts'
import type { FleetStatus } from '../../protocol/status.ts'
import { groupLines } from './groups.ts'
import { modeInWords } from './mode.ts'
import type { Style } from './paint.ts'
import { table, type Cell, type Column, type Look } from './table.ts'
import { cut, printable, wrapped } from './text.ts'
import { momentOf, shortDuration } from './time.ts'

export const statusStyle: Readonly<Record<ServiceStatusName, Style>> = {
  waiting: 'yellow',
  starting: 'yellow',
  running: 'green',
  unhealthy: 'red',
  stopping: 'yellow',
  backing_off: 'yellow',
  stopped: 'dim',
  completed: 'cyan',
  failed: 'red',
  removed: 'dim',
}

const columns: readonly Column[] = [
  { title: 'NAME' },
  { title: 'STATUS' },
  { title: 'PID', align: 'right' },
  { title: 'UPTIME', align: 'right' },
  { title: 'CPU', align: 'right' },
  { title: 'MEM', align: 'right' },
  { title: 'RESTARTS', align: 'right' },
  { title: 'REASON' },
]

function rowOf([name, service]: readonly [string, ServiceStatus]): readonly Cell[] {
  const alive = service.pid !== null
  return [
    { text: name },
    { text: service.status, style: statusStyle[service.status] },
    { text: alive ? String(service.pid) : '-' },
    { text: alive ? shortDuration(service.uptime) : '-' },
    { text: alive ? `${service.cpu_percent.toFixed(1)}%` : '-' },
    { text: alive ? `${service.memory_mb.toFixed(1)}M` : '-' },
    { text: String(service.restart_count) },
    { text: service.reason ?? '', style: 'dim' },
  ]
}

/** The table of services. With `rows`, at most so many of them, and a line that tells how many more there are. */
export function servicesTable(services: FleetStatus['services'], look: Look, rows: number = Infinity): string[] {
  const all = Object.entries(services)
  const lines = table(columns, all.map(rowOf), look)
  if (all.length <= rows) return lines
  const shown = Math.max(0, rows - 1)
  return [...lines.slice(0, shown + 1), look.paint('dim', cut(`… and ${all.length - shown} more`, look.width))]
}

/** What is wrong around the orchestrator now; `now` is wall clock, ms. */
export const faultLines = ({ supervisor }: FleetStatus, { width, paint }: Look, now: number): string[] =>
  supervisor.faults.flatMap(({ because, since }) =>
    wrapped(printable(`fault since ${momentOf(since, now)}: ${because}`), width).map((line) => paint('red', line)),
  )

/** What `status` prints: the table, then what is wrong with the orchestrator itself and around it. */
export function statusLines(fleet: FleetStatus, look: Look, now: number = Date.now()): string[] {
  const { supervisor, services, groups, listeners } = fleet
  const lines = [...servicesTable(services, look), ...groupLines(groups, look), ...faultLines(fleet, look, now)]
  const remark = (style: Style, text: string): void =>
    void lines.push(...wrapped(printable(text), look.width).map((line) => look.paint(style, line)))
  if (supervisor.status !== 'running') remark('yellow', `the orchestrator (pid ${supervisor.pid}) is ${supervisor.status}`)
  if (supervisor.lockdown !== null) remark('red', `${lockdownInWords(supervisor.lockdown)}; hyphae lockdown off ends that`)
  if (supervisor.mode !== null) remark('dim', modeInWords(supervisor))
  for (const { name, error } of listeners) if (error !== null) remark('red', `listener ${name}: ${error}`)
  for (const warning of supervisor.warnings) remark('yellow', `warning: ${warning}`)
  return lines
}

/** Where it can be reached, one line a listener; why it cannot, as many as that takes. */
export function addressLines({ listeners }: FleetStatus, { width, paint }: Look): string[] {
  const wide = Math.max(0, ...listeners.map(({ name }) => name.length))
  return listeners.flatMap(({ name, scheme, address, error }) => {
    const secured = scheme === 'tls' || scheme === 'https' ? ` (${scheme})` : ''
    const page = scheme === 'http' || scheme === 'https' ? '  (the inspector: hyphae inspect)' : ''
    const text = printable(
      `${name.padEnd(wide)}  ${error ?? (address === null ? 'not bound yet' : `${address}${secured}${page}`)}`,
    )
    if (error === null) return [cut(text, width)]
    return wrapped(text, width, ' '.repeat(wide + 2)).map((line) => paint('red', line))
  })
}
