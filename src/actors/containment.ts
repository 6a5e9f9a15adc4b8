import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, systemCode } from '../protocol/errors.ts'
import { cgroupPath, makeDir as make, readCgroups, removeDir as removed, writeKernelFile } from './cgroup-fs.ts'
import { groupFor, unifiedMounts } from './own-cgroup.ts'
import { createMemoryGroups, type MemoryGroup } from './memory-group.ts'
import { hasProc, send } from './proc.ts'
import { readKernelText, withDescriptor } from './kernel-file.ts'

/**
 * Cgroups as bags of processes: nothing that a service starts can leave one, whatever it does to its session, parent or
 * environment. A controller is used for memory limits alone. Where we can't make one, services are told by their environment
 * mark instead.
 */

export interface Container {
  readonly kind: 'cgroup'
  readonly dir: string
  /** A process that writes its pid here is inside, and so is all that it starts afterwards. */
  readonly procs: string
  pids(): number[]
  /**
   * Has the kernel hold all inside together to so many bytes, before anything goes in; null: to nothing (any more). False where
   * it can't.
   */
  limitMemory(bytes: number | null): boolean
  /** What it holds them to, and where they have to write their pids for it, beside `procs`. */
  readonly memory: Pick<MemoryGroup, 'limited' | 'kills' | 'procs'>
  /** SIGKILL to all of them. */
  kill(): void
  /** CPU time of all that ever ran inside, ms; null where the kernel doesn't count it. */
  cpu(): number | null
  /** False while something is inside. */
  remove(): boolean
}

export interface Containers {
  /** Why there is none; null when there is one for whoever wants it. */
  unavailable(): string | null
  /** The container of a service, made where it is missing; null where none can be made. */
  open(service: string): Container | null
  /** For one that starts beside another of the same service: one of its two containers that nothing is in. */
  vacant(service: string): Container | null
  /** The container of this service that a living process is in, also one that an earlier run of ours made elsewhere. */
  holding(service: string, pid: number): Container | null
  /** Services that have a container, also of an earlier run. */
  services(): string[]
  /** Of all containers of a service. */
  pids(service: string): number[]
  /**
   * At the end: the empty ones go, but for those of services that run on; what was just spawned may be about to go in.
   * False while one is left.
   */
  removeAll(except?: ReadonlySet<string>): boolean
}

export interface ContainersOptions {
  /** Names our state folder; two of ours on one machine don't share containers. */
  readonly stateId: string
  /** In order of preference; a v1 hierarchy is named after its controller. */
  readonly hierarchies?: readonly Hierarchy[]
}

type Hierarchy = 'unified' | 'pids' | 'freezer'

/** Where each hierarchy may be mounted. */
const mounts: Readonly<Record<Hierarchy, readonly string[]>> = {
  unified: unifiedMounts,
  pids: ['/sys/fs/cgroup/pids'],
  freezer: ['/sys/fs/cgroup/freezer'],
}

/** The file that tells such a mount from anything else that may be there. */
const tokens: Readonly<Record<Hierarchy, string>> = {
  unified: 'cgroup.controllers',
  pids: 'cgroup.procs',
  freezer: 'cgroup.procs',
}

const mountOf = (hierarchy: Hierarchy): string | undefined =>
  mounts[hierarchy].find((dir) => existsSync(join(dir, tokens[hierarchy])))

/** How often a v1 group, which can't be killed at once, is read again for what was forked meanwhile. */
const killRounds = 8

/** While two processes of a service run, each is in a container of its own. No service has a name with a tilde. */
const secondOf = (service: string): string => `${service}~2`
const serviceOf = (entry: string): string => entry.replace(/~2$/, '')

const procsOf = (dir: string): string => join(dir, 'cgroup.procs')

function pidsIn(dir: string): number[] {
  try {
    // 0 stands for a process of another pid namespace.
    return readKernelText(procsOf(dir))
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 0)
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENODEV') return []
    throw error
  }
}

