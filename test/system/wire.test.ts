import { afterEach, describe, expect, test } from 'vitest'
import { lines } from '../../src/protocol/codec.ts'
import type { LinkEvent } from '../../src/protocol/link.ts'
import { limits } from '../../src/protocol/limits.ts'
import { memory } from '../../src/transports/memory.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { specOf } from '../support/specs.ts'

/** Whole conversations, from bytes to actors and back, over the in-memory transport. */

let fleet: Fleet | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})

interface Answer {
  readonly id?: unknown
  readonly result?: Record<string, unknown>
  readonly error?: { readonly code: number; readonly message: string; readonly data: Record<string, unknown> }
  readonly method?: string
  readonly params?: Record<string, unknown>
}

async function start() {
  const transport = memory()
  const one = await startFleet([specOf({ name: 'web', command: '/bin/sleep', args: ['1000'] })], {
    transports: [transport],
    listeners: [{ name: 'control', endpoint: 'memory:control', dialect: 'jsonrpc' }],
  })
  fleet = one
  await one.until('web', 'healthy')
  const dial = () => {
    const events: LinkEvent[] = []
    const answers: Answer[] = []
    const codec = lines(64 * 1024 * 1024)
    const link = transport.dial('memory:control', (event) => {
      events.push(event)
      if (event.type === 'link.data') for (const line of codec.push(event.chunk)) answers.push(JSON.parse(line) as Answer)
    })
    return {
      link,
      events,
      answers,
      say: (text: string) => link.send(`${text}\n`),
      ask: (id: number, method: string, params?: unknown) =>
        link.send(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`),
      answer: (id: number) =>
        eventually(() => {
          const found = answers.find((one) => one.id === id)
          expect(found).toBeDefined()
          return found as Answer
        }),
      closed: () => eventually(() => expect(events.at(-1)?.type).toBe('link.closed')),
    }
  }
  const connections = () => Array.from(one.orchestrator.view.actors()).filter(({ kind }) => kind === 'connection')
  return { ...one, dial, connections }
}

test('a client is an actor: open while it is there, reaped with a reason when it has gone', async () => {
  const { dial, connections, orchestrator } = await start()
  const { ask, answer, link } = dial()
  ask(1, 'system.status')
  expect((await answer(1)).result).toMatchObject({
    services: { web: { state: 'healthy' } },
    listeners: [{ name: 'control', address: 'memory:control' }],
  })
  expect(connections()).toMatchObject([{ phase: 'active', state: 'open', parent: 'supervisor.connections' }])
  const address = connections()[0]?.address ?? ''
  link.close('enough')
  await eventually(() => expect(connections()).toEqual([]))
  expect(orchestrator.view.actor(address)).toMatchObject({ phase: 'reaped', live: false, result: 'closed by the other side' })
})

test('what was asked before the last byte is answered, then the connection closes', async () => {
  const { dial } = await start()
  const { ask, answers, link, closed } = dial()
  ask(1, 'service.restart', { services: ['web'] })
  link.end()
  await closed()
  expect(answers).toMatchObject([{ id: 1, result: { results: [{ outcome: 'done' }] } }])
})

test('requests of one connection run side by side, and each finds its own answer', async () => {
  const { dial } = await start()
  const { ask, answer } = dial()
  ask(1, 'service.restart', { services: ['web'] })
  ask(2, 'actor.get', { address: 'service.web' })
  ask(3, 'no.such')
  expect((await answer(2)).result).toMatchObject({ address: 'service.web' })
  expect((await answer(3)).error).toMatchObject({ code: -32601, data: { code: 'unknown_command' } })
  expect((await answer(1)).result).toMatchObject({ results: [{ service: 'web', outcome: 'done' }] })
})

test('RESTART as an event, a stream of what follows, and its end', async () => {
  const { dial } = await start()
  const { ask, answer, answers } = dial()
  ask(1, 'actor.watch', { filter: 'service.web', facts: true })
  const subscription = (await answer(1)).result?.['subscription']
  ask(2, 'actor.send', { to: 'service.web', event: { type: 'RESTART' } })
  await eventually(() => {
    const facts = answers.flatMap(({ params }) => (params?.['item'] as { fact?: { type: string } } | undefined)?.fact?.type ?? [])
    expect(facts).toEqual([
      'command.accepted',
      'service.stopping',
      'service.exited',
      'service.spawning',
      'service.spawned',
      'service.ready',
    ])
  })
  const seqs = answers.flatMap(({ params }) => (typeof params?.['seq'] === 'number' ? [params['seq']] : []))
  expect(seqs).toEqual(seqs.map((_, index) => index + 1))
  ask(3, 'stream.cancel', { subscription })
  expect((await answer(3)).result).toEqual({ subscription })
})

describe('a client that misbehaves', () => {
  test('a line without an end is refused at its bound, and the connection closed with the reason', async () => {
    const { dial, connections } = await start()
    const { link, answers, closed } = dial()
    const chunk = new Uint8Array(64 * 1024).fill(0x61)
    for (let sent = 0; sent <= limits.lineBytes; sent += chunk.length) link.send(chunk)
    await closed()
    expect(answers).toMatchObject([{ id: null, error: { message: `a line may have at most ${limits.lineBytes} bytes` } }])
    await eventually(() => expect(connections()).toEqual([]))
  })

  test('garbage is answered, and the next request is served', async () => {
    const { dial } = await start()
    const { say, ask, answer, answers } = dial()
    for (const text of ['', 'status', '{', '[]', '\u0000', '{"jsonrpc":"2.0"}']) say(text)
    ask(1, 'actor.list')
    await answer(1)
    expect(answers.slice(0, -1).every(({ error }) => error !== undefined)).toBe(true)
    expect(JSON.stringify(answers)).not.toMatch(/\.ts:|node_modules/)
  })

  test('thousands of requests in one breath are all answered, a bounded number at a time', async () => {
    const { dial } = await start()
    const { ask, answers } = dial()
    for (let id = 1; id <= 3_000; id++) ask(id, 'actor.get', { address: 'service.web' })
    await eventually(() => expect(answers).toHaveLength(3_000), 20_000)
    expect(new Set(answers.map(({ id }) => id)).size).toBe(3_000)
  })

  test('a flood of requests in one write runs a bounded number at a time', async () => {
    const { dial, orchestrator } = await start()
    let most = 0
    let now = 0
    const { logLines } = orchestrator.view
    Object.assign(orchestrator.view, {
      logLines: async (...args: Parameters<typeof logLines>) => {
        most = Math.max(most, ++now)
        await new Promise((resolve) => setTimeout(resolve, 20))
        now--
        return logLines(...args)
      },
    })
    const { say, answers } = dial()
    say(Array.from({ length: 500 }, (_, id) => JSON.stringify({ jsonrpc: '2.0', id, method: 'logs.read' })).join('\n'))
    await eventually(() => expect(answers).toHaveLength(500))
    expect(most).toBeLessThanOrEqual(limits.pendingRequests)
    expect(most).toBeGreaterThan(1)
  })

  test('one that asks for much and reads nothing is cut off, and nobody else notices (process-compose: TestStateWsObserver_BackpressureClosesObserver)', async () => {
    const { dial, connections } = await start()
    const deaf = dial()
    deaf.link.pause()
    const batch = JSON.stringify(
      Array.from({ length: limits.batchRequests }, (_, id) => ({
        jsonrpc: '2.0',
        id,
        method: 'service.explain',
        params: { service: 'web' },
      })),
    )
    const other = dial()
    for (let n = 0; n < 200; n++) deaf.say(batch)
    other.ask(1, 'system.status')
    expect((await other.answer(1)).result).toMatchObject({ supervisor: { status: 'running' } })
    // Either it is cut, or we have stopped reading from it: both bound what it costs.
    expect(connections().length).toBeLessThanOrEqual(2)
    deaf.link.destroy('the test is over')
    await eventually(() => expect(connections()).toHaveLength(1))
  })

  test('connections that come and go leave nothing behind (supervisord: test_issue_1596)', async () => {
    const { dial, connections } = await start()
    for (let n = 0; n < 100; n++) {
      const { ask, answer, link } = dial()
      ask(n, 'actor.get', { address: 'service.web' })
      await answer(n)
      link.destroy('next')
    }
    await eventually(() => expect(connections()).toEqual([]))
  })
})
