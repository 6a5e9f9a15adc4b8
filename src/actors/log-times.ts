import { mkdir, open, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises'
import { isNoRoom } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { archiveFolderOf, isGone, timesPathOf, unfinished } from './log-archive.ts'

/**
 * When which part of a log was written. Programs write to their logs themselves, so nobody stamps their lines; instead each
 * look that finds a log grown notes the time and how far it reached. Kept beside the archives, 16 bytes a look.
 */

/** What is behind the position before, and before this one, was written by then (wall clock, ms). */
interface Look {
  readonly time: number
  readonly position: number
}

const lookBytes = 16

/** Oldest first. A look that was half written, as on a full disk, counts as not written. */
async function readLooks(path: string): Promise<Look[]> {
  let bytes: Buffer
  try {
    bytes = await readFile(timesPathOf(path))
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
  return Array.from({ length: Math.floor(bytes.length / lookBytes) }, (_, index) => ({
    time: bytes.readDoubleLE(index * lookBytes),
    position: bytes.readDoubleLE(index * lookBytes + 8),
  }))
}

const encoded = (looks: readonly Look[]): Buffer => {
  const bytes = Buffer.alloc(looks.length * lookBytes)
  for (const [index, { time, position }] of looks.entries()) {
    bytes.writeDoubleLE(time, index * lookBytes)
    bytes.writeDoubleLE(position, index * lookBytes + 8)
  }
  return bytes
}

/** Notes a look. On a full disk it is left out: the next one that can be noted stands for it. */
export async function noteLook(path: string, look: Look): Promise<void> {
  try {
    await append(path, look)
  } catch (error) {
    if (!isNoRoom(error)) throw error
  }
}

async function append(path: string, look: Look): Promise<void> {
  const target = timesPathOf(path)
  const file = await open(target, 'a', 0o600).catch(async (error: unknown) => {
    if (!isGone(error)) throw error
    await mkdir(archiveFolderOf(path), { recursive: true, mode: 0o700 })
    return open(target, 'a', 0o600)
  })
  let size: number
  try {
    ;({ size } = await file.stat())
    await file.appendFile(encoded([look]))
  } finally {
    await file.close()
  }
  const torn = size % lookBytes
  if (torn === 0 && size < limits.logTimes * lookBytes) return
  // A rare thing: what was torn makes all that follows unreadable, and what grew too long is thinned.
  if (torn !== 0) await truncate(target, size - torn)
  await rewrite(path, torn === 0 ? thinned(await readLooks(path)) : [...(await readLooks(path)), look])
}

/** Every second one of the older half goes: what is old need not be known to the second. */
const thinned = (looks: readonly Look[]): Look[] => looks.filter((_, index) => index >= looks.length / 2 || index % 2 === 1)

async function rewrite(path: string, looks: readonly Look[]): Promise<void> {
  const target = timesPathOf(path)
  // A look that is noted and a rotation that forgets some may do this at the same time: each with a file of its own.
  const draft = `${target}.${++rewrites}${unfinished}`
  await writeFile(draft, encoded(looks), { mode: 0o600 })
  await rename(draft, target)
}
let rewrites = 0

/** Forgets looks at what is not there any more: before the oldest byte that is kept, and behind the last one. */
export async function forgetLooks(path: string, kept: { readonly from: number; readonly to: number }): Promise<void> {
  const looks = await readLooks(path)
  // The last look before the oldest byte tells that nothing that is kept is older.
  const before = looks.findLastIndex(({ position }) => position <= kept.from)
  const rest = looks.filter(({ position }, index) => index >= before && position <= kept.to)
  if (rest.length < looks.length) await rewrite(path, rest)
}

/** The newest; undefined: nobody has looked yet. */
export async function lastLook(path: string): Promise<Look | undefined> {
  const target = timesPathOf(path)
  try {
    const { size } = await stat(target)
    if (size === 0) return undefined
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
  return (await readLooks(path)).at(-1)
}

export interface Times {
  /** When what ends at this position was written, as far as is known: not later than this, ISO. */
  at(position: number): string
  /** What was written at this time or later is behind this position; behind it may be older lines too. */
  since(time: number): number
  /** Was what ends at this position written at this time or later, as far as is known? */
  isSince(position: number, time: number): boolean
  /** What was written up to this time is before this position; null: all of it. */
  until(time: number): number | null
}

/** `now`: what nobody has looked at yet was written by then. */
export async function timesOf(path: string, now: number): Promise<Times> {
  const looks = await readLooks(path)
  const timeAt = (position: number): number => looks[firstIndex(looks, (look) => look.position >= position)]?.time ?? now
  return {
    at: (position) => new Date(timeAt(position)).toISOString(),
    isSince: (position, time) => timeAt(position) >= time,
    since: (time) => looks[firstIndex(looks, (look) => look.time >= time) - 1]?.position ?? 0,
    until: (time) => (time >= now ? null : (looks[firstIndex(looks, (look) => look.time > time) - 1]?.position ?? 0)),
  }
}

/** Of looks that fail the test and then pass it, the index of the first that passes. */
function firstIndex(looks: readonly Look[], passes: (look: Look) => boolean): number {
  let [low, high] = [0, looks.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const look = looks[middle]
    if (look !== undefined && passes(look)) high = middle
    else low = middle + 1
  }
  return low
}
