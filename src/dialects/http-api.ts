import { apiMethods, apiPathOf, apiRoot, apiStatusPath, inputSchemaOf } from '../protocol/api.ts'
import { whole } from '../protocol/codec.ts'
import type { Command, Stream } from '../protocol/command.ts'
import type { Dialect, Effect, Heard } from '../protocol/dialect.ts'
import { HyphaeError } from '../protocol/errors.ts'
import { askedIn, type HttpAsked } from '../protocol/exchange.ts'
import { metricsOf } from '../protocol/fleet-metrics.ts'
import { isRecord, parseJson } from '../protocol/json.ts'
import { limits } from '../protocol/limits.ts'
import { closedByOther } from '../protocol/link.ts'
import { nearest } from '../protocol/nearest.ts'
import type { Reply } from '../protocol/reply.ts'
import { end, event, keepAlive, streamHead } from './http-answer.ts'
import { answer, isAccepted, placeOf, refusal } from './http-api/answers.ts'
import { withHeaders } from './http-api/asked-headers.ts'
import { inputOf } from './http-api/query-input.ts'

/**
 * Every command over HTTP, derived from the registry: `GET /api/v1/service/explain?service=web`, `POST
 * /api/v1/service/restart`, and streams as Server-Sent Events. One conversation is one request.
 */

/** What was asked, until it is answered. */
interface Call {
  readonly kind: Command['kind']
  /** Headers of an answer that is no error. */
  readonly headers: Readonly<Record<string, string>>
  readonly wait: unknown
  /** Which header a field of the input came in. */
  readonly from: Readonly<Record<string, string>>
  /** What is shown of the output. */
  readonly shape: (output: unknown) => unknown
  readonly stream: Stream | null
}

export type HttpApiState =
  | { readonly at: 'idle' }
  | { readonly at: 'asked'; readonly call: Call }
  | { readonly at: 'streaming'; readonly stream: Stream | null; readonly place: string | null }
  | { readonly at: 'over' }

export interface HttpApiOptions {
  readonly registry: ReadonlyMap<string, Command>
}

/** It is known at once what is wrong with it. */
class Refused extends Error {
  readonly effects: readonly Effect[]
  constructor(effects: readonly Effect[]) {
    super('refused')
    this.effects = effects
  }
}

/** A conversation has one request, so it needs one name. */
const corr = 'request'
const over = { at: 'over' } as const
const plainly = (output: unknown): unknown => output

function bodyOf(text: string): Readonly<Record<string, unknown>> {
  if (text.trim() === '') return {}
  let body: unknown
  try {
    body = parseJson(text)
  } catch (error) {
    if (!(error instanceof HyphaeError)) throw error
    throw new HyphaeError(error.code, `body: ${error.message}`, { ...error.data, field: 'body' })
  }
  if (!isRecord(body)) throw new HyphaeError('invalid_params', 'body: expected a JSON object', { field: 'body' })
  return body
}

const refuseMethod = (methods: readonly string[]): never => {
  const allow = methods.join(', ')
  const expected = methods.length === 1 ? allow : `one of ${allow}`
  const error = { code: 'invalid_request', message: `method: expected ${expected}`, data: { field: 'method' } } as const
  throw new Refused(refusal(error, { headers: { allow }, status: 405 }))
}

