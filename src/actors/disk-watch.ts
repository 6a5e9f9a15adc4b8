import { statfs } from 'node:fs/promises'
import { messageOf } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'

/**
 * Is there room where programs write their logs? They write there themselves, and a program that may not write tells nobody:
 * what it had to say is lost. So we look.
 */
export interface DiskWatch {
  start(): void
  stop(): void
}

export interface Room {
  /** Bytes that we may still write. */
  readonly bytes: number
  /** Files that we may still make. */
  readonly files: number
}

export interface DiskWatchParts {
  readonly folder: string
  /** Why what is written there is lost; null: it is not, or not any more. Said with each look. */
  tell(because: string | null): void
  readonly look?: (folder: string) => Promise<Room>
}

/** File systems that don't count say zero of everything: then there is nothing to go by. */
async function roomIn(folder: string): Promise<Room> {
  const { bavail, bsize, blocks, files, ffree } = await statfs(folder)
  return { bytes: blocks === 0 ? Infinity : bavail * bsize, files: files === 0 ? Infinity : ffree }
}

/** The next look begins only after the last one was answered: a disk that hangs must not collect them. */
export function createDiskWatch({ folder, tell, look = roomIn }: DiskWatchParts): DiskWatch {
  let timer: NodeJS.Timeout | undefined
  let running = false
  let full = false

  const judge = async (): Promise<string | null> => {
    try {
      const { bytes, files } = await look(folder)
      // Room for twice as much ends it: a disk at the brink is one fault, not a hundred.
      full = files < 1 || bytes < limits.logRoom * (full ? 2 : 1)
      return full ? `what services write to their logs in ${folder} is lost: no room is left on its disk; free space there` : null
    } catch (error) {
      full = true
      return `what services write to their logs in ${folder} may be lost: ${messageOf(error)}; see what is wrong with that folder`
    }
  }
  const round = async (): Promise<void> => {
    const because = await judge()
    if (!running) return
    tell(because)
    timer = setTimeout(() => void round(), limits.diskLook).unref()
  }

  return {
    start() {
      if (running) return
      running = true
      void round()
    },
    stop() {
      running = false
      clearTimeout(timer)
    },
  }
}
