import { extentOf } from './log-archive.ts'
import { oldestOf, readForward } from './log-bytes.ts'
import { lineOf } from './log-lines.ts'
import type { Grep, LineMatcher } from './line-matcher.ts'
import type { Past, PastLine, TailQuery } from './log-tail.ts'
import { timesOf } from './log-times.ts'
import { limits } from '../protocol/limits.ts'

const newline = 0x0a

export interface SearchQuery extends TailQuery {
  readonly grep: Grep
  /** The reader has gone: nobody needs the rest. */
  readonly signal?: AbortSignal | undefined
}

/** What one request may still look through, bytes: it is shared by the logs that it names. */
export interface Budget {
  bytes: number
}

/**
 * The last lines that match, archives included. Reads forwards, oldest first; where that would be more than the budget, it
 * begins later. What was held is some text and the lines that were found.
 */
export async function searchLines(path: string, query: SearchQuery, matcher: LineMatcher, budget: Budget): Promise<Past> {
  const { lines, grep, whole, since, until, signal } = query
  const times = await timesOf(path, Date.now())
  const extent = await extentOf(path)
  if (extent === undefined) return { lines: [], end: 0, base: undefined, cut: false }
  const { base } = extent
  const after = since === undefined ? 0 : times.since(since)
  const to = (until === undefined ? null : times.until(until)) ?? extent.end
  const wanted = Math.max(oldestOf(extent), after - limits.logLineBytes)
  const from = Math.max(wanted, to - budget.bytes)
  budget.bytes -= Math.max(0, to - from)
  const found: PastLine[] = []
  let size = 0
  let end = from
  let cut = from > wanted
  /** Where what is held begins: inside a line, where not all before it was read. */
  let held: { readonly bytes: Buffer; readonly at: number; readonly torn: boolean } = {
    bytes: Buffer.alloc(0),
    at: from,
    torn: from > oldestOf(extent),
  }

  const take = async (bytes: Buffer, at: number, torn: boolean): Promise<void> => {
    const matches = new Set(
      await matcher.match(bytes.toString('utf8', 0, bytes.length - (bytes.at(-1) === newline ? 1 : 0)), grep),
    )
    let start = 0
    for (let index = 0; start < bytes.length; index++) {
      const stop = bytes.indexOf(newline, start)
      const behind = stop < 0 ? bytes.length : stop + 1
      const position = at + behind
      const young = position > after && (since === undefined || times.isSince(position, since))
      if (matches.has(index) && young && !(torn && index === 0)) {
        const { line, truncated } = lineOf(bytes.subarray(start, stop < 0 ? bytes.length : stop))
        found.push({ line, truncated, offset: Math.max(0, position - base), time: times.at(position) })
        size += line.length
        while (found.length > lines || size > limits.logAnswer) {
          size -= found.shift()?.line.length ?? size
          cut = true
        }
      }
      start = behind
    }
  }
  for await (const { bytes, at } of readForward(path, from, to)) {
    if (signal?.aborted === true) break
    if (at !== held.at + held.bytes.length) held = { bytes: Buffer.alloc(0), at, torn: true }
    const last = bytes.lastIndexOf(newline) + 1
    if (last === 0) {
      // A line without end: what is more than is shown of it is not searched either.
      const room = Math.max(0, limits.logScanBlock - held.bytes.length)
      held = { ...held, bytes: Buffer.concat([held.bytes, bytes.subarray(0, room)]) }
      if (room < bytes.length) held = { bytes: Buffer.alloc(0), at: at + bytes.length, torn: true }
      continue
    }
    await take(Buffer.concat([held.bytes, bytes.subarray(0, last)]), held.at, held.torn)
    end = at + last
    held = { bytes: bytes.subarray(last), at: end, torn: false }
  }
  if (!whole && until === undefined && held.bytes.length > 0) await take(held.bytes, held.at, held.torn)
  return { lines: found, end: Math.max(0, end - base), base, cut }
}
