import { realpathSync, statSync, watch, type FSWatcher } from 'node:fs'
import { dirname } from 'node:path'
import { limits } from '../protocol/limits.ts'

export interface ConfigWatch {
  /** Watches this file from now on; the one before is let go of. */
  follow(path: string): void
  stop(): void
}

/**
 * Calls back once a config file has changed and was then left alone for a moment: written in place, renamed over (as editors
 * do), linked elsewhere, gone, or there again. Its folder is watched, and the file itself looked at now and then, because
 * neither every file system tells nor does every folder stay.
 */
export function watchConfig(path: string, changed: () => void): ConfigWatch {
  let file = path
  let seen = signOf(file)
  let waiting: NodeJS.Timeout | undefined
  let watchers: FSWatcher[] = []

  const look = (): void => {
    const now = signOf(file)
    if (now === seen) return
    seen = now
    // Each further step of an editor puts it off.
    clearTimeout(waiting)
    waiting = setTimeout(() => {
      open()
      changed()
    }, limits.configSettle)
  }
  const close = (): void => {
    for (const watcher of watchers) watcher.close()
    watchers = []
  }
  const open = (): void => {
    close()
    watchers = foldersOf(file).flatMap((folder) => {
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
      if (next === file) return
      file = next
      seen = signOf(file)
      clearTimeout(waiting)
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
