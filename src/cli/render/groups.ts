import type { FleetStatus } from '../../protocol/status.ts'
import { limits } from '../../protocol/limits.ts'
import type { Phase } from '../../protocol/lifecycle.ts'
import type { Style } from './paint.ts'
import { table, type Look } from './table.ts'

const phaseStyle: Readonly<Record<Phase, Style>> = { handshake: 'yellow', active: 'green', reaped: 'red' }

/** How many names stand in a line of words. */
const { namedMembers: named } = limits

/** "db, web-1 to web-40, mailer"; of many the first, and how many more there are. */
export function membersInWords(members: readonly string[]): string {
  const runs: Array<{ first: string; last: string; stem: string | undefined; number: number }> = []
  for (const member of members) {
    const [, stem, digits] = /^(.+-)([1-9]\d*)$/.exec(member) ?? []
    const number = Number(digits)
    const run = runs.at(-1)
    if (stem !== undefined && run?.stem === stem && run.number + 1 === number) Object.assign(run, { last: member, number })
    else runs.push({ first: member, last: member, stem, number })
  }
  const words = runs.flatMap(({ first, last, stem, number }) => {
    if (first === last) return [first]
    // Two or three are as short by name.
    const from = Number(first.slice(stem?.length))
    return number - from > 2
      ? [`${first} to ${last}`]
      : Array.from({ length: number - from + 1 }, (_, at) => `${stem}${from + at}`)
  })
  return words.length <= named ? words.join(', ') : `${words.slice(0, named).join(', ')} and ${words.length - named} more`
}

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
    { text: membersInWords(members) },
    { text: reason ?? '', style: 'dim' as const },
  ])
  return ['', ...table(columns, rows, look)]
}
