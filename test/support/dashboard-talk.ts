import { dashboard } from '../../src/dialects/dashboard.ts'
import type { DashboardParts } from '../../src/dialects/dashboard/turns.ts'
import type { Effect, Heard } from '../../src/protocol/dialect.ts'
import type { ErrorCode } from '../../src/protocol/errors.ts'
import type { HttpAsked, HttpHead } from '../../src/protocol/exchange.ts'
import type { Reply } from '../../src/protocol/reply.ts'
import { fold } from '../dialects/compliance.ts'

/** Requests to the dashboard API without a socket, and what the gateway says in them. */

export const timestamp = '2026-11-21T01:44:20.233751500+00:00'
export const dialectOf = (parts: Partial<DashboardParts> = {}) =>
  dashboard({
    now: () => timestamp,
    defaultService: () => 'magictunnel',
    makeTargets: () => ['build', 'clean'],
    environment: () => ({}),
    ...parts,
  })

export const asked = (method: string, path: string, body: unknown = ''): Heard => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const request: HttpAsked = { method, path: `/dashboard/api/${path}`, query: [], headers: {}, body: text }
  return { type: 'message', text: JSON.stringify(request) }
}
export const ok = (output: unknown): Reply => ({ ok: true, output })
export const no = (code: ErrorCode, message: string, data: Readonly<Record<string, unknown>> = {}): Reply => ({
  ok: false,
  error: { code, message, data },
})

/** A `system.status` of one service, as far as it matters here. */
export const standing = (status = 'running', services: Readonly<Record<string, object>> = {}): Reply =>
  ok({
    supervisor: { status, version: '1.2.3', uptime: 187 },
    services,
    groups: {},
    listeners: [{ name: 'supervisor', address: '127.0.0.1:8081' }],
  })

/** One request, and a reply to each call that follows from it. */
export function talk(request: Heard, replies: readonly Reply[] = [], dialect = dialectOf()) {
  let { state, effects } = fold(dialect, [request, { type: 'ended' }])
  const all: Effect[] = [...effects]
  for (const reply of replies) {
    const waiting = all.findLast((effect) => effect.type === 'invoke' || effect.type === 'subscribe')
    ;({ state, effects } = fold(dialect, [{ type: 'replied', corr: waiting?.corr ?? '', reply }], state))
    all.push(...effects)
  }
  const calls = all.flatMap((effect) =>
    effect.type === 'invoke' || effect.type === 'subscribe' ? [{ command: effect.command, input: effect.input }] : [],
  )
  const [first] = all.flatMap((effect) => (effect.type === 'write' ? [effect.text] : []))
  const head = first === undefined ? undefined : (JSON.parse(first) as HttpHead)
  const isJson = head?.headers['content-type'] === 'application/json'
  return {
    state,
    dialect,
    effects: all,
    calls,
    status: head?.status,
    headers: head?.headers,
    body: isJson ? (JSON.parse(head?.body ?? '') as Record<string, unknown>) : head?.body,
  }
}

/** The look at the fleet that comes before whatever changes something. */
export const look = { command: 'system.status', input: { services: [] } }
/** A command as the dashboard writes it, as the gateway takes it, and what came of it. */
export const spec = { command_type: 'make', command: 'clean', is_safe: true }
export const program = { type: 'make', command: 'clean', is_safe: true }
export const result = {
  program,
  success: true,
  exit_code: 0,
  stdout: 'ok\n',
  stderr: '',
  execution_time_ms: 5,
  error_message: null,
}
