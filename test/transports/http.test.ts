import { describe, expect, test } from 'vitest'
import { createSite } from '../../src/http/app.ts'
import { ownNames } from '../../src/http/hosts.ts'
import type { LinkEvent, ListenerEvent } from '../../src/protocol/link.ts'
import type { Principal } from '../../src/protocol/principal.ts'
import { http } from '../../src/transports/http.ts'
import { reasonOf } from '../../src/transports/websocket-link.ts'
import { eventually } from '../support/eventually.ts'
import { complies } from './compliance.ts'

const someone: Principal = { name: 'someone', via: 'http', role: 'viewer' }
const site = (host: string) =>
  createSite({
    version: '0',
    page: null,
    registry: new Map(),
    onDefect(error) {
      throw error
    },
    own: ownNames(host, 'box'),
    allowedOrigins: () => [],
    allowedHosts: () => [],
    identify: () => someone,
    health: () => Promise.reject(new Error('nobody asks')),
    authenticate: () => ({ rejected: { hold: 0, retryAfter: null } }),
    login: () => ({ rejected: { hold: 0, retryAfter: null } }),
    logout: () => false,
  })

complies('http', () => ({
  transport: http({ site }),
  address: () => 'http:127.0.0.1:0',
  nowhere: 'http:127.0.0.1:1',
  halves: false,
}))

test('what is said before the handshake is done arrives, also when it is closed at once', async () => {
  const transport = http({ site })
  const heard: string[] = []
  const events: ListenerEvent[] = []
  const listener = transport.listen('http:127.0.0.1:0', (event) => {
    events.push(event)
    if (event.type !== 'listener.accepted') return
    const link = listener.claim(event.link, (one) => {
      if (one.type === 'link.data') heard.push(new TextDecoder().decode(one.chunk))
    })
    link?.resume()
  })
  const bound = await eventually(() => {
    const found = events.find((event) => event.type === 'listener.bound')
    if (found === undefined) throw new Error('not bound yet')
    return found
  })
  const closed: LinkEvent[] = []
  const mine = transport.dial(`http:${bound.address}`, (event) => {
    if (event.type === 'link.closed') closed.push(event)
  })
  mine.send('early')
  mine.close('done')
  expect(mine.send('late')).toBe(false)
  await eventually(() => expect(closed).toEqual([{ type: 'link.closed', reason: { kind: 'local', because: 'done' } }]))
  expect(heard).toEqual(['early'])
  listener.close()
})

test('a reason is cut to what a close frame holds, never within a character', () => {
  expect(reasonOf('short')).toBe('short')
  expect(reasonOf('x'.repeat(200))).toBe('x'.repeat(123))
  expect(reasonOf('é'.repeat(100))).toBe('é'.repeat(61))
  expect(reasonOf(`x${'😀'.repeat(50)}`)).toBe(`x${'😀'.repeat(30)}`)
})

describe('an exchange', () => {
  async function listen(unclaimed?: number) {
    const events: ListenerEvent[] = []
    const listener = http({ site, times: unclaimed === undefined ? {} : { unclaimed } }).listen('http:127.0.0.1:0', (event) =>
      events.push(event),
    )
    const heard = <T extends ListenerEvent['type']>(type: T) =>
      eventually(() => {
        const found = events.find((event) => event.type === type)
        expect(found).toBeDefined()
        return found as Extract<ListenerEvent, { type: T }>
      })
    const { address } = await heard('listener.bound')
    const post = (body: string) =>
      fetch(`http://${address}/rpc`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    return { listener, heard, post, events }
  }

  test('is one message, the end of what is said, and what is written until it is closed', async () => {
    const { listener, heard, post } = await listen()
    const answer = post('{"é": 1}')
    const accepted = await heard('listener.accepted')
    expect(accepted).toMatchObject({
      dialect: 'jsonrpc-exchange',
      principal: someone,
      peer: expect.stringMatching(/^127/) as string,
    })
    const events: LinkEvent[] = []
    const link = listener.claim(accepted.link, (event) => events.push(event))
    link?.resume()
    await eventually(() => expect(events.map(({ type }) => type)).toEqual(['link.opened', 'link.data', 'link.ended']))
    expect(events[1]).toMatchObject({ chunk: Buffer.from('{"é": 1}') })
    expect(link?.framed).toBe(true)
    expect(link?.send('"ä')).toBe(true)
    expect(link?.send(Buffer.from('ö"'))).toBe(true)
    link?.close('answered')
    expect(link?.send('late')).toBe(false)
    link?.close('again')
    const response = await answer
    expect([response.status, await response.text()]).toEqual([200, '"äö"'])
    await eventually(() => expect(events.at(-1)).toEqual({ type: 'link.closed', reason: { kind: 'local', because: 'answered' } }))
    expect(events.filter(({ type }) => type === 'link.closed')).toHaveLength(1)
    listener.close()
    await heard('listener.closed')
  })

  test('that nobody claims is refused', async () => {
    const { listener, post } = await listen(50)
    const response = await post('{}')
    expect([response.status, await response.json()]).toEqual([503, expect.objectContaining({ id: null })])
    listener.close()
  })

  test('that is destroyed has no answer', async () => {
    const { listener, heard, post } = await listen()
    const answer = post('{}')
    const events: LinkEvent[] = []
    const link = listener.claim((await heard('listener.accepted')).link, (event) => events.push(event))
    link?.destroy('enough')
    await expect(answer).rejects.toThrow('fetch failed')
    await eventually(() => expect(events.at(-1)).toEqual({ type: 'link.closed', reason: { kind: 'local', because: 'enough' } }))
    listener.close()
  })

  test('under way when the listener closes is answered, and then its connection closes', async () => {
    const { listener, heard, post } = await listen()
    const answer = post('{}')
    const link = listener.claim((await heard('listener.accepted')).link, () => {})
    link?.resume()
    listener.close()
    link?.send('1')
    link?.close('answered')
    const response = await answer
    expect([response.status, response.headers.get('connection'), await response.text()]).toEqual([200, expect.any(String), '1'])
    expect(await heard('listener.closed')).toMatchObject({ reason: { kind: 'local' } })
  })
})
