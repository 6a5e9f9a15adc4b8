import type { Dialect, Effect, Heard } from '../protocol/dialect.ts'
import { errorCodes, HyphaeError, type ErrorCode } from '../protocol/errors.ts'
import { lines } from '../protocol/codec.ts'
import { isRecord, parseJson } from '../protocol/json.ts'
import { closedByOther } from '../protocol/link.ts'
import { limits } from '../protocol/limits.ts'
import type { Reply, ReplyError } from '../protocol/reply.ts'

/**
 * JSON-RPC 2.0, one JSON text a line (https://www.jsonrpc.org/specification). Beyond the specification:
 *
 * - `params` are by name; an array is refused.
 * - A stream's method answers `{"subscription": id}`; its items come as notifications `stream.item`
 *   `{subscription, seq, item}`, its end as `stream.end` `{subscription, because}`. `stream.cancel {subscription}` ends it.
 * - `error.data.code` holds our own code by name.
 */

type Id = string | number | null

interface Call {
  /** undefined = a notification: nobody waits for an answer. */
  readonly id: Id | undefined
  readonly batch: number | null
}

export interface JsonRpcState {
  readonly next: number
  readonly calls: ReadonlyMap<string, Call>
  readonly batches: ReadonlyMap<number, { readonly missing: number; readonly answers: readonly object[] }>
  readonly subscriptions: ReadonlySet<string>
  readonly ended: boolean
}

export interface JsonRpcOptions {
  /** Is this method a stream? Everything else, also the unknown, is invoked. */
  readonly isStream: (method: string) => boolean
}

const failure = (id: Id, { code, message, data }: ReplyError): object => ({
  jsonrpc: '2.0',
  id,
  error: { code: errorCodes[code].rpc, message, data: { code, ...data } },
})
const refusal = (id: Id, code: ErrorCode, message: string, data: Readonly<Record<string, unknown>> = {}): object =>
  failure(id, { code, message, data })
const answerOf = (id: Id, reply: Reply): object =>
  reply.ok ? { jsonrpc: '2.0', id, result: reply.output ?? null } : failure(id, reply.error)
const write = (message: object): Effect => ({ type: 'write', text: JSON.stringify(message) })
const isId = (value: unknown): value is Id => value === null || typeof value === 'string' || typeof value === 'number'

