import { type FileHandle, open } from 'node:fs/promises'
import { systemCode } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { lineOf, type LogLine } from './log-lines.ts'

const blockBytes = 64 * 1024
const newline = 0x0a

/** The last lines of a log, the incomplete one at its end included. Reads backwards, so a large file costs no more. */
export async function tail(path: string, lines: number): Promise<LogLine[]> {
  if (lines <= 0) return []
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
  try {
    return cut(await readBack(file, lines), lines)
  } finally {
    await file.close()
  }
}

/** The end of a file: enough for so many lines, or as much as the limit allows. */
async function readBack(file: FileHandle, lines: number): Promise<{ bytes: Buffer; whole: boolean }> {
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
  return { bytes: Buffer.concat(blocks), whole: from === 0 }
}

function cut({ bytes, whole }: { bytes: Buffer; whole: boolean }, lines: number): LogLine[] {
  const found: LogLine[] = []
  let end = bytes.at(-1) === newline ? bytes.length - 1 : bytes.length
  if (bytes.length === 0) return found
  while (found.length < lines && end >= 0) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(newline, end - 1)
    const line = lineOf(bytes.subarray(before + 1, end))
    // The first line that was read may have begun before.
    const beheaded = before < 0 && !whole
    if (!beheaded || found.length === 0) found.push(beheaded ? { ...line, truncated: true } : line)
    if (before < 0) break
    end = before
  }
  return found.toReversed()
}
