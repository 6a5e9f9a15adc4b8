import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Dialect, Effect, Heard } from '../../src/protocol/dialect.ts'
import { limits } from '../../src/protocol/limits.ts'

/** What every dialect must do, whatever its words. A dialect's test file gives samples of them and calls this. */
export interface DialectSamples<State> {
  readonly dialect: Dialect<State>
  /** A message that invokes one command and wants an answer. `n` tells requests apart. */
  request(n: number): string
  /** A message that opens a stream, where the dialect has them. */
  readonly stream?: string
  readonly garbage: readonly string[]
  /** Answers leave in the order of the requests: one that is known waits, and counts, behind one that is not. */
  readonly inOrder?: boolean
}

/** Folds over a list and gathers the effects. */
export function fold<State>(
  dialect: Dialect<State>,
  heard: readonly Heard[],
  from: State = dialect.initial,
): { state: State; effects: Effect[] } {
  let state = from
  const effects: Effect[] = []
  for (const one of heard) {
    const [next, more] = dialect.fold(state, one)
    state = next
    effects.push(...more)
  }
  return { state, effects }
}

const message = (text: string): Heard => ({ type: 'message', text })
const ok = (corr: string, output: unknown = {}): Heard => ({ type: 'replied', corr, reply: { ok: true, output } })
const invoked = (effects: readonly Effect[]) => effects.filter((effect) => effect.type === 'invoke')
const written = (effects: readonly Effect[]) => effects.filter((effect) => effect.type === 'write')
const freeze = (value: unknown): unknown => {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value)
    for (const inner of Object.values(value)) freeze(inner)
  }
  return value
}

export function complies<State>({ dialect, request, stream, garbage, inOrder = false }: DialectSamples<State>): void {
  describe(`${dialect.name} is a dialect`, () => {
    test('it is a pure fold: the same conversation gives the same effects, and no state is changed in place', () => {
      const conversation: Heard[] = [message(request(1)), message(request(2)), message(garbage[0] ?? ''), { type: 'ended' }]
      const states: State[] = [freeze(dialect.initial) as State]
      for (const heard of conversation) {
        const [next] = dialect.fold(states.at(-1) as State, heard)
        states.push(freeze(next) as State)
      }
      expect(fold(dialect, conversation)).toEqual(fold(dialect, conversation))
    })

    test('a request becomes one invocation, and its answer one message', () => {
      const { state, effects } = fold(dialect, [message(request(1))])
      const [call] = invoked(effects)
      expect(invoked(effects)).toHaveLength(1)
      expect(dialect.pending(state)).toBe(1)
      const after = fold(dialect, [ok(call?.corr ?? '')], state)
      expect(written(after.effects)).toHaveLength(1)
      expect(dialect.pending(after.state)).toBe(0)
    })

    test('requests have correlations of their own, and each answer comes once', () => {
      const { state, effects } = fold(
        dialect,
        [1, 2, 3, 4, 5].map((n) => message(request(n))),
      )
      const correlations = invoked(effects).map(({ corr }) => corr)
      expect(new Set(correlations).size).toBe(correlations.length)
      const answers = correlations.flatMap((corr) => [ok(corr), ok(corr)])
      expect(written(fold(dialect, answers, state).effects)).toHaveLength(correlations.length)
    })

    test('an answer to nobody says nothing', () => {
      expect(fold(dialect, [ok('never-asked'), { type: 'item', corr: 'never-asked', seq: 1, item: {} }]).effects).toEqual([])
    })

    test.each(garbage)('garbage is answered or ignored, never invoked: %j', (text) => {
      const { effects } = fold(dialect, [message(text)])
      expect(invoked(effects)).toEqual([])
      for (const effect of written(effects)) expect(effect.text).not.toMatch(/\bat .*\.(ts|js):\d+/)
    })

    test('after garbage the conversation goes on, or is closed with a reason', () => {
      for (const text of garbage) {
        const { effects } = fold(dialect, [message(text), message(request(1))])
        expect(invoked(effects).length + effects.filter(({ type }) => type === 'close').length).toBeGreaterThan(0)
      }
    })

    test('what the codec refuses closes the connection with a reason', () => {
      const { effects } = fold(dialect, [{ type: 'malformed', code: 'too_large', because: 'a line is too long' }])
      expect(effects.at(-1)).toEqual({ type: 'close', because: 'a line is too long' })
    })

    test('after the last byte of the other side what was asked is answered, then it closes', () => {
      const { state, effects } = fold(dialect, [message(request(1)), { type: 'ended' }])
      expect(effects.some(({ type }) => type === 'close')).toBe(false)
      const after = fold(dialect, [ok(invoked(effects)[0]?.corr ?? '')], state)
      expect(after.effects.map(({ type }) => type)).toEqual(['write', 'close'])
      expect(fold(dialect, [{ type: 'ended' }]).effects.map(({ type }) => type)).toEqual(['close'])
    })

    test('a failure carries its message and shows no stack', () => {
      const { state, effects } = fold(dialect, [message(request(1))])
      const reply = { ok: false, error: { code: 'not_found', message: 'there is no service "x"', data: {} } } as const
      const after = fold(dialect, [{ type: 'replied', corr: invoked(effects)[0]?.corr ?? '', reply }], state)
      expect(written(after.effects)[0]?.text).toContain('there is no service')
    })

    test.skipIf(stream === undefined)('a stream tells its items in order, then its end, then nothing', () => {
      const { state, effects } = fold(dialect, [message(stream ?? '')])
      const corr = effects.find((effect) => effect.type === 'subscribe')?.corr ?? ''
      const after = fold(
        dialect,
        [
          ok(corr, null),
          { type: 'item', corr, seq: 1, item: 'one' },
          { type: 'item', corr, seq: 2, item: 'two' },
          { type: 'streamEnded', corr, because: 'over' },
          { type: 'item', corr, seq: 3, item: 'three' },
        ],
        state,
      )
      const texts = written(after.effects).map(({ text }) => text)
      expect(texts).toHaveLength(4)
      expect(texts[1]).toContain('one')
      expect(texts[2]).toContain('two')
      expect(texts[3]).toContain('over')
    })

    test('no text whatever makes it throw, and it never asks for more than is allowed', () => {
      fc.assert(
        fc.property(
          fc.array(fc.oneof(fc.string(), fc.json(), fc.constantFrom(...garbage, request(1))), { maxLength: 20 }),
          (texts) => {
            const { state, effects } = fold(dialect, texts.map(message))
            const asked = invoked(effects).length + effects.filter(({ type }) => type === 'subscribe').length
            expect(dialect.pending(state)).toBeLessThanOrEqual(inOrder && asked > 0 ? texts.length : asked)
            expect(invoked(effects).length).toBeLessThanOrEqual(texts.length * limits.batchRequests)
          },
        ),
      )
    })
  })
}
