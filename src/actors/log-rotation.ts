import { createReadStream, createWriteStream, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { LogRules } from '../protocol/log-rules.ts'
import { limits } from '../protocol/limits.ts'
import {
  archiveFolderOf,
  archiveName,
  type Archive,
  archivesOf,
  cursorPathOf,
  cursorText,
  type Extent,
  extentOf,
  isGone,
  readCursor,
  unfinished,
  writeCursor,
} from './log-archive.ts'
import { forgetLooks } from './log-times.ts'
import type { HolePuncher } from './punch-hole.ts'

/**
 * Moves the beginning of a log out while its program writes to its end. In this order, so that a kill at any moment neither
 * loses nor doubles a byte:
 *
 *   copy to a file of no name ─▶ sync ─▶ give it its name ─▶ cursor: "that is not the log's any more" ─▶ punch the hole
 *                                        └── from here on readers take it from the archive
 */

const newline = 0x0a

/** What is given back may begin in the middle of a block, and a file system may keep a little more. */
const blockSlack = 64 * 1024

export interface RotationParts {
  readonly holes: HolePuncher
  readonly signal: AbortSignal
  /** So many archives at most, so that others have their turn; without it as many as it takes. */
  readonly most?: number
}

/** Rotates until the log is within its size. Answers the archives that were made. */
export async function rotateLog(
  path: string,
  rules: LogRules,
  { holes, signal, most = Infinity }: RotationParts,
): Promise<number> {
  const file = await open(path, 'r+')
  try {
    let made = 0
    for (; made < most && !signal.aborted; made++) {
      const extent = await extentOf(path, file)
      if (extent === undefined || extent.end - extent.start < rules.maxSize) break
      await mkdir(archiveFolderOf(path), { recursive: true, mode: 0o700 })
      await step(path, file, extent, rules, holes)
    }
    return made
  } finally {
    await file.close()
  }
}

async function step(path: string, file: FileHandle, extent: Extent, rules: LogRules, holes: HolePuncher): Promise<void> {
  const { inode, base, start, end } = extent
  const { maxSize, keep } = rules
  // It came faster than it can be copied: what would not be kept anyway is not copied first.
  const excess = end - start - maxSize * (keep + 1)
  const skipped = keep === 0 ? maxSize : excess > maxSize ? excess : 0
  const until = (await lineEnd(file, start - base, skipped === 0 ? maxSize : skipped)) + base
  if (skipped === 0) {
    // Together they are then never more than they may be, not even while the copy is made.
    await prune(path, { ...rules, keep: keep - 1 })
    await copyOut(path, file, { from: start, to: until, base })
  } else {
    await prune(path, { ...rules, keep: 0 })
  }
  await writeCursor(path, { inode, base, start: until })
  await holes.punch(file, until - base)
  await prune(path, rules)
  const [oldest] = await archivesOf(path)
  await forgetLooks(path, { from: oldest?.from ?? until, to: Infinity })
}

/** Where the last line of so many bytes ends, in the file; where it is too long for that, in its middle. */
async function lineEnd(file: FileHandle, from: number, length: number): Promise<number> {
  const size = Math.min(length, limits.logLineBytes)
  const at = from + length - size
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(size), 0, size, at)
  const last = buffer.subarray(0, bytesRead).lastIndexOf(newline)
  return last < 0 ? from + length : at + last + 1
}

async function copyOut(
  path: string,
  file: FileHandle,
  { from, to, base }: { readonly from: number; readonly to: number; readonly base: number },
): Promise<void> {
  const target = join(archiveFolderOf(path), archiveName(from, to))
  const copy = await open(target + unfinished, 'w', 0o600)
  try {
    const block = Buffer.allocUnsafe(Math.min(limits.logCopyBytes, to - from))
    for (let at = from; at < to;) {
      const { bytesRead } = await file.read(block, 0, Math.min(block.length, to - at), at - base)
      if (bytesRead === 0) throw new Error(`${path} was truncated while it was rotated`)
      await copy.writeFile(block.subarray(0, bytesRead))
      at += bytesRead
    }
    await copy.sync()
  } catch (error) {
    await rm(target + unfinished, { force: true })
    throw error
  } finally {
    await copy.close()
  }
  await rename(target + unfinished, target)
}

/** Deletes the archives that are too many, or too old; `now`: wall clock, ms. */
export async function prune(path: string, { keep, maxAge }: LogRules, now: number = Date.now()): Promise<void> {
  const archives = await archivesOf(path)
  const tooMany = archives.slice(0, Math.max(0, archives.length - Math.max(0, keep)))
  for (const { path: archive } of tooMany) await rm(archive, { force: true })
  if (maxAge === null) return
  for (const { path: archive } of archives.slice(tooMany.length)) {
    try {
      if (now - (await stat(archive)).mtimeMs > maxAge) await rm(archive, { force: true })
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }
}

/** Compresses an archive, off the event loop. Until it is done the archive is what it was. */
export async function compress({ path }: Pick<Archive, 'path'>, signal: AbortSignal): Promise<void> {
  const target = `${path}.gz`
  try {
    const { mtime } = await stat(path)
    await pipeline(createReadStream(path), createGzip(), createWriteStream(target + unfinished, { mode: 0o600, flush: true }), {
      signal,
    })
    await utimes(target + unfinished, mtime, mtime)
    // Deleted meanwhile, as one too many: it must not come back.
    await stat(path)
    await rename(target + unfinished, target)
    await rm(path)
  } catch (error) {
    await rm(target + unfinished, { force: true })
    if (!isGone(error)) throw error
  }
}

/** A log that nobody writes to becomes an archive as it is, and the next program begins a new one. `base`: see Extent. */
export function setLogAside(path: string, base: number): void {
  const end = base + statSync(path).size
  mkdirSync(archiveFolderOf(path), { recursive: true, mode: 0o700 })
  // Said first: what is written from now on comes behind all this, in whichever file.
  writeFileSync(cursorPathOf(path), cursorText({ inode: 0, base: end, start: end }), { mode: 0o600 })
  renameSync(path, join(archiveFolderOf(path), archiveName(base, end)))
}

/** Finishes or undoes what a kill left half done. */
export async function recover(path: string, { holes }: Pick<RotationParts, 'holes'>): Promise<void> {
  const folder = archiveFolderOf(path)
  const names = new Set(await readdir(folder))
  for (const name of names) {
    const isHalf = name.endsWith(unfinished)
    const isDouble = name.endsWith('.log.gz') && names.has(name.slice(0, -'.gz'.length))
    if (isHalf || isDouble) await rm(join(folder, name), { force: true })
  }
  const file = await open(path, 'r+').catch((error: unknown) => {
    if (isGone(error)) return undefined
    throw error
  })
  try {
    const extent = await extentOf(path, file)
    if (file === undefined || extent === undefined) return
    const { inode, base, start, end } = extent
    const cursor = await readCursor(path)
    // Of another file, or there is an archive that it does not know of.
    if (cursor === null ? start > 0 : cursor.inode !== inode || cursor.start !== start || cursor.base !== base)
      await writeCursor(path, { inode, base, start })
    const { blocks } = await file.stat()
    if (start > base && blocks * 512 > end - start + blockSlack && (await holes.unable(dirname(path))) === null)
      await holes.punch(file, start - base)
  } finally {
    await file?.close()
  }
}
