import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { limits } from '../src/protocol/limits.ts'
import type { FleetView } from '../src/protocol/view.ts'
import type { Readiness } from '../src/readiness.ts'
import { verify } from '../src/verifying.ts'
import { probe, specOf } from './support/specs.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const up: Readiness = { kind: 'ready', since: 0, lapsed: null }
const starting: Readiness = { kind: 'starting', because: 'probing' }
const waiting: Readiness = { kind: 'waiting', because: 'waits for db' }
const failed: Readiness = { kind: 'failed', because: 'exited with code 1', blocked: false }
const blocked: Readiness = { kind: 'failed', because: 'cannot start: db failed', blocked: true }

/** Services that stand as the test says; each has 1 s to get ready. */
function watched(
  initial: Readonly<Record<string, Readiness>>,
  { fresh = [] as string[], probed = true, known = new Set<object>() } = {},
) {
  const now = new Map(Object.entries(initial))
  const answers: Array<string | null> = []
  let listener: ((changed: ReadonlySet<string>) => void) | undefined
  const spec = specOf({ startTimeout: 1_000, readiness: probed ? probe : null })
  const stop = verify(
    { services: [...now.keys()], fresh: new Set(fresh), known, done: (because) => answers.push(because) },
    {
      directory: {
        listen: (_, heard) => {
          listener = heard
          return () => (listener = undefined)
        },
      },
      view: { serviceDetail: () => ({ spec }) as ReturnType<FleetView['serviceDetail']> },
      readinessOf: (service) => now.get(service) ?? failed,
      clock: () => Date.now(),
    },
  )
  return {
    answers,
    stop,
    listens: () => listener !== undefined,
    becomes(next: Readonly<Record<string, Readiness>>): void {
      for (const [service, one] of Object.entries(next)) now.set(service, one)
      listener?.(new Set(Object.keys(next).map((service) => `service.${service}`)))
    },
  }
}
const allowed = 1_000 + limits.changeSettles

describe('services are verified', () => {
  test('once all are ready, or rest, and then nobody listens any more', () => {
    const seen = watched({ web: starting, db: up, off: { kind: 'resting' } })
    expect(seen.answers).toEqual([])
    seen.becomes({ web: up })
    expect([seen.answers, seen.listens(), vi.getTimerCount()]).toEqual([[null], false, 0])
    expect(watched({}).answers).toEqual([null])
  })

  test('all of them at the same time: one that falls while another starts is waited for', () => {
    const seen = watched({ web: up, db: starting })
    seen.becomes({ web: starting, db: up })
    expect(seen.answers).toEqual([])
    seen.becomes({ web: up })
    expect(seen.answers).toEqual([null])
  })

  test('not beyond the time of one, which begins when it is its turn', () => {
    const seen = watched({ db: starting, web: waiting })
    vi.advanceTimersByTime(900)
    seen.becomes({ db: up, web: starting })
    vi.advanceTimersByTime(allowed - 10)
    expect(seen.answers).toEqual([])
    vi.advanceTimersByTime(20)
    expect(seen.answers).toEqual(['web is not ready after 2 s: probing'])
  })

  test('that begins too where it waits for what nobody starts', () => {
    const seen = watched({ web: waiting, db: { kind: 'resting' } })
    vi.advanceTimersByTime(allowed + 10)
    expect(seen.answers).toEqual(['web is not ready after 2 s: waits for db'])
  })

  test('and goes on over its restarts; what still ends takes none of it', () => {
    const seen = watched({ web: { kind: 'ending' } })
    vi.advanceTimersByTime(10 * allowed)
    seen.becomes({ web: starting })
    vi.advanceTimersByTime(allowed / 2)
    seen.becomes({ web: waiting })
    seen.becomes({ web: starting })
    vi.advanceTimersByTime(allowed / 2 + 10)
    expect(seen.answers).toHaveLength(1)
  })

  test('what failed is told rather than what could not start without it', () => {
    expect(watched({ web: blocked, db: failed }).answers).toEqual(['db failed: exited with code 1'])
    expect(watched({ web: blocked }).answers).toEqual(['web failed: cannot start: db failed'])
  })

  test('what was started anew without a probe has to stay up', () => {
    const seen = watched({ web: { ...up, since: Date.now() } }, { fresh: ['web'], probed: false })
    vi.advanceTimersByTime(limits.changeSettles - 10)
    expect(seen.answers).toEqual([])
    vi.advanceTimersByTime(20)
    expect(seen.answers).toEqual([null])
    expect(watched({ web: { ...up, since: Date.now() } }, { probed: false }).answers).toEqual([null])
  })

  test('an overlapping restart that came to nothing counts, but not one of before', () => {
    const lapsed = { op: null, because: 'the restart came to nothing' }
    expect(watched({ web: { ...up, lapsed } }).answers).toEqual(['web: the restart came to nothing'])
    expect(watched({ web: { ...up, lapsed } }, { known: new Set([lapsed]) }).answers).toEqual([null])
  })

  test('no more once that is given up', () => {
    const seen = watched({ web: starting })
    seen.stop()
    seen.becomes({ web: up })
    expect([seen.answers, seen.listens(), vi.getTimerCount()]).toEqual([[], false, 0])
  })
})
