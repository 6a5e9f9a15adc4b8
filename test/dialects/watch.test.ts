import { expect, test } from 'vitest'
import { watch } from '../../src/dialects/watch.ts'
import type { Effect, Heard } from '../../src/protocol/dialect.ts'
import type { HttpHead } from '../../src/protocol/exchange.ts'
import type { Reply } from '../../src/protocol/reply.ts'
import { fold } from './compliance.ts'

const asked = (path: string, method = 'GET'): Heard => ({
  type: 'message',
  text: JSON.stringify({ method, path, query: [], headers: {}, body: '' }),
})
const heads = (effects: readonly Effect[]): HttpHead[] =>
  effects.flatMap((effect) => (effect.type === 'write' ? [JSON.parse(effect.text) as HttpHead] : []))

/** One whole exchange. */
function exchanged(path: string, reply: Reply) {
  const { state, effects } = fold(watch, [{ type: 'opened', authenticated: true }, asked(path), { type: 'ended' }])
  expect(watch.pending(state)).toBe(1)
  const invoke = effects.find((effect) => effect.type === 'invoke')
  const { state: after, effects: more } = fold(watch, [{ type: 'replied', corr: invoke?.corr ?? '', reply }], state)
  expect(watch.pending(after)).toBe(0)
  expect(more.map(({ type }) => type)).toEqual(['write', 'close'])
  return { command: invoke?.command, head: heads(more)[0] }
}

test('figures are sent as they are', () => {
  const output = { content_type: 'text/plain; version=0.0.4', text: 'a 1\n' }
  expect(exchanged('/metrics', { ok: true, output })).toEqual({
    command: 'system.metrics',
    head: { status: 200, headers: { 'content-type': output.content_type }, body: output.text },
  })
})

test.each([
  ['/healthz', { live: true, ready: false }, 200],
  ['/readyz', { live: true, ready: false }, 503],
  ['/healthz', { live: false, ready: false }, 503],
  ['/readyz', { live: true, ready: true }, 200],
])('%s with %j is %i', (path, output, status) => {
  const { command, head } = exchanged(path, { ok: true, output })
  expect(command).toBe('system.health')
  expect(head?.status).toBe(status)
  expect(JSON.parse(head?.body ?? '')).toEqual(output)
})

test('a refusal has its status and says why', () => {
  const error = { code: 'forbidden', message: 'no', data: {} } as const
  const { head } = exchanged('/metrics', { ok: false, error })
  expect(head).toMatchObject({ status: 403, body: '{"error":{"code":"forbidden","message":"no"}}\n' })
})

test('what is at no path of ours, or cannot be read, is refused', () => {
  expect(heads(fold(watch, [asked('/elsewhere')]).effects)[0]).toMatchObject({ status: 404 })
  const malformed = fold(watch, [{ type: 'malformed', code: 'too_large', because: 'too much' }])
  expect(heads(malformed.effects)[0]).toMatchObject({ status: 413 })
})
