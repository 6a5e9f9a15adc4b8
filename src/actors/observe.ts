import type { Observed, ObservedIncarnation } from '../protocol/observed.ts'
import type { ProcessIdentity } from '../protocol/process.ts'
import { limits } from '../protocol/limits.ts'
import type { Containers } from './containment.ts'
import { isAlive, isLiving, readStat, send } from './proc.ts'
import { markedProcesses, programsMark, type Marked } from './scan.ts'

/** What runs of a fleet whose orchestrator is gone: by the marks in environments, by the journal's pids and by cgroups. */

export interface ObservationParts {
  readonly stateId: string
  readonly containers: Containers
  /** Where the journal last saw a process, of this boot. */
  readonly known: ReadonlyArray<{ readonly service: string; readonly incarnation: string; readonly leader: ProcessIdentity }>
  /** Exit codes that were recorded. */
  readonly exits: ReadonlyArray<{ readonly service: string; readonly incarnation: string }>
}

export async function observe({ stateId, containers, known, exits }: ObservationParts): Promise<Map<string, Observed>> {
  const marked = new Map<string, Map<string, Marked[]>>()
  for (const one of await markedProcesses(stateId)) {
    const service = entryOf(marked, one.service, () => new Map<string, Marked[]>())
    entryOf(service, one.incarnation, () => []).push(one)
  }
  const lastKnown = new Map<string, Map<string, ProcessIdentity>>()
  for (const { service, incarnation, leader } of known) {
    entryOf(lastKnown, service, () => new Map<string, ProcessIdentity>()).set(incarnation, leader)
  }
  const recorded = new Map<string, string[]>()
  for (const { service, incarnation } of exits) entryOf(recorded, service, () => []).push(incarnation)
  const contained = new Set(containers.services())
  const names = new Set([...marked.keys(), ...lastKnown.keys(), ...recorded.keys(), ...contained])
  const seen = new Map<string, Observed>()
  for (const service of names) {
    const incarnations = new Map<string, ObservedIncarnation>()
    const journal = lastKnown.get(service) ?? new Map<string, ProcessIdentity>()
    for (const [incarnation, processes] of marked.get(service) ?? []) {
      // Nobody goes on with a program that was to be run to its end.
      const last = journal.get(incarnation)
      const leader = service === programsMark ? null : last === undefined ? leaderAmong(processes) : living(last)
      incarnations.set(incarnation, { incarnation, leader, processes: processes.map(({ pid, start }) => ({ pid, start })) })
    }
    // A program that has overwritten its environment (a title in `ps`) shows no mark; the journal knows its pid.
    for (const [incarnation, leader] of journal) {
      if (incarnations.has(incarnation) || living(leader) === null) continue
      incarnations.set(incarnation, { incarnation, leader, processes: [leader] })
    }
    seen.set(service, {
      incarnations: [...incarnations.values()],
      contained: contained.has(service) ? containers.pids(service).flatMap((pid) => identityOf(pid)) : [],
      exits: recorded.get(service) ?? [],
      supervised: null,
      leaving: false,
    })
  }
  return seen
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key) ?? make()
  map.set(key, known)
  return known
}

const living = (identity: ProcessIdentity): ProcessIdentity | null => (isAlive(identity) ? identity : null)

/** We start a leader as the head of its own group, before anything else of its incarnation. */
function leaderAmong(processes: readonly Marked[]): ProcessIdentity | null {
  const heads = processes.filter(({ pid, group }) => pid === group).sort((a, b) => a.start - b.start || a.pid - b.pid)
  const [head] = heads
  return head === undefined ? null : { pid: head.pid, start: head.start }
}

function identityOf(pid: number): ProcessIdentity[] {
  const stat = readStat(pid)
  return stat !== null && isLiving(stat) ? [{ pid, start: stat.start }] : []
}

/** SIGKILL until none of them lives; answers those that do not go. */
export async function kill(processes: readonly ProcessIdentity[]): Promise<readonly ProcessIdentity[]> {
  let rest = processes.filter(isAlive)
  for (let round = 0; rest.length > 0 && round * limits.sweepInterval < limits.stuckAfter; round++) {
    for (const { pid } of rest) send(pid, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, Math.min(2 ** round, limits.sweepInterval)))
    rest = rest.filter(isAlive)
  }
  return rest
}
