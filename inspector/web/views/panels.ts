import type { ComponentType } from 'preact'
import type { ActorRow } from '../../../src/protocol/inspection.ts'
import type { Inspector } from '../model/inspector.ts'
import { ContextPanel } from './context/context-panel.tsx'
import { lazily } from './lazily.tsx'

/** What is shown of the selected actor, below its chart: a tab each. Views register here. */

export interface PanelProps {
  readonly inspector: Inspector
  readonly row: ActorRow
}

export interface Panel {
  readonly id: string
  readonly title: string
  /** Has it anything to show of this actor? */
  applies(row: ActorRow): boolean
  readonly Panel: ComponentType<PanelProps>
}

const isOf =
  (...kinds: readonly string[]) =>
  ({ address }: ActorRow): boolean =>
    address !== undefined && kinds.some((kind) => address.startsWith(`${kind}.`))

const LogsPanel = lazily(async () => (await import('./logs/logs-panel.tsx')).LogsPanel)
const RestartsPanel = lazily(async () => (await import('./restarts/restarts-panel.tsx')).RestartsPanel)
const UsagePanel = lazily(async () => (await import('./usage/usage.tsx')).UsagePanel)
const EventLog = lazily(async () => (await import('./events/event-log.tsx')).EventLog as ComponentType<PanelProps>)
const Sequence = lazily(async () => (await import('./sequence/sequence.tsx')).Sequence)

export const panels: readonly Panel[] = [
  { id: 'context', title: 'Context', applies: ({ chart }) => chart !== undefined, Panel: ContextPanel },
  { id: 'logs', title: 'Logs', applies: isOf('service'), Panel: LogsPanel },
  { id: 'restarts', title: 'Restarts', applies: isOf('service', 'group'), Panel: RestartsPanel },
  { id: 'usage', title: 'Usage', applies: isOf('service'), Panel: UsagePanel },
  { id: 'events', title: 'Events', applies: () => true, Panel: EventLog },
  { id: 'sequence', title: 'Sequence', applies: () => true, Panel: Sequence },
]
