import { realpathSync, statSync, watch, type FSWatcher } from 'node:fs'
import { dirname } from 'node:path'
import { limits } from '../protocol/limits.ts'

export interface ConfigWatch {
  /** Watches these files from now on; those before are let go of. */
  follow(paths: readonly string[]): void
  stop(): void
}

/**
 * Calls back once a file of a config has changed and all were then left alone for a moment: written in place, renamed over (as editors
 * do), linked elsewhere, gone, or there again; also when one is never left alone. Their folders are watched, and the files
 * themselves looked at now and then, because neither every file system tells nor does every folder stay.
 */
export function watchConfig(paths: readonly string[], changed: () => void): ConfigWatch {
  let files = paths
  let seen = new Map(files.map((file) => [file, signOf(file)]))
  let waiting: NodeJS.Timeout | undefined
  /** When the first of the changes that wait was seen, monotonic ms. */
  let first: number | undefined
  let watchers: FSWatcher[] = []

  const look = (): void => {
    let other = false
    for (const [file, before] of seen) {
      const now = signOf(file)
      if (now === before) continue
      seen.set(file, now)
      other = true
    }
    if (!other) return
    const at = performance.now()
    first ??= at
    // Each further step of an editor puts it off, but not for ever.
    clearTimeout(waiting)
    const rest = Math.max(0, limits.configSettleMost - (at - first))
    waiting = setTimeout(
      () => {
        first = undefined
        open()
        changed()
      },
      Math.min(limits.configSettle, rest),
    )
  }
  const close = (): void => {
    for (const watcher of watchers) watcher.close()
    watchers = []
  }
  const open = (): void => {
    close()
    watchers = [...new Set(files.flatMap(foldersOf))].flatMap((folder) => {
      try {
        const watcher = watch(folder, { persistent: false }, look)
        // A folder that goes, or no watches left: the looks go on.
        watcher.on('error', () => watcher.close())
        return [watcher]
      } catch {
        return []
      }
    })
  }
  open()
  const timer = setInterval(look, limits.configLook)
  return {
    follow(next) {
      if (next.length === files.length && next.every((file) => seen.has(file))) return
      files = next
      // What changed meanwhile in one that is watched already is not forgotten.
      seen = new Map(files.map((file) => [file, seen.get(file) ?? signOf(file)]))
      open()
    },
    stop() {
      clearInterval(timer)
      clearTimeout(waiting)
      close()
    },
  }
}

/** Where the file stands, and where it really does. */
function foldersOf(path: string): string[] {
  try {
    return [...new Set([dirname(path), dirname(realpathSync(path))])]
  } catch {
    return [dirname(path)]
  }
}

/** Another text for another content, as far as the file system can tell without reading it. */
function signOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch {
    return 'none'
  }
}
