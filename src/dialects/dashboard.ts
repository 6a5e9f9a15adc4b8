import { whole } from '../protocol/codec.ts'
import type { Dialect, Effect, Heard } from '../protocol/dialect.ts'
import { errorCodes } from '../protocol/errors.ts'
import { askedIn } from '../protocol/exchange.ts'
import { limits } from '../protocol/limits.ts'
import type { Reply } from '../protocol/reply.ts'
import { scriptOf } from './dashboard/routes.ts'
import { answered, end, event, keepAlive, streamHead } from './http-answer.ts'
import type { Answer, DashboardParts, Script, Turn } from './dashboard/turns.ts'

/**
 * The REST interface of MagicTunnel's web dashboard, below /dashboard/api: one HTTP request, one answer in the original's
 * shape, or a stream of events. What each route asks of the gateway stands in a file of its own.
 */

export interface DashboardState {
  /** What is to be done; null before there is a request. */
  readonly script: Script | null
  readonly replies: readonly Reply[]
  /** The call whose reply is next. */
  readonly corr: string | null
  /** The answer is a stream: once it was opened its items are written. */
  readonly stream: 'none' | 'asked' | 'open'
  readonly closed: boolean
}

type Step = readonly [DashboardState, readonly Effect[]]

const initial: DashboardState = { script: null, replies: [], corr: null, stream: 'none', closed: false }
const stayAlive: Effect = { type: 'timer', id: 'alive', ms: limits.streamKeepAlive }

function written({ status, body, headers = {} }: Answer, because?: string): readonly Effect[] {
  const text = typeof body === 'string'
  const type = text ? 'text/plain; charset=utf-8' : 'application/json'
  return answered(status, { 'content-type': type, ...headers }, text ? body : JSON.stringify(body), because)
}

export function dashboard(parts: DashboardParts): Dialect<DashboardState> {
  const over = (state: DashboardState): DashboardState => ({ ...state, script: null, closed: true })
  const refusal = (status: number, code: string, message: string): Answer => ({
    status,
    body: { status: 'error', code, message, field: 'body', timestamp: parts.now() },
  })
  const leave = (state: DashboardState, answer: Answer, because?: string): Step => [over(state), written(answer, because)]

  /** What the script wants next. */
  function proceed(state: DashboardState): Step {
    const { script, replies } = state
    if (script === null) return [state, []]
    const turn: Turn = script(replies)
    const corr = String(replies.length + 1)
    switch (turn.kind) {
      case 'answer':
        return leave(state, turn.answer)
      case 'call':
        return [{ ...state, corr }, [{ type: 'invoke', corr, ...turn.call }]]
      case 'follow':
        return [{ ...state, corr, stream: 'asked' }, [{ type: 'subscribe', corr, ...turn.call }]]
    }
  }

  function replied(state: DashboardState, reply: Reply): Step {
    if (state.stream === 'open') return [state, []]
    if (state.stream === 'asked' && reply.ok) return [{ ...state, stream: 'open' }, [streamHead(), stayAlive]]
    return proceed({ ...state, corr: null, stream: 'none', replies: [...state.replies, reply] })
  }

  function fold(state: DashboardState, heard: Heard): Step {
    if (state.closed) return [state, []]
    switch (heard.type) {
      case 'message': {
        if (state.script !== null) return [state, []]
        const asked = askedIn(heard.text)
        if (asked === undefined) return leave(state, refusal(400, 'invalid_request', 'body: expected an HTTP request'))
        return proceed({ ...state, script: scriptOf(asked, parts) })
      }
      case 'malformed':
        return leave(state, refusal(errorCodes[heard.code].status, heard.code, heard.because), heard.because)
      case 'replied':
        return heard.corr === state.corr ? replied(state, heard.reply) : [state, []]
      case 'item':
        return heard.corr === state.corr && state.stream === 'open' ? [state, [event(heard.item, null)]] : [state, []]
      case 'streamEnded': {
        if (heard.corr !== state.corr || state.stream !== 'open') return [state, []]
        return [over(state), end(heard.because)]
      }
      case 'timer':
        return state.stream === 'open' ? [state, [keepAlive(), stayAlive]] : [state, []]
      // Each request ends with its body; who asked listens on.
      case 'ended':
        return state.script === null ? [over(state), [{ type: 'close', because: 'nothing was asked' }]] : [state, []]
      case 'opened':
        return [state, []]
    }
  }

  return {
    name: 'dashboard',
    codec: whole,
    initial,
    fold,
    pending: ({ corr, stream }) => (corr === null || stream === 'open' ? 0 : 1),
  }
}
