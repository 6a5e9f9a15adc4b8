import { createReadStream } from 'node:fs'
import { type FileHandle, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { systemCode } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'

/**
 * Where a log is on the disk. Its program appends to `<service>.log`; the beginning of that is moved out, again and again, to
 * archives, and becomes a hole.
 *
 *   archive/web/  000…0-000…8.log.gz  000…8-000…16.log          web.log  [ hole │ 16 … 21 ]
 *
 * An archive's name says which bytes it holds, as positions: bytes that the service wrote since its first. A position is an
 * offset in the file, as long as nobody replaces the file; `base` is what was written before its first byte.
 */

export interface Archive {
  /** The positions of its first byte, and behind its last. */
  readonly from: number
  readonly to: number
  readonly path: string
  readonly zipped: boolean
}

export interface Extent {
  readonly inode: number
  /** The position of the file's first byte. */
  readonly base: number
  /** Where what is in the file begins, as a position: before it is a hole, or what an archive holds. */
  readonly start: number
  /** The position behind its last byte. */
  readonly end: number
  /** Oldest first. */
  readonly archives: readonly Archive[]
}

/** What has been moved out. Written once an archive is complete, before its bytes are given back. */
export interface Cursor {
  readonly inode: number
  readonly base: number
  readonly start: number
}

export const unfinished = '.tmp'

export const archiveFolderOf = (path: string): string => join(dirname(path), 'archive', basename(path, '.log'))

export const cursorPathOf = (path: string): string => join(archiveFolderOf(path), 'cursor.json')

export const timesPathOf = (path: string): string => join(archiveFolderOf(path), 'times')

const digits = String(Number.MAX_SAFE_INTEGER).length
export const archiveName = (from: number, to: number): string =>
  `${String(from).padStart(digits, '0')}-${String(to).padStart(digits, '0')}.log`

/**
 * The archives of a log, oldest first. A folder is not listed at one moment: an archive that is compressed meanwhile may be missed
 * under both of its names, so what changed while we listed it is listed again.
 */
export async function archivesOf(path: string): Promise<Archive[]> {
  const folder = archiveFolderOf(path)
  const changedAt = async (): Promise<bigint | undefined> => (await orNone(stat(folder, { bigint: true }), undefined))?.mtimeNs
  for (let round = 1; ; round++) {
    const before = await changedAt()
    if (before === undefined) return []
    const found = await list(folder)
    const whole = found.every(({ from }, index) => index === 0 || found[index - 1]?.to === from)
    if ((whole && (await changedAt()) === before) || round === limits.logListings) return found
  }
}

async function list(folder: string): Promise<Archive[]> {
  const entries = await orNone(readdir(folder, { withFileTypes: true }), [])
  const found = new Map<number, Archive>()
  for (const entry of entries) {
    // A link may lead to nowhere, and a named pipe would keep its reader waiting for ever.
    if (!entry.isFile()) continue
    const { name } = entry
    const [, from, to, zipped] = /^(\d+)-(\d+)\.log(\.gz)?$/.exec(name) ?? []
    if (from === undefined || to === undefined) continue
    const archive = { from: Number(from), to: Number(to), path: join(folder, name), zipped: zipped !== undefined }
    // While one is compressed there may be both.
    if (!found.has(archive.from) || !archive.zipped) found.set(archive.from, archive)
  }
  return [...found.values()].sort((one, other) => one.from - other.from)
}

export async function readCursor(path: string): Promise<Cursor | null> {
  const text = await orNone(readFile(cursorPathOf(path), 'utf8'), '')
  const [, inode, base, start] = /^\{"inode":(\d+),"base":(\d+),"start":(\d+)\}$/.exec(text) ?? []
  return inode === undefined ? null : { inode: Number(inode), base: Number(base), start: Number(start) }
}

export const cursorText = ({ inode, base, start }: Cursor): string => JSON.stringify({ inode, base, start })

/**
 * Not synced, as the names of archives are not: file systems that punch holes keep the order of such changes, so after a power
 * failure there is no hole that this does not tell of. On a disk that a flood keeps busy a sync takes as long as the flood.
 */
export async function writeCursor(path: string, cursor: Cursor): Promise<void> {
  const target = cursorPathOf(path)
  await writeFile(target + unfinished, cursorText(cursor), { mode: 0o600 })
  await rename(target + unfinished, target)
}

/** How a log stands; `file`: where it is open already. Undefined: there is no such log. */
export async function extentOf(path: string, file?: FileHandle): Promise<Extent | undefined> {
  for (let round = 1; ; round++) {
    // In this order: an archive that is made meanwhile is then among the archives, and what it holds is not told twice.
    const cursor = await readCursor(path)
    const archives = await archivesOf(path)
    const stats = await orNone(file === undefined ? stat(path) : file.stat(), undefined)
    // Whoever sets a log aside says so first: a file that is newer than what we read of it would pass for the first one.
    if (round < limits.logListings && !isSame(cursor, await readCursor(path))) continue
    return extentFrom(cursor, archives, stats)
  }
}

const isSame = (one: Cursor | null, other: Cursor | null): boolean =>
  one?.inode === other?.inode && one?.base === other?.base && one?.start === other?.start

function extentFrom(
  cursor: Cursor | null,
  archives: readonly Archive[],
  stats: { readonly ino: number; readonly size: number } | undefined,
): Extent | undefined {
  const moved = archives.at(-1)?.to ?? 0
  if (stats === undefined) {
    if (archives.length === 0) return undefined
    return { inode: 0, base: moved, start: moved, end: moved, archives }
  }
  const { ino, size } = stats
  const base = baseOf(cursor, moved, ino, size)
  return { inode: ino, base, start: Math.max(base, cursor?.start ?? 0, moved), end: base + size, archives }
}

function baseOf(cursor: Cursor | null, moved: number, inode: number, size: number): number {
  const start = Math.max(cursor?.start ?? 0, moved)
  const base = cursor?.base ?? 0
  const same = (cursor === null || cursor.inode === inode) && base + size >= start
  // It was replaced or emptied: what is in it now was written after all that.
  return same ? base : start
}

/** Its bytes from a position on. */
export async function* archived({ path, from, zipped }: Archive, position: number): AsyncGenerator<Buffer, void> {
  const skipped = Math.max(0, position - from)
  const file = createReadStream(path, { start: zipped ? 0 : skipped, highWaterMark: limits.logScanBlock })
  if (!zipped) {
    for await (const chunk of file as AsyncIterable<Buffer>) yield chunk
    return
  }
  let left = skipped
  const whole = file.pipe(createGunzip({ chunkSize: limits.logScanBlock }))
  file.on('error', (error) => whole.destroy(error))
  try {
    for await (const chunk of whole as Readable & AsyncIterable<Buffer>) {
      if (left < chunk.length) yield chunk.subarray(left)
      left = Math.max(0, left - chunk.length)
    }
  } finally {
    file.destroy()
  }
}

/** It was deleted, or compressed, since it was listed: to be looked for again. */
export const isGone = (error: unknown): boolean => systemCode(error) === 'ENOENT'

async function orNone<T, N>(work: Promise<T>, none: N): Promise<T | N> {
  try {
    return await work
  } catch (error) {
    if (isGone(error)) return none
    throw error
  }
}
