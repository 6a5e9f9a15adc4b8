import type { Fact } from '../../../../src/protocol/facts.ts'

/** Out of what happened to a service: each of its runs, from its start to its end. */

export interface Run {
  readonly pid: number | null
  /** Wall clock, ms. */
  readonly from: number
  readonly ready: number | null
  /** null: it runs. */
  readonly to: number | null
  /** Why it was started. */
  readonly because: string | null
  /** How it ended; null: it runs, or nobody knows. */
  readonly end: string | null
  /** It was asked to end. */
  readonly planned: boolean
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null)

/** Facts about one service, oldest first. */
export function runsOf(facts: readonly Fact[], about: string): Run[] {
  const runs: Run[] = []
  const change = (pid: number | null, to: Partial<Run>): void => {
    const index = runs.findLastIndex((run) => run.to === null && (pid === null || run.pid === pid))
    const run = runs[index]
    if (run !== undefined) runs[index] = { ...run, ...to }
  }
  for (const fact of facts) {
    if (fact.about !== about) continue
    const { type, because, data } = fact
    const at = Date.parse(fact.time)
    const pid = numberOf(data['pid'])
    if (type === 'service.spawned' || type === 'service.adopted' || type === 'service.overlapping') {
      // Taken over from an earlier orchestrator, it goes on.
      if (type === 'service.adopted' && runs.some((run) => run.to === null && run.pid === pid)) continue
      runs.push({ pid, from: at, ready: null, to: null, because, end: null, planned: false })
    } else if (type === 'service.ready') change(null, { ready: at })
    else if (type === 'service.exited') {
      const uptime = numberOf(data['uptime_ms'])
      const end = { to: at, end: because, planned: data['planned'] === true }
      if (runs.some((run) => run.to === null && run.pid === pid)) change(pid, end)
      else if (uptime !== null) runs.push({ pid, from: at - uptime, ready: null, because: null, ...end })
    }
  }
  // Only the newest can still run, or two while they overlap: of others the end is not known.
  return runs.sort((a, b) => a.from - b.from)
}

/** `4 s`, `2 min 5 s`, `3 h 4 min`, `2 d 3 h`. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 60) return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : `${seconds} s`
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3_600), Math.floor(seconds / 86_400)]
  if (hours === 0) return `${minutes} min ${seconds % 60} s`
  return days === 0 ? `${hours} h ${minutes % 60} min` : `${days} d ${hours % 24} h`
}

const shown: Readonly<Record<string, readonly [words: string, tone: string]>> = {
  'service.added': ['added', ''],
  'service.waiting': ['waits', ''],
  'service.spawned': ['started', 'good'],
  'service.adopted': ['taken over', 'good'],
  'service.ready': ['ready', 'good'],
  'service.completed': ['completed', 'good'],
  'service.recovered': ['healthy again', 'good'],
  'service.unhealthy': ['unhealthy', 'bad'],
  'service.exited': ['exited', ''],
  'service.restarting': ['restarts', 'warn'],
  'service.gaveUp': ['gave up', 'bad'],
  'service.failed': ['failed', 'bad'],
  'service.killing': ['is killed', 'bad'],
  'service.stuck': ['stuck', 'bad'],
  'service.held': ['held by its group', 'warn'],
  'service.refused': ['refused', 'warn'],
  'service.overlapping': ['second process', ''],
  'service.handedOver': ['handed over', 'good'],
  'service.overlapFailed': ['overlap failed', 'bad'],
  'service.stopping': ['stops', ''],
  'service.stopped': ['stopped', ''],
  'service.removed': ['removed', ''],
  'service.left': ['left alone', ''],
  'group.holding': ['holds', 'warn'],
  'group.releasing': ['releases', ''],
  'group.restarted': ['restarted', 'good'],
  'group.gaveUp': ['gave up', 'bad'],
  'schedule.missed': ['schedule missed', 'warn'],
  'command.accepted': ['asked', ''],
  'command.refused': ['refused', 'warn'],
}

export interface Happening {
  readonly seq: number
  readonly time: string
  readonly about: string
  readonly what: string
  readonly tone: string
  readonly reason: string
  readonly by: string | null
  /** How long the process had run, ms, where it ended. */
  readonly uptime: number | null
}

/** What is told of it in the list; null: nothing, something else says the same. */
export function happening({ seq, time, type, about, because, by, data }: Fact): Happening | null {
  const [what, usual] = shown[type] ?? []
  if (what === undefined || usual === undefined) return null
  const isCrash = type === 'service.exited' && data['planned'] !== true
  const pid = numberOf(data['pid'])
  const reason = [because ?? '', pid === null ? '' : `pid ${pid}`].filter((part) => part !== '').join(' · ')
  return {
    seq,
    time,
    about,
    what: isCrash ? 'crashed' : what,
    tone: isCrash && because !== 'exited with code 0' ? 'bad' : usual,
    reason,
    by,
    uptime: type === 'service.exited' ? numberOf(data['uptime_ms']) : null,
  }
}
