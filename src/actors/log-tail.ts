import type { FileHandle } from 'node:fs/promises'
import { limits } from '../protocol/limits.ts'
import { lineOf, type LogLine, type PlacedLine } from './log-lines.ts'
import { openLog } from './open-log.ts'

const blockBytes = 64 * 1024
const newline = 0x0a

/** The last lines of a log, the incomplete one at its end included. Reads backwards, so a large file costs no more. */
export async function tail(path: string, lines: number): Promise<LogLine[]> {
  if (lines <= 0) return []
  const found = await withFile(path, async (file) => cut(await readBack(file, lines), lines))
  return (found ?? []).map(({ line, truncated }) => ({ line, truncated }))
}

/** The last complete lines, and the offset behind them: whoever follows from there misses nothing and hears nothing twice. */
export async function tailTo(path: string, lines: number): Promise<{ readonly lines: PlacedLine[]; readonly end: number }> {
  const found = await withFile(path, async (file) => {
    const { bytes, from } = await readBack(file, lines)
    const complete = bytes.subarray(0, bytes.lastIndexOf(newline) + 1)
    return { lines: lines <= 0 ? [] : cut({ bytes: complete, from }, lines), end: from + complete.length }
  })
  return found ?? { lines: [], end: 0 }
}

/** Where to go on that was at this offset: there, if a line ended there, else at the beginning: it is another log. */
export async function resumeAt(path: string, offset: number): Promise<number> {
  if (offset === 0) return 0
  const found = await withFile(path, async (file) => {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(1), 0, 1, offset - 1)
    return bytesRead === 1 && buffer[0] === newline ? offset : 0
  })
  return found ?? 0
}

/** undefined: there is no such file yet. */
async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T | undefined> {
  const file = await openLog(path)
  if (file === null) return undefined
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

/** Bytes at the end of a file, and where they begin. */
interface End {
  readonly bytes: Buffer
  readonly from: number
}

/** The end of a file: enough for so many lines, or as much as the limit allows. */
async function readBack(file: FileHandle, lines: number): Promise<End> {
  const { size } = await file.stat()
  const blocks: Buffer[] = []
  let from = size
  let found = 0
  while (from > 0 && found <= lines && size - from < limits.logTailBytes) {
    const to = from
    from = Math.max(0, to - blockBytes)
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(to - from), 0, to - from, from)
    const block = buffer.subarray(0, bytesRead)
    for (let at = block.indexOf(newline); at >= 0; at = block.indexOf(newline, at + 1)) found++
    blocks.unshift(block)
  }
  return { bytes: Buffer.concat(blocks), from }
}

function cut({ bytes, from }: End, lines: number): PlacedLine[] {
  const found: PlacedLine[] = []
  let end = bytes.at(-1) === newline ? bytes.length - 1 : bytes.length
  if (bytes.length === 0) return found
  while (found.length < lines && end >= 0) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(newline, end - 1)
    const line = { ...lineOf(bytes.subarray(before + 1, end)), offset: Math.min(from + end + 1, from + bytes.length) }
    // The first line that was read may have begun before.
    const beheaded = before < 0 && from > 0
    if (!beheaded || found.length === 0) found.push(beheaded ? { ...line, truncated: true } : line)
    if (before < 0) break
    end = before
  }
  return found.toReversed()
}