export function jsonrpc({ isStream }: JsonRpcOptions): Dialect<JsonRpcState> {
  type Step = readonly [JsonRpcState, readonly Effect[]]

  /** One request object: the effects it has, or the answer it gets at once. */
  function request(
    state: JsonRpcState,
    message: unknown,
    batch: number | null,
  ): { state: JsonRpcState; effects: Effect[]; answer?: object } {
    if (!isRecord(message)) return { state, effects: [], answer: refusal(null, 'invalid_request', 'a request is a JSON object') }
    const { id, method, params } = message
    const known = isId(id) ? id : null
    const refuse = (code: ErrorCode, text: string, field: string) => ({
      state,
      effects: [],
      answer: refusal(known, code, text, { field }),
    })
    if (message['jsonrpc'] !== '2.0') return refuse('invalid_request', 'jsonrpc: expected "2.0"', 'jsonrpc')
    if (id !== undefined && !isId(id)) return refuse('invalid_request', 'id: expected a string, a number or null', 'id')
    if (typeof method !== 'string') return refuse('invalid_request', 'method: expected a string', 'method')
    if (params !== undefined && !isRecord(params)) {
      return id === undefined && batch === null
        ? { state, effects: [] }
        : refuse('invalid_params', 'params: expected an object with parameters by name', 'params')
    }

    if (method === 'stream.cancel') {
      const corr = params?.['subscription']
      if (typeof corr !== 'string' || !state.subscriptions.has(corr)) {
        return refuse('not_found', 'subscription: there is no such subscription', 'subscription')
      }
      const subscriptions = new Set(state.subscriptions)
      subscriptions.delete(corr)
      const done = id === undefined ? {} : { answer: { jsonrpc: '2.0', id, result: { subscription: corr } } }
      return { state: { ...state, subscriptions }, effects: [{ type: 'unsubscribe', corr }], ...done }
    }

    const corr = String(state.next)
    const next = state.next + 1
    const input = params ?? {}
    if (isStream(method)) {
      if (id === undefined) return refuse('invalid_request', 'id: a stream needs one', 'id')
      if (state.subscriptions.size >= limits.subscriptions) {
        return refuse('overloaded', `a connection may have at most ${limits.subscriptions} subscriptions`, 'method')
      }
      const calls = new Map(state.calls).set(corr, { id, batch })
      const subscriptions = new Set(state.subscriptions).add(corr)
      return { state: { ...state, next, calls, subscriptions }, effects: [{ type: 'subscribe', corr, command: method, input }] }
    }
    const calls = new Map(state.calls).set(corr, { id, batch })
    return { state: { ...state, next, calls }, effects: [{ type: 'invoke', corr, command: method, input }] }
  }

  function batchOf(state: JsonRpcState, messages: readonly unknown[]): Step {
    if (messages.length === 0) return [state, [write(refusal(null, 'invalid_request', 'a batch has at least one request'))]]
    if (messages.length > limits.batchRequests) {
      return [state, [write(refusal(null, 'too_large', `a batch has at most ${limits.batchRequests} requests`))]]
    }
    const batch = state.next
    let now: JsonRpcState = { ...state, next: state.next + 1 }
    const effects: Effect[] = []
    const answers: object[] = []
    let missing = 0
    for (const message of messages) {
      const { state: after, effects: more, answer } = request(now, message, batch)
      const waits = after.calls.size > now.calls.size && isRecord(message) && message['id'] !== undefined
      if (waits) missing++
      now = after
      effects.push(...more)
      if (answer !== undefined) answers.push(answer)
    }
    if (missing > 0) return [{ ...now, batches: new Map(now.batches).set(batch, { missing, answers }) }, effects]
    return [now, answers.length === 0 ? effects : [...effects, { type: 'write', text: JSON.stringify(answers) }]]
  }

  function replied(state: JsonRpcState, corr: string, reply: Reply): Step {
    const call = state.calls.get(corr)
    if (call === undefined) return [state, []]
    const calls = new Map(state.calls)
    calls.delete(corr)
    let subscriptions = state.subscriptions
    if (!reply.ok && subscriptions.has(corr)) {
      const rest = new Set(subscriptions)
      rest.delete(corr)
      subscriptions = rest
    }
    const now = { ...state, calls, subscriptions }
    if (call.id === undefined) return [now, []]
    const answer = answerOf(call.id, reply.ok && subscriptions.has(corr) ? { ok: true, output: { subscription: corr } } : reply)
    if (call.batch === null) return [now, [write(answer)]]
    const batch = state.batches.get(call.batch)
    if (batch === undefined) return [now, []]
    const batches = new Map(state.batches)
    const answers = [...batch.answers, answer]
    if (batch.missing > 1) return [{ ...now, batches: batches.set(call.batch, { missing: batch.missing - 1, answers }) }, []]
    batches.delete(call.batch)
    return [{ ...now, batches }, [{ type: 'write', text: JSON.stringify(answers) }]]
  }

  /** After the other side's last byte: what was asked is still answered, then the connection closes. */
  const settle = ([state, effects]: Step): Step =>
    state.ended && state.calls.size === 0 ? [state, [...effects, { type: 'close', because: closedByOther }]] : [state, effects]

  function fold(state: JsonRpcState, heard: Heard): Step {
    switch (heard.type) {
      case 'message': {
        if (heard.text.trim() === '') return [state, []]
        let message: unknown
        try {
          message = parseJson(heard.text)
        } catch (error) {
          const known = error instanceof HyphaeError ? error : new HyphaeError('parse_error', 'not valid JSON')
          return [state, [write(refusal(null, known.code, known.message))]]
        }
        if (Array.isArray(message)) return batchOf(state, message)
        const { state: next, effects, answer } = request(state, message, null)
        return [next, answer === undefined ? effects : [...effects, write(answer)]]
      }
      case 'malformed':
        return [state, [write(refusal(null, heard.code, heard.because)), { type: 'close', because: heard.because }]]
      case 'replied':
        return settle(replied(state, heard.corr, heard.reply))
      case 'item': {
        if (!state.subscriptions.has(heard.corr)) return [state, []]
        const params = { subscription: heard.corr, seq: heard.seq, item: heard.item }
        return [state, [write({ jsonrpc: '2.0', method: 'stream.item', params })]]
      }
      case 'streamEnded': {
        if (!state.subscriptions.has(heard.corr)) return [state, []]
        const subscriptions = new Set(state.subscriptions)
        subscriptions.delete(heard.corr)
        const params = { subscription: heard.corr, because: heard.because }
        return settle([{ ...state, subscriptions }, [write({ jsonrpc: '2.0', method: 'stream.end', params })]])
      }
      case 'ended':
        return settle([
          { ...state, ended: true, subscriptions: new Set() },
          Array.from(state.subscriptions, (corr) => ({ type: 'unsubscribe', corr }) as const),
        ])
      case 'opened':
      case 'timer':
        return [state, []]
    }
  }

  return {
    name: 'jsonrpc',
    codec: lines,
    initial: { next: 1, calls: new Map(), batches: new Map(), subscriptions: new Set(), ended: false },
    fold,
    pending: (state) => state.calls.size,
  }
}
