import type { Client } from '../../client/index.ts'
import { HyphaeError, messageOf } from '../../protocol/errors.ts'
import type { ActorStatus } from '../../protocol/status.ts'
import { queryTime } from '../connection.ts'
import type { Heard } from './hear.ts'
import type { Rights } from './model.ts'

/** Keeps the connection: figures, changes and the banner, as long as it takes, again and again. */

/** How often figures that no event announces are read, ms. */
const figuresEvery = 2_000
/** Changes that come this close together are shown at once, ms. */
const settleTime = 100
/** A change of these may change the table; our own connection is an actor, too. */
const telling: ReadonlySet<string> = new Set([
  'service',
  'process',
  'group',
  'lockdown',
  'supervisor',
  'switch',
  'reload',
  'shutdown',
])
/** Before the next try, ms: at first, and at most. */
const firstPause = 200
const longestPause = 2_000

export interface LinkParts {
  readonly client: Client
  hear(heard: Heard): void
  /** Connected, at first or again: what else is followed begins anew. */
  linked(): void
  /** Something that one may look at has changed. */
  changed(address: string): void
}

export interface Link {
  /** Rejects with what no further try can mend. */
  readonly over: Promise<void>
  /** The figures are read soon. */
  refresh(): void
  close(): void
}

/** No further try would do better. */
const isFinal = (error: unknown): boolean =>
  !(error instanceof HyphaeError) || ['unauthorized', 'forbidden', 'parse_error'].includes(error.code)

export function keepLink({ client, hear, linked, changed }: LinkParts): Link {
  const ended = new AbortController()
  /** Of the connection that there is. */
  let current: AbortController | undefined
  let wake: () => void = () => {}
  /** Reads the figures; undefined while nothing is connected. */
  let soon: ((ms: number) => void) | undefined

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  async function rights(): Promise<Rights | null> {
    try {
      const { role, commands } = await client.call('system.whoami', {}, queryTime)
      return { role, commands: new Set(commands) }
    } catch (error) {
      // An older one can't be asked, and a role may not ask: the orchestrator itself refuses what is not permitted.
      if (error instanceof HyphaeError && ['unknown_command', 'forbidden'].includes(error.code)) return null
      throw error
    }
  }

  /** Until it is lost, which is an error. */
  async function connected(signal: AbortSignal, fail: (error: unknown) => void): Promise<void> {
    const permitted = await rights()
    hear({ type: 'rights', rights: permitted })
    const may = (name: string): boolean => permitted === null || permitted.commands.has(name)
    let sampledAt = -Infinity
    const read = async (): Promise<void> => {
      const fleet = await client.call('system.status', {}, { ...queryTime, signal })
      const sample = performance.now() - sampledAt >= figuresEvery - settleTime
      if (sample) sampledAt = performance.now()
      hear({ type: 'fleet', fleet, at: Date.now(), sample })
    }
    await read()
    hear({ type: 'linked' })
    linked()

    let timer: NodeJS.Timeout | undefined
    let due = Infinity
    let reading = false
    const plan = (ms: number): void => {
      const at = performance.now() + ms
      if (signal.aborted || at >= due) return
      due = at
      clearTimeout(timer)
      timer = setTimeout(() => void turn(), ms)
    }
    const turn = async (): Promise<void> => {
      due = Infinity
      if (reading) return plan(settleTime)
      reading = true
      try {
        await read()
      } catch (error) {
        fail(error)
      } finally {
        reading = false
      }
      plan(figuresEvery)
    }
    soon = plan
    signal.addEventListener('abort', () => clearTimeout(timer))
    plan(figuresEvery)

    let fresh = false
    let gathered: ActorStatus[] = []
    let gathering: NodeJS.Timeout | undefined
    const flush = (): void => {
      gathering = undefined
      if (!signal.aborted) hear({ type: 'actors', fresh, actors: gathered })
      fresh = false
      gathered = []
    }
    const watch = async (): Promise<void> => {
      for await (const item of client.watch({ reconnect: false, signal })) {
        if (item.type === 'fact') continue
        gathering ??= setTimeout(flush, settleTime)
        if (item.type === 'begin') {
          fresh = true
          gathered = []
          continue
        }
        const { actor } = item
        gathered.push(actor)
        if (item.type === 'snapshot' || !telling.has(actor.kind)) continue
        plan(settleTime)
        changed(actor.address)
      }
    }
    const banner = async (): Promise<void> => {
      for await (const told of client.stream('system.banner_follow', {}, { signal })) hear({ type: 'banner', banner: told })
    }
    if (may('actor.watch')) void watch().catch(fail)
    if (may('system.banner_follow')) void banner().catch(fail)
  }

  async function keep(): Promise<void> {
    for (let tries = 0; !ended.signal.aborted;) {
      const connection = new AbortController()
      current = connection
      try {
        await new Promise<never>((_, reject) => {
          connection.signal.addEventListener('abort', () => reject(new HyphaeError('unavailable', 'closed')))
          connected(connection.signal, reject).then(() => (tries = 0), reject)
        })
      } catch (error) {
        soon = undefined
        connection.abort()
        if (ended.signal.aborted) return
        if (isFinal(error)) throw error
        hear({ type: 'lost', since: Date.now(), because: messageOf(error) })
      }
      await pause(Math.min(longestPause, firstPause * 2 ** tries++))
    }
  }
  return {
    over: keep(),
    refresh: () => soon?.(settleTime),
    close() {
      ended.abort()
      current?.abort()
      wake()
    },
  }
}
