import type { FleetStatus } from '../../protocol/status.ts'
import { addressLines, faultLines, servicesTable } from './status.ts'
import type { Look } from './table.ts'
import { cut, printable } from './text.ts'
import { shortDuration } from './time.ts'

export interface LiveParts {
  /** A frame of the spinner while something is on its way; empty otherwise. */
  readonly spinner: string
  /** What the user should know now; empty = nothing. */
  readonly remark: string
  /** The last facts as lines, oldest first. */
  readonly facts: readonly string[]
  /** Is this the last picture? */
  readonly over: boolean
}

const ready = new Set(['running', 'completed', 'stopped'])

function headline({ supervisor, services }: FleetStatus, { spinner, over }: LiveParts, { width, paint }: Look): string {
  const all = Object.values(services)
  const count = all.filter(({ status }) => ready.has(status)).length
  const coming = supervisor.status === 'running' && spinner !== ''
  const end = supervisor.status === 'leaving' ? 'left its services running' : 'stopped'
  const state = over ? end : coming ? 'starting' : supervisor.status
  const text = `${state}, ${count} of ${all.length} services fine, pid ${supervisor.pid}, up ${shortDuration(supervisor.uptime)}`
  const head = `${spinner === '' ? '' : `${paint('cyan', spinner)} `}${paint('bold', 'hyphae')} `
  return head + paint(count === all.length ? 'green' : 'yellow', cut(text, width - 9))
}

/** Groups that gave up: their members are stopped, and look as if somebody wanted that. */
const lostGroups = ({ groups }: FleetStatus, { width, paint }: Look): string[] =>
  Object.entries(groups)
    .filter(([, { state }]) => state === 'failed')
    .map(([name, { reason }]) => paint('red', cut(printable(`group ${name} gave up: ${reason ?? ''}`), width)))

/**
 * The picture that `up` draws, at most `rows` high: headline, faults, groups that gave up, table, addresses, what happened last. When it is too
 * high, first old events go, then services.
 */
export function liveLines(fleet: FleetStatus, parts: LiveParts, look: Look, rows: number): string[] {
  const { remark, facts, over } = parts
  // Nobody listens there any more.
  const addresses = over ? [] : ['', ...addressLines(fleet, look)]
  const fixed = [
    headline(fleet, parts, look),
    ...faultLines(fleet, look, Date.now()),
    ...lostGroups(fleet, look),
    ...(remark === '' ? [] : [look.paint('yellow', cut(printable(remark), look.width))]),
  ]
  // Blank lines between the parts, and the title of the table.
  const room = rows - fixed.length - addresses.length - 3
  const services = Object.keys(fleet.services).length
  const shownFacts = Math.max(Math.min(3, facts.length), Math.min(facts.length, room - services))
  const table = servicesTable(fleet.services, look, Math.max(1, room - shownFacts))
  const recent = shownFacts === 0 ? [] : ['', ...facts.slice(-shownFacts)]
  return [...fixed, '', ...table, ...addresses, ...recent].slice(0, Math.max(1, rows))
}
