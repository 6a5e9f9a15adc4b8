import { connect, type Socket } from 'node:net'
import { lines } from '../protocol/codec.ts'
import { formatDuration } from '../protocol/duration.ts'
import { errorCodes, HyphaeError, messageOf, type ErrorCode } from '../protocol/errors.ts'
import { isRecord, parseJson } from '../protocol/json.ts'
import { limits } from '../protocol/limits.ts'

/** One connection that speaks JSON-RPC 2.0, a message a line. Knows nothing of commands. */
export interface Wire {
  /** Resolves with the result; rejects with a HyphaeError, also when the connection is lost first. */
  request(method: string, params: unknown, timeout?: number): Promise<unknown>
  /** Back-pressure: what the other side sends stays with it. Answers too, so only a stream's own wire is ever paused. */
  pause(): void
  resume(): void
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
  reject(error: HyphaeError): void
  readonly timer: NodeJS.Timeout | undefined
}

const nobody = (path: string, cause: unknown): HyphaeError =>
  new HyphaeError('unavailable', `no orchestrator answers at ${path}; start one with: hyphae up`, {
    socket: path,
    because: messageOf(cause),
  })

export function openWire(path: string, listener: WireListener, timeout?: number): Promise<Wire> {
  return new Promise((resolve, reject) => {
    let socket: Socket
    try {
      socket = connect(path)
    } catch (error) {
      // A path that is too long for a socket is refused at once.
      reject(nobody(path, error))
      return
    }
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            socket.destroy()
            reject(nobody(path, 'it does not accept the connection'))
          }, timeout)
    const failed = (error: Error): void => {
      clearTimeout(timer)
      reject(nobody(path, error))
    }
    socket.once('error', failed)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', failed)
      resolve(wireOf(socket, path, listener))
    })
  })
}

function wireOf(socket: Socket, path: string, listener: WireListener): Wire {
  const codec = lines(limits.answerBytes)
  const pending = new Map<number, Pending>()
  let next = 1
  let over: HyphaeError | undefined

  const take = (id: unknown): Pending | undefined => {
    if (typeof id !== 'number') return undefined
    const call = pending.get(id)
    pending.delete(id)
    clearTimeout(call?.timer)
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
    socket.destroy()
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

  socket.on('data', (chunk) => {
    try {
      for (const text of codec.push(chunk)) if (text !== '') hear(text)
    } catch (error) {
      end(new HyphaeError('parse_error', `cannot understand what ${path} answers: ${messageOf(error)}`, { socket: path }))
    }
  })
  const lost = (because: string): void =>
    end(new HyphaeError('unavailable', `the connection to ${path} was lost: ${because}`, { socket: path }))
  socket.on('error', (error) => lost(messageOf(error)))
  socket.on('end', () => lost('the orchestrator closed it'))
  socket.on('close', () => lost('it was closed'))

  return {
    request(method, params, timeout) {
      if (over !== undefined) return Promise.reject(over)
      const id = next++
      return new Promise((resolve, reject) => {
        const timer =
          timeout === undefined
            ? undefined
            : setTimeout(() => {
                const message = `no answer to ${method} within ${formatDuration(timeout)}`
                take(id)?.reject(new HyphaeError('timeout', message, { method, timeout }))
              }, timeout)
        pending.set(id, { resolve, reject, timer })
        socket.write(codec.encode(JSON.stringify({ jsonrpc: '2.0', id, method, params })))
      })
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close() {
      if (over !== undefined) return
      socket.end()
      over = new HyphaeError('unavailable', 'the client was closed', { socket: path })
      rejectAll(over)
      listener.lost(over)
      // Unread bytes would keep it open: nobody wants them any more.
      socket.resume()
      socket.unref()
    },
  }
}

/** `error.data.code` names our own code; the rest of `data` is the error's. */
function errorOf({ code: number, message, data }: Readonly<Record<string, unknown>>): HyphaeError {
  const { code: name, ...rest } = isRecord(data) ? data : {}
  const text = typeof message === 'string' ? message : 'failed without saying why'
  if (typeof name === 'string' && Object.hasOwn(errorCodes, name)) return new HyphaeError(name as ErrorCode, text, rest)
  const known = Object.entries(errorCodes).find(([, { rpc }]) => rpc === number)
  return new HyphaeError((known?.[0] as ErrorCode | undefined) ?? 'internal', text, rest)
}
