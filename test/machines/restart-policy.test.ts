import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backoff, decideRestart, withoutLast } from '../../src/machines/restart-policy.ts'
import type { Exit } from '../../src/protocol/exit.ts'
import { noHistory, type RestartHistory } from '../../src/protocol/restart.ts'
import type { RestartPolicyName } from '../../src/protocol/service.ts'
import { endedBy as ended, policy, specOf } from '../support/specs.ts'

const clean: Exit = { kind: 'exited', code: 0 }
const failed: Exit = { kind: 'exited', code: 1 }
const killed: Exit = { kind: 'signalled', signal: 'SIGKILL' }

describe('the restart table (permanent, transient and temporary of OTP)', () => {
  const table: ReadonlyArray<readonly [RestartPolicyName, Exit, string]> = [
    ['always', clean, 'restart'],
    ['always', failed, 'restart'],
    ['always', killed, 'restart'],
    ['on_failure', clean, 'stopped'],
    ['on_failure', failed, 'restart'],
    ['on_failure', killed, 'restart'],
    ['never', clean, 'stopped'],
    ['never', failed, 'failed'],
    ['never', killed, 'failed'],
  ]
  test.each(table)('%s after %o: %s', (name, exit, kind) => {
    expect(decideRestart(specOf({ restart: { policy: name } }), noHistory, ended(exit)).decision.kind).toBe(kind)
  })
})

test('a reason names the exit, which restart it is, of how many, and when', () => {
  const rules = specOf({ restart: { maxRestarts: 10, delay: 1_000 } })
  const second: RestartHistory = { restarts: [1, 2], streak: 2 }
  expect(decideRestart(rules, second, ended(failed)).decision).toEqual({
    kind: 'restart',
    because: 'exited with code 1; restart 3 of 10, in 4 s',
    delay: 4_000,
    attempt: 3,
  })
})

test('a one-shot that succeeds is completed, one that fails follows its policy', () => {
  const rules = specOf({ oneShot: true, restart: { policy: 'on_failure' } })
  expect(decideRestart(rules, noHistory, ended(clean)).decision.kind).toBe('completed')
  expect(decideRestart(rules, noHistory, ended(failed)).decision.kind).toBe('restart')
})

test('exit codes that the config calls a success are one (process-compose: TestSystem_TestSuccessExitCodes)', () => {
  const rules = specOf({ successCodes: [0, 3], restart: { policy: 'on_failure' } })
  expect(decideRestart(rules, noHistory, ended({ kind: 'exited', code: 3 })).decision.kind).toBe('stopped')
})

test('an end that we brought about is no success, whatever the exit code', () => {
  const rules = specOf({ oneShot: true, restart: { policy: 'on_failure' } })
  const { decision } = decideRestart(rules, noHistory, ended(clean, { because: 'was not ready within 1 min', readyAt: null }))
  expect(decision).toMatchObject({ kind: 'restart', because: 'was not ready within 1 min; restart 1 of 3, in 1 s' })
})

test('a program that cannot be spawned fails at once, unless what it lacked may come back', () => {
  const lasting: Exit = { kind: 'unspawnable', because: 'no such file', passing: false }
  expect(decideRestart(specOf(), noHistory, ended(lasting)).decision).toEqual({
    kind: 'failed',
    because: 'could not be started: no such file',
  })
  const passing = ended({ ...lasting, because: 'spawn EAGAIN', passing: true })
  expect(decideRestart(specOf(), noHistory, passing).decision.kind).toBe('restart')
})

test('what a program could not be spawned for costs it no restarts, and is tried again soon, however often', () => {
  const passing = ended({ kind: 'unspawnable', because: 'spawn EAGAIN', passing: true }, { readyAt: null })
  const rules = specOf({ restart: { maxRestarts: 3, delay: 0, maxDelay: 600_000 } })
  const before = { restarts: [1, 2, 3], streak: 3 }
  expect(decideRestart(rules, before, passing)).toEqual({
    decision: {
      kind: 'restart',
      because: 'could not be started: spawn EAGAIN; tried again in 1 s, as often as it takes',
      delay: 1_000,
      attempt: 4,
    },
    history: before,
  })
})

