import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createActor } from 'xstate'
import { createConversation } from '../../src/actors/conversation.ts'
import { jsonrpc } from '../../src/dialects/jsonrpc.ts'
import { magictunnel } from '../../src/dialects/magictunnel.ts'
import type { Dialect } from '../../src/protocol/dialect.ts'
import type { Emit, Link, LinkEvent } from '../../src/protocol/link.ts'
import { limits } from '../../src/protocol/limits.ts'

/** One conversation over a link that the test holds both ends of. */
function converse({ peer = 'test', queued = 0 } = {}) {
  const sent: string[] = []
  const closed: string[] = []
  let emit: Emit<LinkEvent> = () => {}
  const link: Link = {
    send: (bytes) => sent.push(String(bytes)) > 0,
    queued,
    pause() {},
    resume() {},
    end() {},
    close(because) {
      closed.push(because)
      emit({ type: 'link.closed', reason: { kind: 'local', because } })
    },
    destroy(because) {
      closed.push(because)
    },
  }
  const actor = createActor(
    createConversation({
      gateway: {
        invoke: (_, command) => Promise.resolve({ ok: true, output: command }),
        subscribe: () => ({ cancel() {} }),
      },
      claim(_listener, _link, to) {
        emit = to
        return link
      },
      dialect: () => jsonrpc({ isStream: () => false }) as Dialect,
      authenticate: () => ({ rejected: { hold: 0, retryAfter: null } }),
    }),
    {
      input: {
        id: '1',
        listener: 'test',
        link: 'l1',
        peer,
        dialect: 'jsonrpc',
        principal: { name: 'test', via: 'test', role: 'admin' },
      },
    },
  ).start()
  return {
    sent,
    closed,
    actor,
    say: (text: string) => emit({ type: 'link.data', chunk: new TextEncoder().encode(text) }),
  }
}

const question = '{"jsonrpc":"2.0","id":1,"method":"x"}\n'

describe('a message that was begun', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('and is never whole is answered with an error and the end, however it dribbles in', () => {
    const { sent, closed, say } = converse()
    for (let i = 0; i < 15; i++) {
      say('{')
      vi.advanceTimersByTime(limits.messageTime / 15 - 1)
    }
    expect(closed).toEqual([])
    vi.advanceTimersByTime(15)
    expect(sent.map((text) => JSON.parse(text) as unknown)).toMatchObject([{ id: null, error: { data: { code: 'timeout' } } }])
    expect(closed).toEqual(['a message was not finished within 15 s'])
  })

  test('and is whole in time leaves the next one as much time', async () => {
    const { sent, closed, say } = converse()
    say(question.slice(0, 5))
    vi.advanceTimersByTime(limits.messageTime - 1)
    say(`${question.slice(5)}{`)
    await vi.advanceTimersByTimeAsync(limits.messageTime - 1)
    expect(closed).toEqual([])
    expect(sent).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(closed).toHaveLength(1)
  })

  test('a silence between messages is no message', () => {
    const { closed, say } = converse()
    say(question)
    vi.advanceTimersByTime(limits.messageTime * 10)
    expect(closed).toEqual([])
  })
})

describe('a reader that takes nothing', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test.each([
    ['over the network is cut off with the reason', '127.0.0.1:1', ['it reads too slowly: it took nothing for 30 s']],
    ['on the unix socket may page as slowly as it likes', 'unix', []],
  ])('%s', async (_, peer, expected) => {
    const { closed, say } = converse({ peer, queued: 300 * 1024 })
    say('{"jsonrpc":"2.0","id":1}\n')
    await vi.advanceTimersByTimeAsync(limits.stallTime * 3)
    expect(closed).toEqual(expected)
  })
})

test('a flood takes turns with everybody else, and keeps its order', async () => {
  const { sent, say } = converse()
  const count = 3 * limits.waitingMessages
  say(Array.from({ length: count }, (_, id) => `{"id":${id}}\n`).join(''))
  expect(sent).toHaveLength(limits.turnMessages)
  await new Promise((resolve) => setImmediate(resolve))
  expect(sent).toHaveLength(2 * limits.turnMessages)
  await vi.waitFor(() => expect(sent).toHaveLength(count))
  expect(sent.map((text) => (JSON.parse(text) as { id: number }).id)).toEqual(Array.from({ length: count }, (_, id) => id))
})

test('while a token is being proved nothing more is taken from whoever is not known, and then all of it', () => {
  vi.useFakeTimers()
  const flow: string[] = []
  const sent: string[] = []
  let emit: Emit<LinkEvent> = () => {}
  const link: Link = {
    send: (bytes) => sent.push(String(bytes)) > 0,
    queued: 0,
    pause: () => void flow.push('pause'),
    resume: () => void flow.push('resume'),
    end() {},
    close: (because) => void flow.push(because),
    destroy: (because) => void flow.push(because),
  }
  createActor(
    createConversation({
      gateway: {
        invoke: () => Promise.resolve({ ok: true, output: null }),
        subscribe: () => ({ cancel() {} }),
      },
      claim(_listener, _link, to) {
        emit = to
        return link
      },
      dialect: () => magictunnel({ now: () => '', defaultService: () => null, isAllowed: () => true }) as Dialect,
      authenticate: () => ({ rejected: { hold: 1000, retryAfter: null } }),
    }),
    { input: { id: '1', listener: 'test', link: 'l1', peer: 'test', dialect: 'magictunnel', principal: null } },
  ).start()
  emit({ type: 'link.data', chunk: new TextEncoder().encode(`auth wrong\n${'status\n'.repeat(5)}`) })
  expect(flow).toEqual(['resume', 'pause'])
  vi.advanceTimersByTime(999)
  expect(sent).toEqual([])
  vi.advanceTimersByTime(1)
  expect(sent.join('')).toContain('this token is not valid')
  expect(sent).toHaveLength(1)
  expect(flow).toContain('its token is not valid')
  vi.useRealTimers()
})
