import { endianness } from 'node:os'
import { existsSync, readdirSync } from 'node:fs'
import process from 'node:process'
import { systemCode } from '../protocol/errors.ts'
import type { ProcessIdentity } from '../protocol/process.ts'
import type { SignalName } from '../protocol/service.ts'
import { bootByPs, listByPs, statByPs } from './ps.ts'
import { readKernelBytes, readKernelText, withDescriptor } from './kernel-file.ts'

/** Reads of /proc about single processes, synchronous because each is a few microseconds. Whole sweeps are in scan.ts. */

export interface ProcessStat extends ProcessIdentity {
  readonly state: string
  readonly ppid: number
  readonly group: number
  /** User and system time, ms. */
  readonly cpu: number
  /** Resident memory, bytes. */
  readonly memory: number
}

export const hasProc = existsSync('/proc/self/stat')

/** What the kernel told us at our exec: getconf(1) without a process. Keys are AT_PAGESZ and AT_CLKTCK. */
function auxiliary(key: number, otherwise: number): number {
  if (!hasProc || endianness() !== 'LE') return otherwise
  try {
    const vector = readKernelBytes('/proc/self/auxv')
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      if (vector.readBigUInt64LE(at) === BigInt(key)) return Number(vector.readBigUInt64LE(at + 8))
    }
  } catch {
    // Hidden from us: what nearly every Linux has.
  }
  return otherwise
}
/** Names this boot of the machine: pids, start times and monotonic times of another one mean nothing. */
export const bootId = hasProc ? readKernelText('/proc/sys/kernel/random/boot_id').trim() : bootByPs()

const pageSize = auxiliary(6, 4096)
const ticksPerSecond = auxiliary(17, 100)

/** Parses /proc/<pid>/stat. The second field is the program's own choice and may hold spaces and parentheses. */
export function parseStat(text: string): ProcessStat | null {
  const close = text.lastIndexOf(')')
  const fields = text.slice(close + 2).split(' ')
  const field = (number: number): number => Number(fields[number - 3])
  if (close < 0 || fields.length < 22) return null
  return {
    pid: Number.parseInt(text, 10),
    state: fields[0] ?? '?',
    ppid: field(4),
    group: field(5),
    cpu: ((field(14) + field(15)) * 1000) / ticksPerSecond,
    start: field(22),
    memory: field(24) * pageSize,
  }
}

/** null: there is no such process. Throws when we can't know (no descriptor left): that is not a death. */
export function readStat(pid: number): ProcessStat | null {
  if (!hasProc) return statByPs(pid)
  try {
    return parseStat(readKernelText(`/proc/${pid}/stat`))
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESRCH') return null
    throw error
  }
}

/** A zombie is dead: all that is left of it is an exit code that somebody else has not fetched. */
export const isLiving = (stat: ProcessStat): boolean => stat.state !== 'Z' && stat.state !== 'X'

/** Is it alive, and still the same program? */
export function isAlive({ pid, start }: ProcessIdentity): boolean {
  try {
    const stat = readStat(pid)
    return stat !== null && stat.start === start && isLiving(stat)
  } catch {
    return send(pid, 0)
  }
}

/** Sends a signal (0: only asks); false when there is nobody to receive it. Somebody we may not signal is somebody. */
export function send(pid: number, signal: SignalName | 0): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}

/** All pids there are. */
export function allPids(): number[] {
  if (!hasProc) return listByPs().map(({ pid }) => pid)
  const pids: number[] = []
  for (const name of withDescriptor(() => readdirSync('/proc'))) {
    const first = name.charCodeAt(0)
    if (first > 0x30 && first <= 0x39) pids.push(Number(name))
  }
  return pids
}

const hasChildrenFiles = hasProc && existsSync('/proc/thread-self/children')

/** Each thread has children of its own. Costs as much as the process has threads, not as the machine has processes. */
function childrenOf(pid: number): number[] {
  const children: number[] = []
  try {
    for (const task of withDescriptor(() => readdirSync(`/proc/${pid}/task`))) {
      for (const word of readKernelText(`/proc/${pid}/task/${task}/children`).split(' ')) {
        if (word !== '') children.push(Number(word))
      }
    }
  } catch {
    // It ended meanwhile; what was read counts.
  }
  return children
}

/** Everything below these processes by parentage, living, without the roots. */
export function descendants(roots: readonly number[]): ProcessStat[] {
  if (!hasChildrenFiles) return descendantsAmong(hasProc ? allStats() : listByPs(), roots)
  const found: ProcessStat[] = []
  const seen = new Set(roots)
  for (const parent of seen) {
    for (const pid of childrenOf(parent)) {
      if (seen.has(pid)) continue
      seen.add(pid)
      const stat = readStat(pid)
      if (stat !== null && isLiving(stat)) found.push(stat)
    }
  }
  return found
}

const allStats = (): ProcessStat[] => allPids().flatMap((pid) => readStat(pid) ?? [])

/** The same from a list of all processes, for kernels that don't list children. */
export function descendantsAmong(all: readonly ProcessStat[], roots: readonly number[]): ProcessStat[] {
  const byParent = new Map<number, ProcessStat[]>()
  for (const stat of all) {
    const siblings = byParent.get(stat.ppid)
    if (siblings === undefined) byParent.set(stat.ppid, [stat])
    else siblings.push(stat)
  }
  const found: ProcessStat[] = []
  const seen = new Set(roots)
  for (const parent of seen) {
    for (const stat of byParent.get(parent) ?? []) {
      if (seen.has(stat.pid)) continue
      seen.add(stat.pid)
      if (isLiving(stat)) found.push(stat)
    }
  }
  return found
}

/** Monotonic ms since boot, for `at`: the same for every process of this boot, and no step of the wall clock moves it. */
export const monotonic = (): number => Number(process.hrtime.bigint() / 1000n) / 1000

/** When a process with this start time was spawned, on the clock that shows `now`. */
export function spawnedAt(start: number, now: number): number {
  if (!hasProc) return now - (Date.now() - start * 1000)
  const uptime = Number.parseFloat(readKernelText('/proc/uptime'))
  return now - (uptime - start / ticksPerSecond) * 1000
}
