import { watch } from 'node:fs'
import { type FileHandle, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { extentOf, isGone } from './log-archive.ts'
import { archivedFrom, isMoved } from './log-bytes.ts'
import { createLineCutter, type PlacedLine } from './log-lines.ts'
import { openLog } from './open-log.ts'

export interface FollowOptions {
  /** Where to begin: a byte offset (the beginning where the log is shorter), or whatever is appended from now on. */
  readonly from: number | 'end'
  /** The position of the first byte of the file that this offset is in: it may have been set aside since. */
  readonly base?: number | undefined
}

const blockBytes = 64 * 1024
/** Between two looks where nothing can wake us, ms. */
const blindInterval = 1_000

/**
 * Tells the lines that are appended to a log, also one that does not exist yet, is rotated, truncated, or renamed and begun anew.
 * The kernel wakes it up; it never polls. While the consumer's promise is pending nothing is read. The answer ends it.
 */
export function follow(
  path: string,
  { from, base: wanted }: FollowOptions,
  onLines: (lines: readonly PlacedLine[]) => void | Promise<void>,
): () => void {
  const cutter = createLineCutter()
  const block = Buffer.allocUnsafe(blockBytes)
  let file: FileHandle | null = null
  let position = 0
  let inode = 0
  /** Of the file while it is there; of its directory while it isn't. */
  let fileWatch: Watch | null = null
  let placeWatch: Watch | null = null
  let retry: NodeJS.Timeout | undefined
  let busy = false
  let first = true
  /** stirred: something happened since the last look began. */
  const life = { cancelled: false, stirred: false }

  const watchFile = (): void => {
    fileWatch ??= watched(path, () => void wake())
  }
  const watchPlace = (): void => {
    const name = basename(path)
    placeWatch ??= watched(dirname(path), (changed) => {
      if (changed === null || changed === name) void wake()
    })
  }

  const wake = async (): Promise<void> => {
    life.stirred = true
    if (busy || life.cancelled) return
    busy = true
    try {
      while (life.stirred && !life.cancelled) {
        life.stirred = false
        await look()
      }
    } catch {
      // No descriptor left, or an unreadable disk. No event would tell when that is over.
      retry = setTimeout(() => void wake(), blindInterval).unref()
    } finally {
      busy = false
      if (life.cancelled) await forget()
    }
  }
  const look = async (): Promise<void> => {
    if (file !== null) await drain(file)
    if (life.cancelled || !(await isReplaced())) return
    // What the old file still got before the new one was there is told first.
    if (file !== null) await drain(file)
    await forget()
    await begin()
  }
  const isReplaced = async (): Promise<boolean> => {
    if (file === null) return true
    const now = await stat(path).catch(() => null)
    if (now?.ino === inode) return false
    watchPlace()
    // Its writer may go on with the old one for as long as there is no new one.
    return now !== null || (await stat(path).catch(() => null)) !== null
  }
  const begin = async (): Promise<void> => {
    watchPlace()
    file = await openLog(path)
    if (file === null) {
      first = false
      return
    }
    const { size, ino } = await file.stat()
    inode = ino
    position = first ? (from === 'end' ? size : from <= size ? from : 0) : 0
    const asked = first
    first = false
    watchFile()
    placeWatch?.close()
    placeWatch = null
    if (asked && wanted !== undefined && typeof from === 'number') await behind(file, wanted + from)
    await drain(file)
    // It may have been replaced before its watch was there.
    life.stirred = true
  }
  const drain = async (source: FileHandle): Promise<void> => {
    while (!life.cancelled) {
      const { bytesRead } = await source.read(block, 0, block.length, position)
      if (bytesRead === 0) {
        const { size } = await source.stat()
        if (size >= position) return
        position = 0
        cutter.reset()
        continue
      }
      const bytes = block.subarray(0, bytesRead)
      if (bytes.includes(0) && (await isMoved(bytes, await positionOf(source), path, source))) await catchUp(source)
      else await tell(bytes)
    }
  }
  const tell = async (bytes: Buffer): Promise<void> => {
    const lines = cutter.push(bytes, position)
    position += bytes.length
    if (lines.length > 0 && !life.cancelled) await onLines(lines)
  }
  const positionOf = async (source: FileHandle): Promise<number> => position + ((await extentOf(path, source))?.base ?? 0)
  /** The file that was meant is an archive by now: the rest of it comes first. */
  const behind = async (source: FileHandle, from: number): Promise<void> => {
    const base = (await extentOf(path, source))?.base ?? wanted
    if (base === wanted || base === undefined || from > base) return
    position = from - base
    await catchUp(source)
    position = Math.max(0, position)
  }
  /** The rotation was faster than we: what it moved out is read where it is now. */
  const catchUp = async (source: FileHandle): Promise<void> => {
    const extent = await extentOf(path, source)
    if (extent === undefined) return
    const { base, start, archives } = extent
    const skipTo = (at: number): void => {
      if (at === base + position) return
      cutter.reset()
      position = at - base
    }
    try {
      for await (const piece of archivedFrom(archives, base + position, start)) {
        skipTo(piece.at)
        await tell(piece.bytes)
        if (life.cancelled) return
      }
      skipTo(Math.max(start, base + position))
    } catch (error) {
      // Deleted, or compressed, since they were listed: drain comes back here.
      if (!isGone(error)) throw error
    }
  }
  const forget = async (): Promise<void> => {
    fileWatch?.close()
    fileWatch = null
    if (life.cancelled) {
      placeWatch?.close()
      placeWatch = null
    }
    cutter.reset()
    const old = file
    file = null
    await old?.close().catch(() => undefined)
  }

  void wake()
  return () => {
    life.cancelled = true
    clearTimeout(retry)
    if (!busy) void forget()
  }
}

interface Watch {
  close(): void
}

/** A watch, or a slow poll where there is nothing to watch yet or the kernel has no watch left for us. */
function watched(path: string, tell: (changed: string | null) => void): Watch {
  try {
    const watcher = watch(path, { persistent: false }, (_, changed) => {
      tell(changed)
    })
    watcher.on('error', () => {
      tell(null)
    })
    return watcher
  } catch {
    const poll = setInterval(() => {
      tell(null)
    }, blindInterval).unref()
    return {
      close() {
        clearInterval(poll)
      },
    }
  }
}
