import { setImmediate as breath } from 'node:timers/promises'
import { limits } from '../protocol/limits.ts'
import type { ProcessIdentity } from '../protocol/process.ts'
import type { Container } from './containment.ts'
import { descendants, isLiving, monotonic, type ProcessStat, readStat, spawnedAt } from './proc.ts'
import { allProcesses } from './scan.ts'

export interface Usage {
  /** Resident memory of all its processes, MB. */
  readonly memoryMb: number
  /** Of one core, all its processes together, since the sample before. */
  readonly cpuPercent: number
}

/** Over the life of the processes that are tracked now. */
export interface Consumption {
  readonly memoryBytes: number
  readonly cpuSeconds: number
}

export interface Meter {
  track(service: string, leader: ProcessIdentity, container: Container | null): void
  untrack(service: string): void
  /** Looks again at those whose last sample is too old. Costs as much as these services have processes. */
  measure(services: readonly string[]): Promise<void>
  /** The last sample; zeros before the first. */
  read(service: string): Usage
  /** Undefined before the first sample. */
  consumption(service: string): Consumption | undefined
  /**
   * Measures everything in the background, so that the next query has something to compare with: each once in an interval, a
   * share at a time, because a thousand at once would hold everybody up.
   */
  start(): void
  stop(): void
}

interface Tracked {
  readonly leader: ProcessIdentity
  readonly container: Container | null
  /** In its group, perhaps no longer below its leader: found by the background sweep, only without a cgroup. */
  orphans: readonly ProcessIdentity[]
  sample: Sample | null
  usage: Usage
  consumed: Consumption | undefined
}

interface Sample {
  readonly at: number
  /** CPU time of the whole cgroup, the dead included; null where the kernel doesn't count it. */
  readonly total: number | null
  /** CPU time of each process, by pid and start. */
  readonly each: ReadonlyMap<string, number>
}

const nothing: Usage = { memoryMb: 0, cpuPercent: 0 }
/** How long a round may keep the event loop, ms. */
const slice = 4

const tenth = (value: number): number => Math.round(value * 10) / 10
const keyOf = ({ pid, start }: ProcessIdentity): string => `${pid}:${start}`

export function createMeter(clock: () => number = monotonic): Meter {
  const tracked = new Map<string, Tracked>()
  let timer: NodeJS.Timeout | undefined
  let running = false

  const measure = async (services: Iterable<string>): Promise<void> => {
    let since = performance.now()
    for (const service of services) {
      const entry = tracked.get(service)
      if (entry === undefined || (entry.sample !== null && clock() - entry.sample.at < limits.metricsAge)) continue
      try {
        look(entry, clock())
      } catch {
        // No descriptor left to look with: the last figures stay.
      }
      if (performance.now() - since > slice) {
        await breath()
        since = performance.now()
      }
    }
  }
  /** The round under way: who is still to be measured, how many have been, and in how many shares. */
  let round = { names: tracked.keys(), taken: 0, share: 0, shares: 1 }
  const background = async (): Promise<void> => {
    try {
      if (round.share === 0) await findOrphans(tracked)
      round.share++
      // What is new by now is in this round too.
      const due = Math.ceil((tracked.size * round.share) / round.shares)
      await measure(take(due - round.taken))
    } catch {
      // The next round tries again.
    }
    if (round.share >= round.shares) beginRound()
    if (running) wait()
  }
  const take = (count: number): string[] => {
    const names: string[] = []
    while (names.length < count) {
      const { value, done } = round.names.next()
      if (done === true) break
      names.push(value)
    }
    round.taken += names.length
    return names
  }
  const beginRound = (): void => {
    const most = limits.metricsInterval / limits.metricsTick
    round = { names: tracked.keys(), taken: 0, share: 0, shares: Math.min(Math.max(tracked.size, 1), most) }
  }
  const wait = (): void => {
    timer = setTimeout(() => void background(), limits.metricsInterval / round.shares).unref()
  }

  return {
    track(service, leader, container) {
      tracked.set(service, { leader, container, orphans: [], sample: null, usage: nothing, consumed: undefined })
    },
    untrack(service) {
      tracked.delete(service)
    },
    measure,
    read: (service) => tracked.get(service)?.usage ?? nothing,
    consumption: (service) => tracked.get(service)?.consumed,
    start() {
      if (running) return
      running = true
      beginRound()
      wait()
    },
    stop() {
      running = false
      clearTimeout(timer)
    },
  }
}

function look(entry: Tracked, at: number): void {
  const members = membersOf(entry)
  const each = new Map<string, number>()
  let memory = 0
  let used = 0
  for (const stat of members) {
    memory += stat.memory
    const key = keyOf(stat)
    each.set(key, stat.cpu)
    // One that is new since the last sample spent all its time since then.
    used += stat.cpu - (entry.sample?.each.get(key) ?? 0)
  }
  const total = entry.container?.cpu() ?? null
  const before = entry.sample
  // The first sample counts the living: a cgroup's total includes what earlier incarnations used.
  if (before !== null && before.total !== null && total !== null) used = total - before.total
  const since = before?.at ?? spawnedAt(entry.leader.start, at)
  entry.sample = { at, total, each }
  // A counter never goes back, whatever the clock of the kernel says.
  const spent = (entry.consumed?.cpuSeconds ?? 0) + Math.max(0, used) / 1000
  entry.consumed = { memoryBytes: memory, cpuSeconds: spent }
  entry.usage = { memoryMb: tenth(memory / 2 ** 20), cpuPercent: tenth(Math.max(0, (used * 100) / Math.max(at - since, 1))) }
}

function membersOf({ leader, container, orphans }: Tracked): ProcessStat[] {
  const inside = container?.pids() ?? []
  if (inside.includes(leader.pid)) return inside.flatMap((pid) => readStat(pid) ?? []).filter(isLiving)
  const roots = [leader, ...orphans].flatMap((identity) => {
    const stat = readStat(identity.pid)
    return stat !== null && stat.start === identity.start && isLiving(stat) ? stat : []
  })
  return [...roots, ...descendants(roots.map(({ pid }) => pid))]
}

/** Members of a group whose parent died hang below nobody we know; one sweep finds those of all services. */
async function findOrphans(tracked: ReadonlyMap<string, Tracked>): Promise<void> {
  const byGroup = new Map<number, Tracked>()
  for (const entry of tracked.values()) if (entry.container === null) byGroup.set(entry.leader.pid, entry)
  if (byGroup.size === 0) return
  const orphans = new Map<Tracked, ProcessIdentity[]>()
  for (const { pid, start, group } of await allProcesses()) {
    const entry = byGroup.get(group)
    if (entry === undefined || pid === entry.leader.pid) continue
    const known = orphans.get(entry)
    if (known === undefined) orphans.set(entry, [{ pid, start }])
    else known.push({ pid, start })
  }
  for (const entry of byGroup.values()) entry.orphans = orphans.get(entry) ?? []
}
