import { type FileHandle, open } from 'node:fs/promises'
import { systemCode } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { archived, type Archive, type Extent, extentOf, isGone } from './log-archive.ts'
import { openLog } from './open-log.ts'

/**
 * The bytes of a log, archives and all, while it is being rotated. What was moved out reads as zeros in the file, so zeros ask
 * for another look at how far the hole goes; whoever punches a hole has said so before.
 */

export interface Piece {
  readonly bytes: Buffer
  /** The position of its first byte. */
  readonly at: number
}

const blockBytes = 64 * 1024

/** The rotation was there before us. */
class Moved extends Error {}

/** Forwards from a position (what is not there any more is skipped) up to another one, or to the end of now. */
export async function* readForward(path: string, from: number, to: number): AsyncGenerator<Piece, void> {
  let at = from
  for (;;) {
    const extent = await extentOf(path)
    if (extent === undefined) return
    const last = Math.min(to, extent.end)
    try {
      for await (const piece of archivedFrom(extent.archives, at, Math.min(last, extent.start))) {
        yield piece
        at = piece.at + piece.bytes.length
      }
    } catch (error) {
      // Deleted, or compressed, since they were listed.
      if (isGone(error)) continue
      throw error
    }
    at = Math.max(at, Math.min(extent.start, last))
    const step = yield* readFile(path, extent, at, last)
    if (step === 'end') return
    at = step
  }
}

/** What archives hold of these positions. Throws ENOENT where one has gone since they were listed. */
export async function* archivedFrom(archives: readonly Archive[], from: number, to: number): AsyncGenerator<Piece, void> {
  let at = from
  for (const archive of archives) {
    if (archive.to <= at || archive.from >= to) continue
    at = Math.max(at, archive.from)
    try {
      for await (const chunk of archived(archive, at)) {
        const bytes = chunk.subarray(0, to - at)
        if (bytes.length === 0) break
        yield { bytes, at }
        at += bytes.length
      }
    } catch (error) {
      // A damaged one must not hide the others.
      if (!(systemCode(error) ?? '').startsWith('Z_')) throw error
    }
    at = Math.max(at, Math.min(archive.to, to))
  }
}

/** The file itself. Answers where to go on once the hole has reached there. */
async function* readFile(path: string, { inode, base }: Extent, from: number, to: number): AsyncGenerator<Piece, number | 'end'> {
  let at = from
  if (at >= to) return 'end'
  const file = await openLog(path)
  if (file === null) return 'end'
  try {
    if ((await file.stat()).ino !== inode) return at
    while (at < to) {
      const length = Math.min(limits.logScanBlock, to - at)
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, at - base)
      if (bytesRead === 0) return 'end'
      const bytes = buffer.subarray(0, bytesRead)
      if (await isMoved(bytes, at, path, file)) return at
      yield { bytes, at }
      at += bytesRead
    }
    return 'end'
  } finally {
    await file.close()
  }
}

/** Were these bytes moved out before we read them, in part at least? */
export async function isMoved(bytes: Buffer, at: number, path: string, file: FileHandle): Promise<boolean> {
  if (!bytes.includes(0)) return false
  const now = await extentOf(path, file)
  return now !== undefined && now.start > at
}

/** The end of a log before `to`: as much as `enough` asks for, as far as `from`, and no more than the limit. */
export async function readBack(
  path: string,
  { from, to, enough }: { readonly from: number; readonly to: number; enough(piece: Buffer): boolean },
): Promise<Piece & { readonly extent: Extent | undefined }> {
  for (let round = 0; ; round++) {
    const extent = await extentOf(path)
    if (extent === undefined) return { bytes: Buffer.alloc(0), at: 0, extent }
    const pieces: Piece[] = []
    let size = 0
    try {
      for await (const piece of backwards(path, extent, Math.min(to, extent.end))) {
        const next = pieces[0]
        // What is before a gap does not belong to what is behind it.
        if (next !== undefined && piece.at + piece.bytes.length !== next.at) break
        const bytes = piece.bytes.subarray(Math.max(0, piece.bytes.length - (limits.logTailBytes - size)))
        const at = piece.at + piece.bytes.length - bytes.length
        pieces.unshift({ bytes, at })
        size += bytes.length
        if (enough(bytes) || size >= limits.logTailBytes || at <= from) break
      }
    } catch (error) {
      if (!(error instanceof Moved)) throw error
      if (round < limits.logTries) continue
    }
    return { bytes: Buffer.concat(pieces.map(({ bytes }) => bytes)), at: pieces[0]?.at ?? Math.min(to, extent.end), extent }
  }
}

export const oldestOf = ({ archives, start }: Extent): number => archives[0]?.from ?? start

async function* backwards(path: string, extent: Extent, to: number): AsyncGenerator<Piece, void> {
  let end = to
  const file = end > extent.start ? await openLog(path) : null
  if (file !== null) {
    try {
      if ((await file.stat()).ino !== extent.inode) throw new Moved()
      while (end > extent.start) {
        const at = Math.max(extent.start, end - blockBytes)
        const bytes = await readExactly(file, at - extent.base, end - at)
        if (await isMoved(bytes, at, path, file)) throw new Moved()
        yield { bytes, at }
        end = at
      }
    } finally {
      await file.close()
    }
  }
  for (const archive of extent.archives.toReversed()) {
    if (archive.from >= end) continue
    // What lies between two archives was given up.
    end = Math.min(end, archive.to)
    try {
      yield* backwardsIn(archive, end)
    } catch (error) {
      if (isGone(error)) throw new Moved()
      if (!(systemCode(error) ?? '').startsWith('Z_')) throw error
    }
    end = archive.from
  }
}

async function* backwardsIn(archive: Archive, to: number): AsyncGenerator<Piece, void> {
  let end = to
  if (!archive.zipped) {
    const file = await open(archive.path, 'r')
    try {
      while (end > archive.from) {
        const at = Math.max(archive.from, end - blockBytes)
        yield { bytes: await readExactly(file, at - archive.from, end - at), at }
        end = at
      }
    } finally {
      await file.close()
    }
    return
  }
  // It can be read forwards only, so its end is held.
  const held: Piece[] = []
  let size = 0
  for await (const piece of archivedFrom([archive], archive.from, to)) {
    held.push(piece)
    size += piece.bytes.length
    while (held[0] !== undefined && size - held[0].bytes.length >= limits.logTailBytes) size -= held.shift()?.bytes.length ?? 0
  }
  for (const piece of held.toReversed()) yield piece
}

async function readExactly(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, at)
  return buffer.subarray(0, bytesRead)
}
