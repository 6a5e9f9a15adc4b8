import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorCodes, messageOf, type ErrorCode } from '../protocol/errors.ts'
import { closedByOther, orchestratorEnds, type CloseReason, type Emit, type Link, type LinkEvent } from '../protocol/link.ts'
import { limits } from '../protocol/limits.ts'
import { askedText, headOf } from './http-asked.ts'
import type { ExchangeKind } from './site.ts'

/** One request and its answer; whoever claims it owns both. */
export interface Exchange {
  claim(emit: Emit<LinkEvent>): Link
  /** Answers it without anybody having claimed it. */
  refuse(code: ErrorCode, message: string): void
}

/**
 * One HTTP request as a link: its body is one message, then the other side has said all; what is written until the link is
 * closed is the answer. Of a `whole` one the first that is written is the head, and where that has no body, each that follows
 * is sent at once. `continues`: the client waits for a word before it sends its body.
 */
export function exchangeOf(request: IncomingMessage, response: ServerResponse, kind: ExchangeKind, continues: boolean): Exchange {
  const keepAlive = response.shouldKeepAlive
  let reason: CloseReason = { kind: 'remote' }
  let answer: Array<Uint8Array | string> = []
  /** The whole answer has been given, or its head and what follows comes piece by piece. */
  let answered = false
  let streaming = false

  function begin(status: number, headers: Readonly<Record<string, string | number>>): void {
    answered = true
    // What was not read to its end would be taken for the next request.
    response.shouldKeepAlive = keepAlive && request.readableEnded
    response.writeHead(status, headers)
  }
  function respond(status: number, body: readonly (Uint8Array | string)[]): void {
    const bytes =
      body.length === 1 && typeof body[0] === 'string' ? body[0] : Buffer.concat(body.map((part) => Buffer.from(part)))
    begin(status, bytes.length === 0 ? {} : { 'content-type': kind.contentType, 'content-length': Buffer.byteLength(bytes) })
    response.end(bytes.length === 0 ? undefined : bytes)
  }
  function answerWith(written: Uint8Array | string): void {
    const { status, headers, body } = headOf(written)
    const bodyless = body === null || status === 204 || status === 304
    begin(status, { ...headers, ...(bodyless ? {} : { 'content-length': Buffer.byteLength(body) }) })
    if (body !== null || request.method === 'HEAD') response.end(body ?? undefined)
    else {
      streaming = true
      response.flushHeaders()
    }
  }
  const fail = (code: ErrorCode, message: string): void => {
    if (!answered && !response.destroyed) respond(errorCodes[code].status, [kind.failure(code, message)])
  }

  function claim(emit: Emit<LinkEvent>): Link {
    let body = Buffer.alloc(0)
    let size = 0
    let reading = false
    let over = false

    const refuseBody = (code: ErrorCode, message: string): void => {
      over = true
      body = Buffer.alloc(0)
      reason = { kind: 'local', because: message }
      request.pause()
      fail(code, message)
    }
    function read(): void {
      reading = true
      if (continues) response.writeContinue()
      request.on('data', (chunk: Buffer) => {
        if (over) return
        const end = size + chunk.length
        if (end > limits.lineBytes) return refuseBody('too_large', `a body may have at most ${limits.lineBytes} bytes`)
        // Copied: a million chunks of one byte each would cost two hundred times their content.
        if (end > body.length) body = Buffer.concat([body.subarray(0, size)], Math.max(end, 2 * size))
        chunk.copy(body, size)
        size = end
      })
      request.on('end', () => {
        if (over) return
        if (size === 0 && kind.whole !== true) return refuseBody('parse_error', 'the body is empty')
        const said = body.subarray(0, size)
        const chunk = kind.whole === true ? Buffer.from(askedText(request, said.toString('utf8'))) : said
        body = Buffer.alloc(0)
        emit({ type: 'link.data', chunk })
        emit({ type: 'link.ended' })
      })
    }
    request.on('error', (error) => {
      if (!answered && reason.kind === 'remote') reason = { kind: 'failed', because: messageOf(error) }
    })
    response.on('error', () => {})
    response.on('drain', () => emit({ type: 'link.drained' }))
    response.on('close', () => emit({ type: 'link.closed', reason }))
    emit({ type: 'link.opened' })

    return {
      framed: true,
      send(bytes) {
        if (response.destroyed || response.writableEnded) return false
        if (streaming) return response.write(bytes)
        if (answered) return false
        if (kind.whole === true) answerWith(bytes)
        else answer.push(bytes)
        return true
      },
      get queued() {
        return answered ? response.writableLength : 0
      },
      pause() {
        if (reading) request.pause()
      },
      resume() {
        if (!reading) read()
        else if (!over) request.resume()
      },
      end() {},
      close(because) {
        if (streaming && !response.writableEnded) {
          reason = { kind: 'local', because }
          response.end()
        }
        if (answered || response.destroyed) return
        reason = { kind: 'local', because }
        if (answer.length > 0) respond(200, answer)
        else if (because === closedByOther && kind.whole !== true) respond(204, [])
        else fail(because === orchestratorEnds ? 'shutting_down' : 'unavailable', because)
        answer = []
      },
      destroy(because) {
        if (response.destroyed) return
        reason = { kind: 'local', because }
        if (!answered && because === orchestratorEnds) fail('shutting_down', because)
        // Whoever has read all that was written hears that it is over, and not that something broke.
        else if (streaming && because === orchestratorEnds && response.writableLength === 0) response.end()
        else request.socket.destroy()
      },
    }
  }
  return { claim, refuse: fail }
}

/** Does the request announce a body? */
export const mayHaveBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
