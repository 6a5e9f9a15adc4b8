import { follow } from './actors/log-follow.ts'
import type { PlacedLine } from './actors/log-lines.ts'
import { resumeAt, tailTo } from './actors/log-tail.ts'
import type { Sink } from './protocol/calls.ts'
import type { StreamRequest } from './protocol/command.ts'
import { messageOf } from './protocol/errors.ts'
import type { FollowedLogItem } from './protocol/status.ts'

/**
 * The last lines of each log (of one that is resumed: all that came since), then what is appended. While there is no room
 * nothing is read: the file waits.
 */
export function followLogs(
  { logPath }: { logPath(service: string): string },
  { services, lines, after }: Extract<StreamRequest, { source: 'logs' }>,
  sink: Sink,
): () => void {
  let over = false
  const stops: Array<() => void> = []
  const say = async (service: string, batch: readonly PlacedLine[]): Promise<void> => {
    for (const { line, truncated, offset } of batch) {
      if (over) return
      for (let room = sink.room(); room !== undefined; room = sink.room()) await room
      if (over) return
      const item: FollowedLogItem = { service, line, truncated, offset }
      sink.item(item)
    }
  }
  const offsets = new Map<string, number>()
  const begin = async (): Promise<void> => {
    for (const service of services) {
      const known = after.get(service)
      if (known === undefined) {
        const last = await tailTo(logPath(service), lines)
        if (over) return
        await say(service, last.lines)
        offsets.set(service, last.end)
      } else offsets.set(service, await resumeAt(logPath(service), known))
    }
    if (over) return
    for (const [service, from] of offsets) stops.push(follow(logPath(service), { from }, (batch) => say(service, batch)))
  }
  begin().catch((error: unknown) => sink.end(`the logs cannot be read: ${messageOf(error)}`))
  return () => {
    over = true
    for (const stop of stops) stop()
  }
}