export function httpApi({ registry }: HttpApiOptions): Dialect<HttpApiState> {
  type Step = readonly [HttpApiState, readonly Effect[]]

  function commandAt(path: string): Command {
    const name = path.slice(apiRoot.length + 1).replace('/', '.')
    const command = registry.get(name)
    if (command !== undefined && apiPathOf(name) === path) return command
    const near = nearest(name, registry.keys())
    const hint = near === undefined ? '/api lists what there is' : `did you mean ${apiPathOf(near)}?`
    throw new HyphaeError('unknown_command', `there is no command at this path; ${hint}`, { nearest: near ?? null })
  }

  /** Out of the query string or out of the body, never out of both. */
  function givenIn({ method, query, body }: HttpAsked, command: Command): Readonly<Record<string, unknown>> {
    const schema = inputSchemaOf(command)
    if (method !== 'POST') {
      if (body !== '')
        throw new HyphaeError('invalid_request', `body: a ${method} takes its input from the query`, { field: 'body' })
      return inputOf(query, schema)
    }
    const [first] = query
    if (first !== undefined) {
      const [name] = first
      const message = `${JSON.stringify(name.slice(0, 100))}: a POST takes its input from its body, and nothing from the query`
      throw new HyphaeError('invalid_params', message, { field: name.slice(0, 100) })
    }
    return bodyOf(body)
  }

  function resumedAt(command: Stream, place: string | undefined): Readonly<Record<string, unknown>> {
    if (place === undefined || place === '' || command.resumable === undefined) return {}
    const input = command.resumable.input(place)
    if (input !== undefined) return input
    const message = 'last-event-id: expected the id of an event of this stream'
    throw new HyphaeError('invalid_params', message, { field: 'last-event-id' })
  }

  function ask(asked: HttpAsked): Step {
    const { method, path, headers } = asked
    const usual = { headers: {}, wait: undefined, from: {}, shape: plainly, stream: null }
    if (path === apiStatusPath) {
      if (method !== 'GET' && method !== 'HEAD') refuseMethod(['GET', 'HEAD'])
      inputOf(asked.query, {})
      const call = { ...usual, kind: 'query', shape: metricsOf } as const
      return [{ at: 'asked', call }, [{ type: 'invoke', corr, command: 'system.status', input: {} }]]
    }
    const command = commandAt(path)
    const { name, kind } = command
    if (!apiMethods[kind].includes(method)) refuseMethod(apiMethods[kind])
    const given = givenIn(asked, command)
    switch (kind) {
      case 'query':
        return [{ at: 'asked', call: { ...usual, kind } }, [{ type: 'invoke', corr, command: name, input: given }]]
      case 'mutation': {
        const { input, headers: told, from } = withHeaders(given, headers)
        const call = { ...usual, kind, headers: told, wait: input['wait'], from }
        return [{ at: 'asked', call }, [{ type: 'invoke', corr, command: name, input }]]
      }
      case 'stream': {
        const input = { ...given, ...resumedAt(command, headers['last-event-id']) }
        return [{ at: 'asked', call: { ...usual, kind, stream: command } }, [{ type: 'subscribe', corr, command: name, input }]]
      }
    }
  }

  function begin(text: string): Step {
    try {
      const asked = askedIn(text)
      if (asked === undefined) throw new HyphaeError('invalid_request', 'expected a request')
      return ask(asked)
    } catch (error) {
      if (error instanceof Refused) return [over, error.effects]
      if (!(error instanceof HyphaeError)) throw error
      const { code, message, data } = error
      return [over, refusal({ code, message, data })]
    }
  }

  function replied({ kind, headers, wait, from, shape, stream }: Call, reply: Reply): Step {
    if (!reply.ok) {
      const { code, message, data } = reply.error
      const header = typeof data['field'] === 'string' ? from[data['field']] : undefined
      return [over, refusal({ code, message: header === undefined ? message : `${header}: ${message}`, data })]
    }
    if (kind === 'stream') {
      const timer = { type: 'timer', id: corr, ms: limits.streamKeepAlive } as const
      return [{ at: 'streaming', stream, place: null }, [streamHead(), timer]]
    }
    if (kind === 'query') return [over, answer(200, shape(reply.output))]
    const accepted = isAccepted(reply.output, wait)
    return [over, answer(accepted ? 202 : 200, reply.output, accepted ? { ...headers, ...placeOf(reply.output) } : headers)]
  }

  function fold(state: HttpApiState, heard: Heard): Step {
    switch (heard.type) {
      case 'message':
        return state.at === 'idle' ? begin(heard.text) : [state, []]
      case 'malformed':
        return state.at === 'idle'
          ? [over, refusal({ code: heard.code, message: heard.because, data: {} }, { because: heard.because })]
          : [state, [{ type: 'close', because: heard.because }]]
      case 'replied':
        return state.at === 'asked' && heard.corr === corr ? replied(state.call, heard.reply) : [state, []]
      case 'item': {
        if (state.at !== 'streaming' || heard.corr !== corr) return [state, []]
        const place = state.stream?.resumable?.place(state.place, heard.item) ?? null
        return [{ ...state, place }, [event(heard.item, place)]]
      }
      case 'streamEnded':
        return state.at === 'streaming' && heard.corr === corr ? [over, end(heard.because)] : [state, []]
      case 'timer':
        if (state.at !== 'streaming') return [state, []]
        return [state, [keepAlive(), { type: 'timer', id: corr, ms: limits.streamKeepAlive }]]
      case 'ended':
        // The request is said; whoever asked still listens.
        return state.at === 'idle' ? [over, [{ type: 'close', because: closedByOther }]] : [state, []]
      case 'opened':
        return [state, []]
    }
  }

  return {
    name: 'http-api',
    codec: whole,
    initial: { at: 'idle' },
    fold,
    pending: (state) => (state.at === 'asked' ? 1 : 0),
  }
}
