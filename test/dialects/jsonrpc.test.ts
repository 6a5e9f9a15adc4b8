import { describe, expect, test } from 'vitest'
import { jsonrpc } from '../../src/dialects/jsonrpc.ts'
import type { Effect, Heard } from '../../src/protocol/dialect.ts'
import { limits } from '../../src/protocol/limits.ts'
import { complies, fold } from './compliance.ts'

const dialect = jsonrpc({ isStream: (method) => method === 'actor.watch' })
const request = (id: unknown, method: string, params?: unknown): string => JSON.stringify({ jsonrpc: '2.0', id, method, params })

complies({
  dialect,
  request: (n) => request(n, 'system.status'),
  stream: request(1, 'actor.watch'),
  garbage: [
    'status',
    '{',
    '[]',
    '42',
    'null',
    '{}',
    '{"jsonrpc":"1.0","id":1,"method":"system.status"}',
    '{"jsonrpc":"2.0","id":{},"method":"system.status"}',
    '{"jsonrpc":"2.0","id":1,"method":42}',
    '{"jsonrpc":"2.0","id":1,"method":"system.status","params":[1]}',
    '['.repeat(limits.jsonDepth + 1),
    '['.repeat(200_000),
    '{"jsonrpc":"2.0","id":1,"method":"stream.cancel","params":{"subscription":"9"}}',
  ],
})

const message = (text: string): Heard => ({ type: 'message', text })
const answers = (effects: readonly Effect[]): unknown[] =>
  effects.flatMap((effect) => (effect.type === 'write' ? [JSON.parse(effect.text) as unknown] : []))

describe('the examples of the specification', () => {
  test('a call with named parameters', () => {
    const { state, effects } = fold(dialect, [message(request(3, 'subtract', { subtrahend: 23, minuend: 42 }))])
    expect(effects).toEqual([{ type: 'invoke', corr: '1', command: 'subtract', input: { subtrahend: 23, minuend: 42 } }])
    const after = fold(dialect, [{ type: 'replied', corr: '1', reply: { ok: true, output: 19 } }], state)
    expect(answers(after.effects)).toEqual([{ jsonrpc: '2.0', id: 3, result: 19 }])
  })
  test('a notification is carried out and gets no answer', () => {
    const { state, effects } = fold(dialect, [message('{"jsonrpc":"2.0","method":"update","params":{}}')])
    expect(effects).toMatchObject([{ type: 'invoke', command: 'update' }])
    expect(fold(dialect, [{ type: 'replied', corr: '1', reply: { ok: true, output: 1 } }], state).effects).toEqual([])
  })
  test('a method that does not exist', () => {
    const { state } = fold(dialect, [message(request('1', 'foobar'))])
    const reply = { ok: false, error: { code: 'unknown_command', message: 'there is no command "foobar"', data: {} } } as const
    expect(answers(fold(dialect, [{ type: 'replied', corr: '1', reply }], state).effects)).toEqual([
      {
        jsonrpc: '2.0',
        id: '1',
        error: { code: -32601, message: 'there is no command "foobar"', data: { code: 'unknown_command' } },
      },
    ])
  })
  test('invalid JSON', () => {
    expect(
      answers(fold(dialect, [message('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]')]).effects),
    ).toMatchObject([{ jsonrpc: '2.0', id: null, error: { code: -32700 } }])
  })
  test('an invalid request object', () => {
    expect(answers(fold(dialect, [message('{"jsonrpc":"2.0","method":1,"params":"bar"}')]).effects)).toMatchObject([
      { id: null, error: { code: -32600 } },
    ])
  })
  test('an empty batch, and an invalid one', () => {
    expect(answers(fold(dialect, [message('[]')]).effects)).toMatchObject([{ id: null, error: { code: -32600 } }])
    expect(answers(fold(dialect, [message('[1,2,3]')]).effects)).toMatchObject([
      [{ error: { code: -32600 } }, { error: { code: -32600 } }, { error: { code: -32600 } }],
    ])
  })
  test('a mixed batch is answered as one array once all is known', () => {
    const batch = `[${request('1', 'sum')},{"jsonrpc":"2.0","method":"notify"},{"foo":"boo"},${request('9', 'get')}]`
    const { state, effects } = fold(dialect, [message(batch)])
    expect(effects.map(({ type }) => type)).toEqual(['invoke', 'invoke', 'invoke'])
    const corr = effects.map((effect) => (effect.type === 'invoke' ? effect.corr : ''))
    const first = fold(dialect, [{ type: 'replied', corr: corr[2] ?? '', reply: { ok: true, output: 'b' } }], state)
    expect(first.effects).toEqual([])
    const rest = fold(
      dialect,
      [corr[1], corr[0]].map((one) => ({ type: 'replied', corr: one ?? '', reply: { ok: true, output: 'a' } }) as const),
      first.state,
    )
    expect(answers(rest.effects)).toEqual([
      [expect.objectContaining({ id: null }), { jsonrpc: '2.0', id: '9', result: 'b' }, { jsonrpc: '2.0', id: '1', result: 'a' }],
    ])
  })
  test('a batch of notifications gets no answer at all', () => {
    const { state } = fold(dialect, [message('[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","method":"b"}]')])
    const after = fold(
      dialect,
      ['2', '3', '1'].map((corr) => ({ type: 'replied', corr, reply: { ok: true, output: 1 } }) as const),
      state,
    )
    expect(after.effects).toEqual([])
  })
})

test('an error names the field and what was expected', () => {
  expect(answers(fold(dialect, [message('{"jsonrpc":"2.0","id":7,"method":"x","params":[1]}')]).effects)).toEqual([
    {
      jsonrpc: '2.0',
      id: 7,
      error: {
        code: -32602,
        message: 'params: expected an object with parameters by name',
        data: { code: 'invalid_params', field: 'params' },
      },
    },
  ])
})

test('a batch that is too large is refused whole', () => {
  const batch = JSON.stringify(Array.from({ length: limits.batchRequests + 1 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'x' })))
  expect(fold(dialect, [message(batch)]).effects).toMatchObject([{ type: 'write' }])
})

test('subscriptions are counted, and a cancelled one says nothing more', () => {
  const many = Array.from({ length: limits.subscriptions + 1 }, (_, n) => message(request(n, 'actor.watch')))
  const { state, effects } = fold(dialect, many)
  expect(effects.filter(({ type }) => type === 'subscribe')).toHaveLength(limits.subscriptions)
  expect(answers(effects)).toMatchObject([{ error: { data: { code: 'overloaded' } } }])
  const after = fold(
    dialect,
    [message(request(99, 'stream.cancel', { subscription: '1' })), { type: 'item', corr: '1', seq: 1, item: 1 }],
    state,
  )
  expect(after.effects).toMatchObject([{ type: 'unsubscribe', corr: '1' }, { type: 'write' }])
})

test('keys that reach for the prototype are dropped', () => {
  const { effects } = fold(dialect, [
    message('{"jsonrpc":"2.0","id":1,"method":"__proto__","params":{"__proto__":{"polluted":1},"a":1}}'),
  ])
  expect(effects).toEqual([{ type: 'invoke', corr: '1', command: '__proto__', input: { a: 1 } }])
})