function container(dir: string, memory: MemoryGroup): Container {
  const procs = procsOf(dir)
  const pids = (): number[] => pidsIn(dir)
  return {
    kind: 'cgroup',
    dir,
    procs,
    pids,
    memory,
    limitMemory(bytes) {
      if (bytes !== null) return memory.limit(bytes)
      // What an earlier incarnation was held to.
      if (memory.procs === null && memory.limited() !== null) writeKernelFile(join(dir, 'memory.max'), 'max')
      return true
    },
    kill() {
      try {
        withDescriptor(() => writeFileSync(join(dir, 'cgroup.kill'), '1', { flag: 'r+' }))
      } catch {
        const seen = new Set<number>()
        for (let round = 0; round < killRounds; round++) {
          const fresh = pids().filter((pid) => !seen.has(pid))
          if (fresh.length === 0) return
          for (const pid of fresh) {
            seen.add(pid)
            send(pid, 'SIGKILL')
          }
        }
      }
    },
    cpu() {
      try {
        const usage = /^usage_usec (\d+)$/m.exec(readKernelText(join(dir, 'cpu.stat')))
        return usage === null ? null : Number(usage[1]) / 1000
      } catch {
        return null
      }
    },
    remove: () => memory.remove() && removed(dir),
  }
}

export function createContainers({ stateId, hierarchies = ['unified', 'pids', 'freezer'] }: ContainersOptions): Containers {
  const name = `hyphae-${stateId}`
  const memories = createMemoryGroups(name)
  let found: { readonly base: string } | { readonly unavailable: string } | undefined
  /** Those that were opened; a service that is restarted finds its own again. */
  const known = new Map<string, Container>()

  /** The directory that holds ours, proven by a process that really went in. */
  const prove = (hierarchy: Hierarchy, mount: string): string => {
    const own = cgroupPath(readCgroups('self'), hierarchy) ?? '/'
    const below = hierarchy === 'unified' ? groupFor(mount, own) : join(mount, own)
    const base = join(!own.includes('..') && existsSync(join(below, 'cgroup.procs')) ? below : mount, name)
    make(base)
    const trial = spawnSync('/bin/sh', ['-c', 'echo $$ >"$0"', join(base, 'cgroup.procs')], { encoding: 'utf8', env: {} })
    if (trial.status !== 0) throw new Error(trial.error?.message ?? trial.stderr.trim())
    return base
  }
  const detect = (): { readonly base: string } | { readonly unavailable: string } => {
    const refusals: string[] = []
    for (const hierarchy of hasProc ? hierarchies : []) {
      const mount = mountOf(hierarchy)
      if (mount === undefined) continue
      try {
        return { base: prove(hierarchy, mount) }
      } catch (error) {
        refusals.push(messageOf(error))
      }
    }
    return { unavailable: refusals.join('; ') || 'there is no cgroup file system here' }
  }
  const state = (): { readonly base: string } | { readonly unavailable: string } => (found ??= detect())
  const open = (entry: string): Container | null => {
    const now = state()
    if (!('base' in now)) return null
    const before = known.get(entry)
    if (before !== undefined && existsSync(before.procs)) return before
    const dir = join(now.base, entry)
    try {
      make(dir)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') return null
      // Somebody removed the directory of us all.
      try {
        make(now.base)
        make(dir)
      } catch {
        return null
      }
    }
    const opened = container(dir, memories.of(dir))
    known.set(entry, opened)
    return opened
  }

  return {
    unavailable() {
      const now = state()
      return 'base' in now ? null : now.unavailable
    },
    open,
    vacant(service) {
      const first = open(service)
      return first === null || first.pids().length === 0 ? first : open(secondOf(service))
    },
    holding(service, pid) {
      const cgroups = readCgroups(pid)
      for (const hierarchy of hierarchies) {
        const path = cgroupPath(cgroups, hierarchy)
        const mount = [service, secondOf(service)].some((entry) => path?.endsWith(`/${name}/${entry}`))
          ? mountOf(hierarchy)
          : undefined
        if (path !== undefined && mount !== undefined) {
          const dir = join(mount, path)
          return container(dir, memories.of(dir, pid))
        }
      }
      return null
    },
    services() {
      const now = state()
      if (!('base' in now)) return []
      try {
        const entries = readdirSync(now.base, { withFileTypes: true })
        return [...new Set(entries.flatMap((entry) => (entry.isDirectory() ? serviceOf(entry.name) : [])))]
      } catch {
        return []
      }
    },
    pids(service) {
      const now = state()
      return 'base' in now ? [service, secondOf(service)].flatMap((entry) => pidsIn(join(now.base, entry))) : []
    },
    removeAll(except) {
      const stays = (entry: string): boolean => except?.has(serviceOf(entry)) === true
      const limitless = memories.removeAll(stays)
      const now = state()
      if (!('base' in now)) return limitless
      try {
        for (const entry of readdirSync(now.base, { withFileTypes: true })) {
          if (entry.isDirectory() && !stays(entry.name)) removed(join(now.base, entry.name))
        }
      } catch {
        // It was never made, or it is gone.
      }
      return removed(now.base) && limitless
    },
  }
}
