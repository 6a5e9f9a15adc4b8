import { accessSync, constants, existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { cgroupPath, makeDir, readCgroups, removeDir, writeKernelFile } from './cgroup-fs.ts'
import { readKernelText } from './kernel-file.ts'
import { descendants } from './proc.ts'

/**
 * Our own cgroup in the unified hierarchy (v2). A group that holds processes may not hand controllers down to groups below it, so
 * for memory limits by the kernel we ourselves have to be in a leaf beside those of the services.
 */

/** The leaf's name; also that of `DelegateSubgroup=` in our unit. */
export const leafName = 'supervisor'

/** Where the unified hierarchy may be mounted. */
export const unifiedMounts = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'] as const

/** Below which group of this mount ours are made: our own, or that which holds the leaf that we are in. */
export function groupFor(mount: string, own: string): string {
  const dir = placeOf(mount, own)
  return basename(own) === leafName && isDelegated(dirname(dir), mount) ? dirname(dir) : dir
}

/** Without a slash at its end. */
const placeOf = (mount: string, path: string): string => resolve(join(mount, path))

/** Handed to us: below the root of what we see, and ours to write. */
const isDelegated = (dir: string, mount: string): boolean =>
  dir !== mount && ['cgroup.procs', 'cgroup.subtree_control'].every((file) => isWritable(join(dir, file)))

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

export interface OwnCgroup {
  readonly env: NodeJS.ProcessEnv
  readonly mount?: string | undefined
  /** Our path in it. */
  readonly path?: string | undefined
  readonly pid?: number
}

/**
 * Moves us into a leaf of our own group where that group is ours alone. Answers whether we are in one. Not under a systemd that
 * did not put us there itself: it starts us again in the group itself, which the kernel refuses while controllers are handed down
 * to services that were left running.
 */
export function moveToLeaf({
  env,
  mount = unifiedMounts.find((dir) => existsSync(join(dir, 'cgroup.controllers'))),
  path = cgroupPath(readCgroups('self'), 'unified'),
  pid = process.pid,
}: OwnCgroup): boolean {
  if (mount === undefined || path === undefined || path.includes('..')) return false
  const dir = placeOf(mount, path)
  if (groupFor(mount, path) !== dir) return true
  if ((env['INVOCATION_ID'] ?? '') !== '' || !isDelegated(dir, mount)) return false
  const here = pidsIn(dir)
  const ours = new Set([pid, ...descendants([pid]).map((process) => process.pid)])
  if (here.length === 0 || !here.every((one) => ours.has(one))) return false
  const leaf = join(dir, leafName)
  try {
    makeDir(leaf)
  } catch {
    return false
  }
  if (here.every((one) => writeKernelFile(join(leaf, 'cgroup.procs'), String(one)))) return true
  removeDir(leaf)
  return false
}

function pidsIn(dir: string): number[] {
  try {
    return readKernelText(join(dir, 'cgroup.procs')).split('\n').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
