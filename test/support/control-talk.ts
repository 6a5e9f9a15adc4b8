import { magictunnel, type MagicTunnelOptions } from '../../src/dialects/magictunnel.ts'
import type { Effect, Heard } from '../../src/protocol/dialect.ts'
import type { ErrorCode } from '../../src/protocol/errors.ts'
import { limits } from '../../src/protocol/limits.ts'
import { fold } from '../dialects/compliance.ts'

/** Conversations on the control port without a socket, and what the gateway says in them. */

export const timestamp = '2026-11-21T01:44:20.233751500+00:00'
export const dialectOf = (options: Partial<MagicTunnelOptions> = {}) =>
  magictunnel({ now: () => timestamp, defaultService: () => 'magictunnel', isAllowed: () => true, ...options })
export const dialect = dialectOf()
export const wait = limits.controlAnswerTime

export const message = (text: string): Heard => ({ type: 'message', text })
export const line = (text: string): Heard => message(`${text}\n`)
export const ok = (corr: string, output: unknown): Heard => ({ type: 'replied', corr, reply: { ok: true, output } })
export const failed = (corr: string, code: ErrorCode, because: string, data: Readonly<Record<string, unknown>> = {}): Heard => ({
  type: 'replied',
  corr,
  reply: { ok: false, error: { code, message: because, data } },
})
interface Answer {
  readonly success: boolean
  readonly message: string
  readonly data: unknown
  readonly timestamp: string
}
export const answers = (effects: readonly Effect[]): Answer[] =>
  effects.flatMap((effect) => (effect.type === 'write' ? [JSON.parse(effect.text) as Answer] : []))
export const calls = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.type === 'invoke' ? [{ command: effect.command, input: effect.input }] : []))
export const kinds = (effects: readonly Effect[]): string[] => effects.map(({ type }) => type).filter((type) => type !== 'timer')
export const timers = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.type === 'timer' && effect.id !== 'idle' ? [{ id: effect.id, ms: effect.ms }] : []))

/** One line, then what the gateway says to each call that follows from it. */
export function talk(text: string, replies: ReadonlyArray<(corr: string) => Heard>, spoken = dialect) {
  let { state, effects } = fold(spoken, [line(text)])
  const all = [...effects]
  for (const reply of replies) {
    const corr = all.findLast((effect) => effect.type === 'invoke')?.corr ?? ''
    ;({ state, effects } = fold(spoken, [reply(corr)], state))
    all.push(...effects)
  }
  return { state, effects: all, calls: calls(all), answer: answers(all)[0] }
}
export const saying = (output: unknown) => (corr: string) => ok(corr, output)
export const failing =
  (code: ErrorCode, because: string, data: Readonly<Record<string, unknown>> = {}) =>
  (corr: string) =>
    failed(corr, code, because, data)

export const running = {
  status: 'running',
  pid: 15329,
  uptime: 2,
  memory_mb: 48.1,
  cpu_percent: 3,
  restart_count: 0,
  state: 'healthy',
  args: ['--config', 'magictunnel-config.yaml', '--log-level', 'info'],
  last_restart: null,
}
export const statusOf = (service: object = running, name = 'magictunnel') => ({
  supervisor: { status: 'running', uptime: 60, managed_services: 1, pid: 1, version: '1', warnings: [] },
  services: { [name]: service },
  listeners: [],
})
export const processStatus = {
  args: ['--config', 'magictunnel-config.yaml', '--log-level', 'info'],
  health_status: 'healthy',
  last_restart: null,
  pid: 15329,
  restart_count: 0,
  status: 'running',
  uptime_seconds: 2,
}
export const result = (outcome: string, more: object = {}) => ({
  results: [{ service: 'magictunnel', outcome, state: 'probing', pid: 7, because: null, workflow: 'restart.1', ...more }],
})
export const said = (success: boolean, text: string, data: unknown = null) => ({ success, message: text, data, timestamp })
