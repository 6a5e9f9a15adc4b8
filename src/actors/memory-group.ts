import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { cgroupPath, makeDir, readCgroups, removeDir, writeKernelFile } from './cgroup-fs.ts'
import { readKernelText } from './kernel-file.ts'

/**
 * The memory limit of a cgroup. In the unified hierarchy (v2) it is a property of the container that a service has anyway;
 * v1 has a hierarchy of its own for memory, and there the limited processes go into a second directory, beside.
 */
export interface MemoryGroup {
  /** A process that writes its pid here too is held to the limit; null: whoever is in the container is. */
  readonly procs: string | null
  /** So many bytes from now on, swap included. False where the kernel does not do that for us. */
  limit(bytes: number): boolean
  /** What the kernel holds it to now, bytes; null: nothing. */
  limited(): number | null
  /** How often its OOM killer struck here, since the limit was set. */
  kills(): number
  remove(): boolean
}

export interface MemoryGroups {
  /** Of the container in this directory; `pid`: of a process that is in it already. */
  of(container: string, pid?: number): MemoryGroup
  /** At the end: the empty ones go, but for those of containers that stay. False while one is left. */
  removeAll(stays?: (container: string) => boolean): boolean
}

const v1 = '/sys/fs/cgroup/memory'

/** `name` is that of the directory of ours that holds all containers; `mount` where v1 has its memory. */
export function createMemoryGroups(name: string, mount: string = v1): MemoryGroups {
  const isV1 = existsSync(join(mount, 'memory.limit_in_bytes'))
  if (!isV1) return { of: unified, removeAll: () => true }
  // Below our own: whatever holds us to a limit holds what we start, too.
  const own = cgroupPath(readCgroups('self'), 'memory') ?? '/'
  const below = join(mount, own)
  const base = join(!own.includes('..') && existsSync(join(below, 'cgroup.procs')) ? below : mount, name)
  return {
    of(container, pid) {
      const path = pid === undefined ? undefined : cgroupPath(readCgroups(pid), 'memory')
      // An earlier run of ours may have been elsewhere.
      const elsewhere = path?.endsWith(`/${name}/${basename(container)}`) === true
      return separate(elsewhere ? join(mount, path) : join(base, basename(container)))
    },
    removeAll(stays) {
      try {
        for (const entry of readdirSync(base, { withFileTypes: true })) {
          if (entry.isDirectory() && stays?.(entry.name) !== true) removeDir(join(base, entry.name))
        }
      } catch {
        // It was never made, or it is gone.
      }
      return removeDir(base)
    },
  }
}

/** v1: a directory of its own. */
function separate(dir: string): MemoryGroup {
  const strikes = join(dir, 'memory.oom_control')
  let before = 0
  return {
    procs: join(dir, 'cgroup.procs'),
    limit(bytes) {
      try {
        // Made anew where that is possible, so that its counter begins at 0, also for who adopts what runs in it.
        removeDir(dir)
        makeDir(dirname(dir))
        makeDir(dir)
        before = counted(strikes)
      } catch {
        return false
      }
      // One of the two may never exceed the other, and which one is to go first depends on what stood there.
      const both = join(dir, 'memory.memsw.limit_in_bytes')
      const lower = (): boolean => writeKernelFile(join(dir, 'memory.limit_in_bytes'), String(bytes))
      const withSwap = (): boolean => !existsSync(both) || writeKernelFile(both, String(bytes))
      if (lower() ? withSwap() : withSwap() && lower()) return true
      removeDir(dir)
      return false
    },
    limited: () => numberIn(join(dir, 'memory.limit_in_bytes')),
    kills: () => counted(strikes) - before,
    remove: () => removeDir(dir),
  }
}

/** v2: files of the container itself, once its parents have handed the controller down. */
function unified(container: string): MemoryGroup {
  const most = join(container, 'memory.max')
  const strikes = join(container, 'memory.events')
  let before = 0
  return {
    procs: null,
    limit(bytes) {
      const parent = dirname(container)
      if (!existsSync(most)) {
        // Refused where processes live beside the container: its parent must be handed to us without any.
        for (const dir of [dirname(parent), parent]) writeKernelFile(join(dir, 'cgroup.subtree_control'), '+memory')
        if (!existsSync(most)) return false
      }
      try {
        if (removeDir(container)) makeDir(container)
        before = counted(strikes)
      } catch {
        return false
      }
      if (!writeKernelFile(most, String(bytes))) return false
      writeKernelFile(join(container, 'memory.swap.max'), '0')
      // All of it or nothing: half a service is none.
      writeKernelFile(join(container, 'memory.oom.group'), '1')
      return true
    },
    limited: () => numberIn(most),
    kills: () => counted(strikes) - before,
    remove: () => true,
  }
}

function numberIn(path: string): number | null {
  try {
    const number = Number(readKernelText(path))
    return Number.isSafeInteger(number) ? number : null
  } catch {
    return null
  }
}

function counted(path: string): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readKernelText(path))?.[1] ?? 0)
  } catch {
    return 0
  }
}