test('a settled service restarts at once and counts from the start again', () => {
  const { decision, history } = decideRestart(specOf(), { restarts: [1, 2, 3], streak: 3 }, ended(failed, { readyAt: 90_000 }))
  expect(decision).toMatchObject({
    kind: 'restart',
    delay: 0,
    attempt: 1,
    because: 'exited with code 1; restart 1 of 3, at once',
  })
  expect(history).toEqual({ restarts: [100_000], streak: 1 })
})

test('time before it was ready does not settle it', () => {
  const { decision } = decideRestart(specOf(), noHistory, ended(failed, { at: 500_000, readyAt: null }))
  expect(decision).toMatchObject({ delay: 1_000 })
})

test('it gives up after max_restarts since the last stable run, and says so', () => {
  const { decision } = decideRestart(specOf(), { restarts: [1, 2, 3], streak: 3 }, ended(failed))
  expect(decision).toEqual({
    kind: 'gaveUp',
    because: 'exited with code 1; gave up after 3 restarts (max_restarts: 3)',
    restarts: 3,
  })
})

test('deaths further apart than the window never add up (OTP multiple_restarts)', () => {
  const rules = specOf({ restart: { window: 5_000, stableUptime: 1_000_000 } })
  let history = noHistory
  for (let at = 0; at < 100_000; at += 2_000) {
    const { decision, history: next } = decideRestart(rules, history, ended(failed, { at, readyAt: at - 1 }))
    expect(decision.kind).toBe('restart')
    history = next
  }
})

test('within the window they do add up', () => {
  const rules = specOf({ restart: { window: 5_000, stableUptime: 1_000_000 } })
  let history = noHistory
  const kinds = [0, 1_000, 2_000, 3_000].map((at) => {
    const { decision, history: next } = decideRestart(rules, history, ended(failed, { at }))
    history = next
    return decision.kind
  })
  expect(kinds).toEqual(['restart', 'restart', 'restart', 'gaveUp'])
})

test('without a limit it never gives up and keeps nothing that grows', () => {
  const rules = specOf({ restart: { maxRestarts: null } })
  let history = noHistory
  for (let n = 1; n < 5_000; n++) {
    const result = decideRestart(rules, history, ended(failed))
    expect(result.decision).toMatchObject({ kind: 'restart', attempt: n })
    history = result.history
  }
  expect(history.restarts).toEqual([])
})

test('max_restarts 0 gives up at the first end', () => {
  expect(decideRestart(specOf({ restart: { maxRestarts: 0 } }), noHistory, ended(failed)).decision).toMatchObject({
    kind: 'gaveUp',
    restarts: 0,
  })
})

test('the delays are exact: delay·factor^(n−1), capped', () => {
  expect([1, 2, 3, 4, 5, 5_000].map((n) => backoff(policy, n, 0.9))).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000])
})

test('the backoff never falls, never exceeds its cap by more than the jitter, and is a number for every input', () => {
  fc.assert(
    fc.property(
      fc.record({
        delay: fc.integer({ min: 0, max: 100_000 }),
        extra: fc.integer({ min: 0, max: 10_000_000 }),
        factor: fc.double({ min: 1, max: 100, noNaN: true }),
        jitter: fc.double({ min: 0, max: 1, noNaN: true }),
        n: fc.integer({ min: 1, max: 100_000 }),
        dice: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      }),
      ({ delay, extra, factor, jitter, n, dice }) => {
        const rules = { ...policy, delay, maxDelay: delay + extra, factor, jitter }
        const value = backoff(rules, n, dice)
        expect(value).toBeGreaterThanOrEqual(delay)
        expect(value).toBeLessThanOrEqual(Math.round((delay + extra) * (1 + jitter)))
        expect(backoff(rules, n + 1, dice)).toBeGreaterThanOrEqual(value)
      },
    ),
  )
})

test("a person's start takes the place of the restart that was decided", () => {
  expect(withoutLast({ restarts: [1, 2], streak: 2 })).toEqual({ restarts: [1], streak: 1 })
  expect(withoutLast(noHistory)).toEqual(noHistory)
})
