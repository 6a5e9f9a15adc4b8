import type { Client } from '../../client/index.ts'
import { HyphaeError, messageOf } from '../../protocol/errors.ts'
import { limits } from '../../protocol/limits.ts'
import { harmless } from '../render/text.ts'
import type { Heard } from './hear.ts'

/** Follows the logs that the pane shows, and goes on where they were when the connection comes back. */
export interface LogPane {
  /** From now on these; null: none. */
  show(of: string | null): void
  /** There is a connection, perhaps after there was none. */
  linked(): void
}

/** Lines that come this close together are shown at once, ms. */
const gatherTime = 80

export function logPane(client: Client, hear: (heard: Heard) => void): LogPane {
  let shown: string | undefined
  /** Where each log goes on, bytes. */
  const after = new Map<string, number>()
  let current: AbortController | undefined

  async function follow(of: string, signal: AbortSignal): Promise<void> {
    let gathered: string[] = []
    let timer: NodeJS.Timeout | undefined
    const flush = (): void => {
      clearTimeout(timer)
      timer = undefined
      const lines = gathered
      gathered = []
      if (!signal.aborted && lines.length > 0) hear({ type: 'lines', of, lines })
    }
    try {
      const input = { services: [of], lines: limits.topLogsBegin, after: Object.fromEntries(after) }
      for await (const { service, line, offset, truncated } of client.stream('logs.follow', input, { signal })) {
        after.set(service, offset)
        const text = harmless(line.slice(0, limits.topLogLine))
        const cut = truncated || line.length > limits.topLogLine ? ' [cut]' : ''
        gathered.push(`${service === of ? '' : `${service} | `}${text}${cut}`)
        // More than this is not kept anyway.
        if (gathered.length > 2 * limits.topLogLines) gathered = gathered.slice(-limits.topLogLines)
        timer ??= setTimeout(flush, gatherTime)
      }
    } catch (error) {
      // Of a connection that was lost the link tells.
      const passing = error instanceof HyphaeError && ['unavailable', 'shutting_down', 'timeout'].includes(error.code)
      if (!signal.aborted && !passing) hear({ type: 'told', text: messageOf(error), style: 'red' })
    } finally {
      flush()
    }
  }
  const begin = (): void => {
    current?.abort()
    if (shown === undefined) return
    current = new AbortController()
    void follow(shown, current.signal)
  }
  return {
    show(of) {
      shown = of ?? undefined
      after.clear()
      begin()
    },
    linked: begin,
  }
}
