import { connect, HyphaeError, type Client } from '../../../src/client/browser.ts'
import type { InspectionItem } from '../../../src/protocol/inspection.ts'
import { bounds } from './bounds.ts'
import type { Link, Me } from './inspector.ts'

/** The connection to the orchestrator: made again for ever, and gone on with where it was. */

export interface SessionParts {
  readonly url: string
  token(): string | undefined
  /** Where to go on; undefined: from the beginning. */
  position(): { run: string; seq: number } | undefined
  link(link: Link): void
  client(client: Client | null): void
  me(me: Me | null): void
  /** A new watch has been opened. */
  opened(): void
  items(items: readonly InspectionItem[]): void
}

export interface Session {
  /** Begins, or begins anew with another token. */
  start(): void
  /** Tries at once, where it waits. */
  retry(): void
  stop(): void
}

/** 429 is said of wrong tokens alone, after some of them: to try that one again and again would make it last. */
const needsLogin = (error: unknown): boolean =>
  error instanceof HyphaeError && (['unauthorized', 'forbidden'].includes(error.code) || error.data?.['http'] === 429)

export function createSession(parts: SessionParts): Session {
  /** The one that goes on now; another one has taken its place where it is not this. */
  let current: AbortController | null = null
  let wake: () => void = () => {}
  let since: number | null = null
  /** What ended the last connection that was live. */
  let loss: string | null = null

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function talk(turn: AbortController): Promise<void> {
    const token = parts.token()
    // One WebSocket for all calls: over HTTP each would be a connection of its own, and told among what happens.
    const client = await connect({ url: parts.url.replace(/^http/, 'ws'), token, timeout: bounds.patience })
    let silence: unknown
    let pulse: ReturnType<typeof setInterval> | undefined
    /** Of one who has gone to sleep, or whose network has gone, nothing is heard by itself. */
    const feel = (): void => {
      client.call('system.whoami', {}).catch((error: unknown) => {
        silence ??= error
        client.close()
      })
    }
    const isOver = (): boolean => turn.signal.aborted
    turn.signal.addEventListener('abort', () => client.close())
    if (isOver()) return client.close()
    try {
      const { name, role, commands } = await client.call('system.whoami', {})
      const after = parts.position()
      const items = client.stream(
        'inspection.watch',
        { history: bounds.history, ...(after && { after }) },
        { signal: turn.signal },
      )
      parts.me({ name, role, commands: new Set(commands) })
      parts.opened()
      pulse = setInterval(feel, bounds.heartbeat)
      for await (const item of items) {
        if (isOver()) return
        if (item.type === 'begin') {
          since = null
          loss = null
          parts.client(client)
          parts.link({ state: 'live' })
        }
        parts.items([item])
      }
      throw silence ?? new HyphaeError('unavailable', 'the stream ended')
    } catch (error) {
      throw silence ?? error
    } finally {
      clearInterval(pulse)
      client.close()
      if (!isOver()) parts.client(null)
    }
  }

  async function run(turn: AbortController): Promise<void> {
    let tries = 0
    while (!turn.signal.aborted) {
      const begun = Date.now()
      try {
        await talk(turn)
      } catch (error) {
        if (turn.signal.aborted) return
        const why = error instanceof Error ? error.message : String(error)
        if (needsLogin(error)) {
          parts.me(null)
          // Who was let in until now wants to know what has become of that.
          parts.link({ state: 'login', why: parts.token() === undefined ? null : loss === null ? why : `${loss}; ${why}` })
          return
        }
        loss ??= why
        // One that lived for a while was a good one.
        tries = Date.now() - begun > bounds.longestRetry ? 0 : tries + 1
        since ??= Date.now()
        const wait = Math.min(bounds.longestRetry, bounds.firstRetry * Math.max(1, tries))
        parts.link({ state: 'lost', why, since, retryAt: Date.now() + wait })
        await pause(wait)
        if (!turn.signal.aborted) parts.link({ state: 'lost', why, since })
      }
    }
  }

  return {
    start() {
      current?.abort()
      current = new AbortController()
      since = null
      loss = null
      parts.link({ state: 'connecting' })
      void run(current)
    },
    retry: () => wake(),
    stop() {
      current?.abort()
      current = null
      parts.client(null)
      parts.me(null)
    },
  }
}
