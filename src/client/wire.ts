import { formatDuration } from '../protocol/duration.ts'
import { errorCodes, HyphaeError, messageOf, type ErrorCode } from '../protocol/errors.ts'
import { isRecord, parseJson } from '../protocol/json.ts'

/** JSON-RPC 2.0 on whatever carries texts. It knows nothing of commands, and nothing of sockets. */

/** Something open that carries texts, one message each. */
export interface Channel {
  send(text: string): void
  /** Back-pressure, where there is some: what the other side sends stays with it. */
  readonly pause?: () => void
  readonly resume?: () => void
  /** Sends what was given, then closes; nobody wants to hear anything more. */
  close(): void
}

export interface ChannelEvents {
  message(text: string): void
  /** It carries nothing any more, and not because we closed it. */
  lost(error: HyphaeError): void
}

/** Opens a channel within so many ms, or rejects with a HyphaeError that says what to do. */
export type Dial = (events: ChannelEvents, timeout: number) => Promise<Channel>

export interface RequestOptions {
  /** ms; what was asked goes on all the same. */
  readonly timeout?: number | undefined
  /** Gives up waiting, with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

export interface Wire {
  /** Resolves with the result; rejects with a HyphaeError, also when the connection is lost first. */
  request(method: string, params: unknown, options?: RequestOptions): Promise<unknown>
  /** Holds answers back too, so only a stream's own wire is ever paused. */
  readonly pause?: () => void
  readonly resume?: () => void
  /** Sends what was given, then closes; whatever is pending is rejected. */
  close(): void
}

export interface WireListener {
  notified(method: string, params: Readonly<Record<string, unknown>>): void
  /** Once, whoever closed it. */
  lost(error: HyphaeError): void
}

interface Pending {
  resolve(result: unknown): void
  reject(error: Error): void
}

/** Why a signal was given, as something to throw. */
export const abortOf = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error(`given up: ${messageOf(signal.reason)}`)

/** Calls back when the time is over or the signal given; the answer takes both back. */
export function patience(method: string, { timeout, signal }: RequestOptions, over: (error: Error) => void): () => void {
  const aborted = (): void => {
    if (signal !== undefined) over(abortOf(signal))
  }
  const late = (): void =>
    over(
      new HyphaeError('timeout', `no answer to ${method} within ${formatDuration(timeout ?? 0)}; what was asked goes on`, {
        method,
        timeout,
      }),
    )
  const timer = timeout === undefined ? undefined : setTimeout(late, timeout)
  signal?.addEventListener('abort', aborted)
  return () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', aborted)
  }
}

export const clientClosed = (): HyphaeError => new HyphaeError('unavailable', 'the client was closed')

/** The error of an answer. `error.data.code` names our own code; the rest of `data` is the error's. */
export function errorOf({ code: number, message, data }: Readonly<Record<string, unknown>>): HyphaeError {
  const { code: name, ...rest } = isRecord(data) ? data : {}
  const known = typeof name === 'string' && Object.hasOwn(errorCodes, name) ? (name as ErrorCode) : undefined
  const codes = Object.keys(errorCodes) as ErrorCode[]
  const code = known ?? codes.find((one) => errorCodes[one].rpc === number) ?? 'internal'
  return new HyphaeError(code, typeof message === 'string' ? message : code, rest)
}

export const requestOf = (id: number, method: string, params: unknown): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params })

export async function openWire(dial: Dial, listener: WireListener, timeout: number): Promise<Wire> {
  const pending = new Map<number, Pending>()
  let next = 1
  let over: HyphaeError | undefined
  let channel: Channel | undefined

  const take = (id: unknown): Pending | undefined => {
    if (typeof id !== 'number') return undefined
    const call = pending.get(id)
    pending.delete(id)
    return call
  }
  const rejectAll = (error: HyphaeError): void => {
    for (const id of pending.keys()) take(id)?.reject(error)
  }
  const end = (error: HyphaeError): void => {
    if (over !== undefined) return
    over = error
    rejectAll(error)
    listener.lost(error)
    channel?.close()
  }

  function hear(text: string): void {
    const message = parseJson(text)
    if (!isRecord(message)) throw new HyphaeError('parse_error', 'an answer that is no JSON object')
    const { id, method, params, result, error } = message
    if (typeof method === 'string') {
      if (isRecord(params)) listener.notified(method, params)
      return
    }
    if (!isRecord(error)) {
      take(id)?.resolve(result)
      return
    }
    const refusal = errorOf(error)
    // Without an id it is about something that could not be read: nobody knows which request that was.
    if (id === null) rejectAll(refusal)
    else take(id)?.reject(refusal)
  }

  const opened = await dial(
    {
      message(text) {
        if (over !== undefined) return
        try {
          hear(text)
        } catch (error) {
          end(new HyphaeError('parse_error', `cannot understand what it answers: ${messageOf(error)}`))
        }
      },
      lost: end,
    },
    timeout,
  )
  channel = opened
  // What came before we had it may have ended it.
  if (isOver()) opened.close()
  function isOver(): boolean {
    return over !== undefined
  }
  const { pause, resume } = opened

  return {
    request(method, params, options = {}) {
      if (over !== undefined) return Promise.reject(over)
      const { signal } = options
      if (signal?.aborted === true) return Promise.reject(abortOf(signal))
      const id = next++
      return new Promise((resolve, reject) => {
        const release = patience(method, options, (error) => take(id)?.reject(error))
        pending.set(id, {
          resolve(result) {
            release()
            resolve(result)
          },
          reject(error) {
            release()
            reject(error)
          },
        })
        opened.send(requestOf(id, method, params))
      })
    },
    ...(pause === undefined ? {} : { pause }),
    ...(resume === undefined ? {} : { resume }),
    close: () => end(clientClosed()),
  }
}
