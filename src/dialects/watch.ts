import { whole } from '../protocol/codec.ts'
import type { Dialect, Effect, Heard } from '../protocol/dialect.ts'
import { errorCodes, type ErrorCode } from '../protocol/errors.ts'
import type { HttpAsked, HttpHead } from '../protocol/exchange.ts'
import type { HealthReport } from '../protocol/health.ts'
import { closedByOther } from '../protocol/link.ts'

/** What those ask who watch us from outside: `/metrics`, and `/healthz` and `/readyz` with all they say. One request, one answer. */

interface WatchState {
  /** What is under way; null: nothing. */
  readonly path: string | null
}

const commandOf: Readonly<Record<string, string>> = {
  '/metrics': 'system.metrics',
  '/healthz': 'system.health',
  '/readyz': 'system.health',
}

const failure = (code: ErrorCode, message: string): string => `${JSON.stringify({ error: { code, message } })}\n`

const json = { 'content-type': 'application/json', 'cache-control': 'no-store' }
const answer = (head: HttpHead): readonly Effect[] => [
  { type: 'write', text: JSON.stringify(head) },
  { type: 'close', because: closedByOther },
]
const refuse = (code: ErrorCode, message: string): readonly Effect[] =>
  answer({ status: errorCodes[code].status, headers: json, body: failure(code, message) })

function told(path: string, output: unknown): readonly Effect[] {
  if (path === '/metrics') {
    const { content_type, text } = output as { readonly content_type: string; readonly text: string }
    return answer({ status: 200, headers: { 'content-type': content_type, 'cache-control': 'no-store' }, body: text })
  }
  const report = output as HealthReport
  const well = path === '/healthz' ? report.live : report.ready
  return answer({ status: well ? 200 : 503, headers: json, body: `${JSON.stringify(report)}\n` })
}

function fold(state: WatchState, heard: Heard): readonly [WatchState, readonly Effect[]] {
  switch (heard.type) {
    case 'message': {
      const { path } = JSON.parse(heard.text) as HttpAsked
      const command = commandOf[path]
      if (command === undefined) return [state, refuse('not_found', 'there is nothing at this path')]
      return [{ path }, [{ type: 'invoke', corr: path, command, input: {} }]]
    }
    case 'malformed':
      return [state, refuse(heard.code, heard.because)]
    case 'replied': {
      const { reply } = heard
      const effects = reply.ok ? told(heard.corr, reply.output) : refuse(reply.error.code, reply.error.message)
      return [{ path: null }, effects]
    }
    case 'opened':
    case 'item':
    case 'streamEnded':
    case 'timer':
    case 'ended':
      return [state, []]
  }
}

export const watch: Dialect<WatchState> = {
  name: 'watch',
  codec: whole,
  initial: { path: null },
  fold,
  pending: ({ path }) => (path === null ? 0 : 1),
}
