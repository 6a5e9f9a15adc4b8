import { copyFileSync, fstatSync, ftruncateSync, rmSync, statSync } from 'node:fs'
import { limits } from '../../protocol/limits.ts'
import { setAside, type SizeRules } from './log-file.ts'

/**
 * Keeps what we print within its size where that goes to this file (`up -d`). Our stdout and stderr can't be opened anew, so
 * what is there is copied and then emptied; nobody else writes to it, and nothing of ours happens in between.
 */
export function boundOutput(path: string, { maxSize, keep }: SizeRules): () => void {
  const look = (): void => {
    try {
      const ours = fstatSync(1)
      if (!ours.isFile() || ours.size < maxSize || statSync(path, { throwIfNoEntry: false })?.ino !== ours.ino) return
      const copy = `${path}.copy`
      copyFileSync(path, copy)
      ftruncateSync(1, 0)
      setAside(path, keep, copy)
    } catch {
      // A full disk, say: it is tried again.
      rmSync(`${path}.copy`, { force: true })
    }
  }
  const timer = setInterval(look, limits.ownOutputLook).unref()
  return () => clearInterval(timer)
}
