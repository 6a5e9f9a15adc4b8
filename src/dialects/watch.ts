import { whole } from '../protocol/codec.ts'
import type { Dialect, Effect, Heard } from '../protocol/dialect.ts'
import { errorCodes, type ErrorCode } from '../protocol/errors.ts'
import { askedIn } from '../protocol/exchange.ts'
import type { HealthReport } from '../protocol/health.ts'
import { answered } from './http-answer.ts'

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

const json = { 'content-type': 'application/json' }
const refuse = (code: ErrorCode, message: string): readonly Effect[] =>
  answered(errorCodes[code].status, json, failure(code, message))

function told(path: string, output: unknown): readonly Effect[] {
  if (path === '/metrics') {
    const { content_type, text } = output as { readonly content_type: string; readonly text: string }
    return answered(200, { 'content-type': content_type }, text)
  }
  const report = output as HealthReport
  const well = path === '/healthz' ? report.live : report.ready
  return answered(well ? 200 : 503, json, `${JSON.stringify(report)}\n`)
}

function fold(state: WatchState, heard: Heard): readonly [WatchState, readonly Effect[]] {
  switch (heard.type) {
    case 'message': {
      const path = askedIn(heard.text)?.path ?? ''
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
