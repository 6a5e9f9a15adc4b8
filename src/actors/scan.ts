import process from 'node:process'
import { setImmediate as breath } from 'node:timers/promises'
import { systemCode } from '../protocol/errors.ts'
import type { ProcessIdentity } from '../protocol/process.ts'
import { allPids, hasProc, isLiving, type ProcessStat, readStat } from './proc.ts'
import { listByPs } from './ps.ts'
import { readKernelBytes } from './kernel-file.ts'

/** Sweeps over all processes of the machine. They cost some 40 µs a process, so they breathe. */

/** How long a sweep may keep the event loop, ms. */
const slice = 4

/** Names an incarnation: it is in the environment of everything that the incarnation started. */
export const markOf = (stateId: string, service: string, incarnation: string): string => `${stateId}/${service}/${incarnation}`

/** The variable that carries the mark. */
export const markVariable = 'HYPHAE_ID'

/** Stands in marks for programs that are run to their end; no service can have this name. */
export const programsMark = '(programs)'

const key = Buffer.from(`${markVariable}=`)
const laterKey = Buffer.from(`\0${markVariable}=`)

/** The mark in the environment of a process. */
function readMark(pid: number): string | null {
  let environment: Buffer
  try {
    environment = readKernelBytes(`/proc/${pid}/environ`)
  } catch (error) {
    // Another user's, or gone. Anything else would make a sweep claim that nothing is left.
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) return null
    throw error
  }
  const first = environment.subarray(0, key.length).equals(key)
  const at = first ? 0 : environment.indexOf(laterKey) + 1
  if (at === 0 && !first) return null
  const end = environment.indexOf(0, at)
  return environment.toString('utf8', at + key.length, end < 0 ? environment.length : end)
}

async function sweep(visit: (pid: number) => void): Promise<void> {
  let since = performance.now()
  for (const pid of allPids()) {
    if (pid === process.pid) continue
    visit(pid)
    if (performance.now() - since > slice) {
      await breath()
      since = performance.now()
    }
  }
}

/** Every living process, a snapshot that took several turns of the loop. */
export async function allProcesses(): Promise<ProcessStat[]> {
  if (!hasProc) return listByPs().filter(isLiving)
  const found: ProcessStat[] = []
  await sweep((pid) => {
    const stat = readStat(pid)
    if (stat !== null && isLiving(stat)) found.push(stat)
  })
  return found
}

export interface Marked extends ProcessIdentity {
  readonly group: number
  readonly service: string
  readonly incarnation: string
}

/** Every living process that carries a mark of this state folder, whoever its parent is by now. */
export async function markedProcesses(stateId: string): Promise<Marked[]> {
  const found: Marked[] = []
  const prefix = `${stateId}/`
  if (!hasProc) return found
  await sweep((pid) => {
    const mark = readMark(pid)
    if (mark === null || !mark.startsWith(prefix)) return
    const [service, incarnation] = mark.slice(prefix.length).split('/')
    const stat = readStat(pid)
    if (service === undefined || incarnation === undefined || stat === null || !isLiving(stat)) return
    found.push({ pid, start: stat.start, group: stat.group, service, incarnation })
  })
  return found
}

/** What belongs to one incarnation: all of a process group, all that carries its mark. */
export interface Wanted {
  readonly group: number | null
  readonly mark: string | null
}

export interface Scanner {
  /** The living processes that match; all who ask in the same turn share one sweep. */
  find(wanted: Wanted): Promise<ProcessIdentity[]>
}

interface Request extends Wanted {
  readonly found: ProcessIdentity[]
}

function enter<K>(map: Map<K, Request[]>, key: K, request: Request): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [request])
  else known.push(request)
}

async function scan(requests: readonly Request[]): Promise<void> {
  const byGroup = new Map<number, Request[]>()
  const byMark = new Map<string, Request[]>()
  for (const request of requests) {
    if (request.group !== null) enter(byGroup, request.group, request)
    if (request.mark !== null) enter(byMark, request.mark, request)
  }
  const take = (stat: ProcessStat, mark: string | null): void => {
    if (!isLiving(stat)) return
    const marked = mark === null ? [] : (byMark.get(mark) ?? [])
    for (const request of new Set([...marked, ...(byGroup.get(stat.group) ?? [])])) {
      request.found.push({ pid: stat.pid, start: stat.start })
    }
  }
  if (!hasProc) {
    for (const stat of listByPs()) take(stat, null)
    return
  }
  await sweep((pid) => {
    const mark = byMark.size === 0 ? null : readMark(pid)
    if (byGroup.size === 0 && (mark === null || !byMark.has(mark))) return
    const stat = readStat(pid)
    if (stat !== null) take(stat, mark)
  })
}

export function createScanner(): Scanner {
  let next: { readonly requests: Request[]; readonly done: Promise<void> } | null = null
  /** Sweeps follow one another; a request never joins one that has begun, it may have passed by what is wanted. */
  let last: Promise<void> = Promise.resolve()

  const begin = (): { readonly requests: Request[]; readonly done: Promise<void> } => {
    const requests: Request[] = []
    const run = async (before: Promise<void>): Promise<void> => {
      await before.catch(() => undefined)
      await breath()
      next = null
      await scan(requests)
    }
    last = run(last)
    return { requests, done: last }
  }

  return {
    async find(wanted) {
      next ??= begin()
      const request = { ...wanted, found: [] }
      next.requests.push(request)
      await next.done
      return request.found
    },
  }
}
