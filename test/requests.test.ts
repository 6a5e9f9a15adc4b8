import { describe, expect, test } from 'vitest'
import type { Journal, JournalRecord } from '../src/protocol/journal.ts'
import type { Principal } from '../src/protocol/principal.ts'
import type { ServiceRecord } from '../src/protocol/record.ts'
import type { Reply } from '../src/protocol/reply.ts'
import { limits } from '../src/protocol/limits.ts'
import { createRequests, type RequestSlip } from '../src/requests.ts'

const principal: Principal = { name: 'me', via: 'test', role: 'admin' }
const done: Reply = { ok: true, output: 'done' }
const accepted: Reply = { ok: true, output: 'accepted' }

/** Requests on a journal in memory; `next` is what a start after a kill finds. */
function on(found: readonly JournalRecord[] = []) {
  const records = new Map(found.map((record) => [`${record.kind} ${record.key}`, record]))
  const journal: Pick<Journal, 'put' | 'remove' | 'sync'> = {
    put: (record) => void records.set(`${record.kind} ${record.key}`, record),
    remove: (kind, key) => void records.delete(`${kind} ${key}`),
    sync: () => Promise.resolve(),
  }
  let now = 0
  const requests = createRequests({ journal, records: found, wall: () => ++now })
  const call = (id: string, command = 'service.restart', input: unknown = { services: ['web'] }) => ({
    principal,
    id,
    command,
    input,
    before: { web: 3 },
  })
  return { requests, records, call, next: () => on([...records.values()]) }
}
const finish = (slip: RequestSlip): Promise<Reply> => {
  slip.begun(accepted)
  slip.done(done)
  return Promise.resolve(done)
}
const never = (): Promise<Reply> => Promise.reject(new Error('it was run again'))

describe('after a kill', () => {
  test('a request with an answer is answered', async () => {
    const first = on()
    await first.requests.take(first.call('x'), finish)
    const { requests, call } = first.next()
    expect(await requests.take(call('x'), never)).toEqual(done)
    expect(requests.unfinished(new Map(), new Map())).toEqual([])
  })

  test('one that had begun is answered as accepted', async () => {
    const first = on()
    void first.requests.take(first.call('x'), (slip) => {
      slip.begun(accepted)
      return new Promise(() => {})
    })
    await Promise.resolve()
    await Promise.resolve()
    const { requests, call } = first.next()
    expect(await requests.take(call('x'), never)).toEqual(accepted)
  })

  test('a workflow that had begun is not told to go on', async () => {
    const first = on()
    const output = { workflow: 'restart.1', step: 'pre', outcome: 'accepted', because: 'pre 1 of 1: make' }
    void first.requests.take(first.call('x'), (slip) => {
      slip.begun({ ok: true, output })
      return new Promise(() => {})
    })
    await Promise.resolve()
    await Promise.resolve()
    const { requests, call } = first.next()
    const because = expect.stringContaining('it was over when the orchestrator was') as string
    expect(await requests.take(call('x'), never)).toEqual({ ok: true, output: { ...output, step: null, because } })
  })

  const record = (more: Partial<ServiceRecord>) => new Map([['web', { generation: 3, request: null, ...more } as ServiceRecord]])
  const stop = { to: 'service.web', event: { type: 'STOP' } }
  test.each([
    ['nobody has heard of it', 'service.restart', {}, {}, 3, 1],
    ['the service knows its id', 'service.restart', {}, { generation: 4, request: 'x' }, 4, 0],
    ['the service knows the id of another one', 'service.restart', {}, { generation: 4, request: 'y' }, 4, 1],
    ['a process is newer than all that is known', 'service.restart', {}, {}, 4, 0],
    ['a stop, whose service knows its id', 'service.stop', {}, { request: 'x' }, 3, 0],
    ['a stop, and a process that is newer', 'service.stop', {}, {}, 4, 1],
    ['a STOP that was sent, and a process that is newer', 'actor.send', stop, {}, 4, 1],
  ] as const)('one that had not begun: %s', async (_, command, input, known, marked, left) => {
    const first = on()
    void first.requests.take(first.call('x', command, input), () => new Promise(() => {}))
    const { requests, call } = first.next()
    const rest = requests.unfinished(record(known), new Map([['web', marked]]))
    expect(rest.map(({ id }) => id)).toEqual(left === 1 ? ['x'] : [])
    // What was done is not done again; nobody knows its answer.
    let runs = 0
    const answer = await requests.take(call('x', command, input), (slip) => {
      runs++
      return finish(slip)
    })
    expect({ runs, answer }).toEqual({ runs: left, answer: left === 0 ? null : done })
  })
})

test('of several services only those are told that have not heard', async () => {
  const first = on()
  const call = { ...first.call('x', 'service.restart', { services: ['web', 'db', 'gone'] }), before: { web: 3, db: 3, gone: 3 } }
  void first.requests.take(call, () => new Promise(() => {}))
  const { requests } = first.next()
  const records = new Map([['web', { generation: 4, request: 'x' } as ServiceRecord]])
  const rest = requests.unfinished(
    records,
    new Map([
      ['web', 4],
      ['db', 3],
    ]),
  )
  expect(rest.map(({ input }) => input)).toEqual([{ services: ['db'] }])
  const [left] = rest
  if (left === undefined) throw new Error('there is none')
  await requests.resume(left, finish)
  expect(await requests.take(call, never)).toEqual(done)
})

test('what went to no service is not done in a later run', () => {
  const first = on()
  void first.requests.take({ ...first.call('x', 'system.shutdown', {}), before: {} }, () => new Promise(() => {}))
  expect(first.next().requests.unfinished(new Map(), new Map())).toEqual([])
})

test('ids of one principal are not those of another', async () => {
  const { requests, call } = on()
  await requests.take(call('x'), finish)
  const other = { ...call('x'), principal: { ...principal, name: 'you' } }
  expect(await requests.take(other, () => Promise.resolve(accepted))).toEqual(accepted)
})

test('a disk that does not take the id: it is refused, and free again', async () => {
  const { requests, call, records } = on()
  const journal = { put() {}, remove() {}, sync: () => Promise.reject(new Error('full')) }
  const broken = createRequests({ journal, records: [], wall: () => 0 })
  await expect(broken.take(call('x'), never)).rejects.toThrow('full')
  await expect(requests.take(call('x'), finish)).resolves.toEqual(done)
  expect(records.size).toBe(1)
})

test('the oldest are forgotten, those under way are not', async () => {
  const { requests, call, records } = on()
  void requests.take(call('slow'), () => new Promise(() => {}))
  for (let n = 0; n < limits.requests + 10; n++) await requests.take(call(`r${n}`), finish)
  expect(records.size).toBe(limits.requests)
  expect(Array.from(records.values(), ({ value }) => (value as { id: string }).id)).toContain('slow')
})

test('an answer that is too long is not kept: it is known that it was done', async () => {
  const { requests, call } = on()
  const long: Reply = { ok: true, output: 'x'.repeat(limits.requestReply) }
  const run = (slip: RequestSlip): Promise<Reply> => {
    slip.done(long)
    return Promise.resolve(long)
  }
  expect(await requests.take(call('x'), run)).toEqual(long)
  expect(await requests.take(call('x'), never)).toBeNull()
})
