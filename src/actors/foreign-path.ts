import { statSync, type Stats } from 'node:fs'
import process from 'node:process'

/**
 * Can somebody else write this file or folder? What a caller names is run or read as ours, so it must be of our own: the
 * port may be open to everybody on this machine. `home`: a folder whose owner we work for, beside ourselves and root.
 */
export function isForeign(path: string, home: string): boolean {
  const found = statOf(path)
  if (found === undefined || process.getuid === undefined) return false
  const { uid, gid, mode } = found
  const ours = [0, process.getuid(), statOf(home)?.uid]
  return !ours.includes(uid) || (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== process.getgid?.() && gid !== 0)
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
