import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Client, Output } from '../../../../src/client/browser.ts'
import { bounds } from '../bounds.ts'
import { type Failure, failureOf } from '../drive/failure.ts'
import { createLogBuffer, type LogBuffer, type Line } from './log-buffer.ts'

/** The log of a service as it is written. */

export interface FollowedLog {
  readonly buffer: LogBuffer
  /** Grows whenever there is something new in it. */
  readonly version: number
  /** Why it ends here; null: it goes on. */
  readonly failure: Failure | null
  again(): void
}

type Fact = Output<'events.follow'>

/** Is there another process from here on? */
const marks: ReadonlySet<string> = new Set(['service.spawned', 'service.adopted'])

function markOf({ type, because, time, data }: Fact) {
  const { pid, log_offset: offset } = data
  const what = type === 'service.adopted' ? 'taken over' : 'started'
  const reason = because === null ? '' : ` · ${because}`
  return { text: `pid ${String(pid)} ${what}${reason}`, time, offset: typeof offset === 'number' ? offset : null }
}

export function useLog(client: Client | null, service: string): FollowedLog {
  const buffer = useMemo(() => createLogBuffer(), [service])
  const [version, setVersion] = useState(0)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    if (client === null) return
    const stop = new AbortController()
    const { signal } = stop
    let lines: Line[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    const flush = (): void => {
      timer = undefined
      buffer.append(lines)
      lines = []
      buffer.settle()
      setVersion((before) => before + 1)
    }
    const soon = (): void => {
      timer ??= setTimeout(flush, bounds.logPause)
    }
    // Marks wait for their lines, and no longer than that.
    const settling = setInterval(soon, bounds.logMarkWait)
    buffer.clear()
    setFailure(null)
    const ended = (error: unknown): void => {
      if (signal.aborted) return
      flush()
      setFailure(failureOf(error))
    }
    const readLines = async (): Promise<void> => {
      for await (const item of client.logs({ services: [service], lines: bounds.logFirst, signal })) {
        lines.push(item)
        soon()
      }
    }
    const readMarks = async (): Promise<void> => {
      for await (const fact of client.events({ services: [service], limit: bounds.logFacts, signal })) {
        if (fact.about !== `service.${service}` || !marks.has(fact.type)) continue
        if (lines.length > 0) flush()
        buffer.mark(markOf(fact))
        soon()
      }
    }
    readLines().catch(ended)
    // Without marks a log is still a log.
    readMarks().catch(() => {})
    return () => {
      stop.abort()
      clearTimeout(timer)
      clearInterval(settling)
    }
  }, [client, service, buffer, turn])
  return { buffer, version, failure, again: () => setTurn((before) => before + 1) }
}
