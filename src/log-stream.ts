import { extentOf } from './actors/log-archive.ts'
import { follow, type FollowOptions } from './actors/log-follow.ts'
import type { PlacedLine } from './actors/log-lines.ts'
import { resumeAt } from './actors/log-tail.ts'
import { timesOf } from './actors/log-times.ts'
import { newBudget, type LogReading } from './log-reading.ts'
import type { Sink } from './protocol/calls.ts'
import type { StreamRequest } from './protocol/command.ts'
import { messageOf } from './protocol/errors.ts'
import type { FollowedLogItem } from './protocol/status.ts'

/** When a line of this offset was written, ISO. */
type TimeOf = (offset: number) => string

/**
 * The last lines of each log (of one that is resumed: all that came since), then what is appended. While there is no room
 * nothing is read: the file waits.
 */
export function followLogs(
  reading: LogReading,
  { services, query, after }: Extract<StreamRequest, { source: 'logs' }>,
  sink: Sink,
): () => void {
  const { logPath, matcher } = reading
  const { grep } = query
  const life = new AbortController()
  const { signal } = life
  const stops: Array<() => void> = []
  const say = async <L extends PlacedLine>(service: string, batch: readonly L[], timeOf: (line: L) => string): Promise<void> => {
    for (const one of batch) {
      if (signal.aborted) return
      for (let room = sink.room(); room !== undefined; room = sink.room()) await room
      if (signal.aborted) return
      const { line, truncated } = one
      // What stood in a file before this one comes before its beginning.
      const offset = Math.max(0, one.offset)
      const item: FollowedLogItem = { service, line, truncated, time: timeOf(one), offset }
      sink.item(item)
    }
  }
  const fail = (error: unknown): void => {
    if (signal.aborted) return
    stop()
    sink.end(`the logs cannot be read: ${messageOf(error)}`)
  }
  const appended = async (service: string, batch: readonly PlacedLine[], timeOf: TimeOf): Promise<void> => {
    try {
      const matches = grep === undefined ? null : new Set(await matcher.match(batch.map(({ line }) => line).join('\n'), grep))
      const meant = matches === null ? batch : batch.filter((_, index) => matches.has(index))
      await say(service, meant, ({ offset }) => timeOf(offset))
    } catch (error) {
      fail(error)
    }
  }
  const begin = async (): Promise<void> => {
    const budget = newBudget()
    const places: Array<{ service: string; at: FollowOptions; timeOf: TimeOf }> = []
    for (const service of services) {
      const known = after.get(service)
      if (known === undefined) {
        const last = await reading.past(service, query, { whole: true, budget, signal })
        await say(service, last.lines, ({ time }) => time)
        places.push({ service, at: { from: last.end, base: last.base }, timeOf: seenNow })
      } else {
        const timeOf = await knownTimes(logPath(service))
        places.push({ service, at: { from: await resumeAt(logPath(service), known) }, timeOf })
      }
      if (signal.aborted) return
    }
    for (const { service, at, timeOf } of places)
      stops.push(follow(logPath(service), at, (batch) => appended(service, batch, timeOf)))
  }
  function stop(): void {
    life.abort()
    for (const end of stops) end()
  }
  begin().catch(fail)
  return stop
}

const seenNow = (): string => new Date().toISOString()

/** What was there when one came is of an earlier time; the rest is seen as it comes. */
async function knownTimes(path: string): Promise<TimeOf> {
  const times = await timesOf(path, Date.now())
  const extent = await extentOf(path)
  if (extent === undefined) return seenNow
  const { base, end } = extent
  return (offset) => (base + offset <= end ? times.at(base + offset) : seenNow())
}
