import type { Output } from '../../client/index.ts'
import { formatBytes } from '../../protocol/bytes.ts'
import { formatDuration } from '../../protocol/duration.ts'
import type { RestartPolicy, ServiceSpec } from '../../protocol/service.ts'
import { wordOf } from './facts.ts'
import { membersInWords } from './groups.ts'
import { statusStyle } from './status.ts'
import type { Look } from './table.ts'
import { cut, printable } from './text.ts'
import { agoOf } from './time.ts'

type Explanation = Output<'service.explain'>

const policies = { always: 'restarts always', on_failure: 'restarts when it fails', never: 'never restarts by itself' } as const

/**
 * A restart policy in words: "restarts always, 3 of 10 restarts used, delays from 1 s, ×2 each, at most 1 min".
 * `used` is null for a service at rest: its next start has the whole budget. `grouped`: its group decides when, and counts.
 */
export function policyInWords(restart: RestartPolicy, used: number | null, grouped = false): string {
  if (restart.policy === 'never') return policies.never
  if (grouped) return `${policies[restart.policy]}; its group decides when, and counts`
  const { maxRestarts, window, delay, factor, maxDelay, stableUptime } = restart
  const within = window === null ? '' : ` within ${formatDuration(window)}`
  const number = maxRestarts === null ? 'without a limit' : `${maxRestarts} restart${maxRestarts === 1 ? '' : 's'}`
  const budget =
    maxRestarts === null
      ? `${number}${used === null ? '' : ` (${used} so far)`}`
      : `${used === null ? `at most ${number}` : `${used} of ${number} used`}${within}`
  const delays =
    factor > 1 && maxDelay > delay
      ? `delays from ${formatDuration(delay)}, ×${factor} each, at most ${formatDuration(maxDelay)}`
      : `delay ${formatDuration(delay)}`
  return `${policies[restart.policy]}, ${budget}, ${delays}, anew after ${formatDuration(stableUptime)} of being ready`
}

/** The strategy with which each member counts its own restarts. */
const alone = 'one_for_one'

/** "nobody:www-data, nice 5". */
function standingOf({ user, group, nice }: Partial<ServiceSpec>): string {
  const who = user == null && group == null ? [] : [`${user?.name ?? ''}${group == null ? '' : `:${group.name}`}`]
  return [...who, ...(nice == null ? [] : [`nice ${nice}`])].join(', ')
}

const keepers = { kernel: 'enforced by the kernel', watch: 'watched by Hyphae: the kernel does not enforce it' } as const

const memoryInWords = ({ mb, by }: NonNullable<Explanation['status']['memory_limit']>): string =>
  `at most ${formatBytes(mb * 2 ** 20)}${by === null ? '' : `, ${keepers[by]}`}`

const scheduleLine = ({ cron, timezone }: NonNullable<ServiceSpec['schedule']>, next: string | null): string =>
  `${cron}${timezone === null ? '' : ` (${timezone})`}, next ${next ?? 'never'}`

function headline({ service, status }: Explanation, paint: Look['paint']): string {
  const process = status.pid === null ? '' : `, pid ${status.pid}, up ${formatDuration(status.uptime * 1_000)}`
  const state = `${status.phase}, ${status.state}`
  return `${paint('bold', printable(service))} is ${paint(statusStyle[status.status], status.status)} (${state})${process}`
}

/** One service's story: where it is, why, what it was asked to be, what it waits for, what happened. */
export function explainLines(explanation: Explanation, now: number, { width, paint }: Look): string[] {
  const { status, dependencies, dependants, history, operation } = explanation
  const spec = explanation.spec as Partial<ServiceSpec>
  const lines = [headline(explanation, paint)]
  const row = (title: string, text: string): void => {
    const room = width - 14
    lines.push(`  ${paint('dim', title.padEnd(10))}  ${cut(printable(text), room)}`)
  }
  if (status.reason !== null) row('why', status.reason)
  row('wanted', status.desired === 'run' ? 'to run' : 'to be stopped')
  if (spec.command !== undefined) row('command', [spec.command, ...(spec.args ?? [])].join(' '))
  if (explanation.overridden.length > 0) row('by hand', `${explanation.overridden.join(', ')}, until the config is read again`)
  const used = status.phase === 'reaped' ? null : explanation.restarts_in_window
  const { group } = explanation
  if (spec.restart !== undefined) row('policy', policyInWords(spec.restart, used, group !== null && group.strategy !== alone))
  if (group !== null) row('group', `${group.name} (${group.strategy}, ${group.state}): ${membersInWords(group.members)}`)
  if (spec.family != null) row('instance', `of ${spec.family}`)
  if (spec.restart?.overlap === true) row('overlap', 'a restart on request starts the new process beside the old one')
  const standing = standingOf(spec)
  if (standing !== '') row('runs as', standing)
  if (status.memory_limit !== null) row('memory', memoryInWords(status.memory_limit))
  if (spec.schedule != null) row('schedule', scheduleLine(spec.schedule, status.next_restart))
  row('restarted', `${status.restart_count} time${status.restart_count === 1 ? '' : 's'} in all`)
  if (explanation.last_exit !== null) row('last end', explanation.last_exit)
  if (operation !== null) row('operation', `restart.${operation.id}, asked for by ${operation.by}`)
  if (explanation.pending_change) row('change', 'it will be started otherwise the next time')
  for (const [at, { service, condition, state, met }] of dependencies.entries()) {
    row(at === 0 ? 'needs' : '', `${service} ${condition}: ${met ? 'met' : `not met, it is ${state}`}`)
  }
  if (dependants.length > 0) row('needed by', dependants.join(', '))
  if (history.length > 0) lines.push('  history')
  const ages = history.map(({ time }) => agoOf(time, now))
  const wide = Math.max(0, ...ages.map((age) => age.length))
  for (const [at, { type, because, by }] of history.entries()) {
    const who = by === null || because?.includes(by) === true ? '' : ` (by ${by})`
    const text = `${(ages[at] ?? '').padStart(wide)}  ${wordOf(type)}${because === null ? '' : `: ${because}`}${who}`
    lines.push(`    ${cut(printable(text), width - 4)}`)
  }
  return lines
}
