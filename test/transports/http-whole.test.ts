import { afterEach, describe, expect, test } from 'vitest'
import type { HttpAsked, HttpHead } from '../../src/protocol/exchange.ts'
import { orchestratorEnds, type Link, type LinkEvent, type Listener, type ListenerEvent } from '../../src/protocol/link.ts'
import { http } from '../../src/transports/http.ts'
import type { ExchangeKind, Site } from '../../src/transports/site.ts'
import { eventually } from '../support/eventually.ts'
import { raw } from '../support/http.ts'

/** Exchanges of which a dialect hears path and headers, and says the status and each piece of the answer. */

const kind: ExchangeKind = {
  dialect: 'whole',
  contentType: 'application/json',
  whole: true,
  failure: (code, message) => JSON.stringify({ code, message }),
}
const site: Site = {
  admit: () => ({ kind: 'admitted', principal: null, headers: {} }),
  answer: (_request, _response, exchange) => exchange(kind),
}

let listener: Listener | undefined
afterEach(() => {
  listener?.close()
  listener = undefined
})

/** A listener, and each conversation that is begun on it. */
async function listen() {
  const listening: ListenerEvent[] = []
  const begun: Array<{ readonly link: Link; readonly events: LinkEvent[]; asked(): Promise<HttpAsked> }> = []
  const mine = http({ site: () => site }).listen('http:127.0.0.1:0', (event) => {
    listening.push(event)
    if (event.type !== 'listener.accepted') return
    const events: LinkEvent[] = []
    const link = mine.claim(event.link, (one) => events.push(one))
    if (link === undefined) return
    link.resume()
    const asked = () =>
      eventually(() => {
        const found = events.find((one) => one.type === 'link.data')
        if (found === undefined) throw new Error('nothing was asked yet')
        return JSON.parse(Buffer.from(found.chunk).toString('utf8')) as HttpAsked
      })
    begun.push({ link, events, asked })
  })
  listener = mine
  const { address } = await eventually(() => {
    const found = listening.find((event) => event.type === 'listener.bound')
    if (found === undefined) throw new Error('not bound yet')
    return found
  })
  return {
    origin: `http://${address}`,
    port: Number(/\d+$/.exec(address)?.[0]),
    next: (nth = 1) =>
      eventually(() => {
        const one = begun[nth - 1]
        if (one === undefined) throw new Error('nobody came yet')
        return one
      }),
  }
}
const head = (given: Partial<HttpHead> = {}): string =>
  JSON.stringify({ status: 200, headers: { 'content-type': 'text/plain' }, body: null, ...given } satisfies HttpHead)
const closed = (events: readonly LinkEvent[]) =>
  eventually(() => {
    const last = events.at(-1)
    if (last?.type !== 'link.closed') throw new Error('not closed yet')
    return last.reason
  })

describe('a whole exchange', () => {
  test('hears method, path, query and headers, and nothing of what proves who asks', async () => {
    const { origin, next } = await listen()
    const headers = { authorization: 'Bearer secret', cookie: 'a=b', 'X-Thing': 'é', 'content-type': 'application/json' }
    const answer = fetch(`${origin}/a/%2fb?x=1&x=%C3%A4&y=&%5F=#no`, { method: 'POST', body: '{"ü":1}', headers })
    const { link, asked, events } = await next()
    const heard = await asked()
    expect(heard).toMatchObject({
      method: 'POST',
      path: '/a/%2fb',
      query: [
        ['x', '1'],
        ['x', 'ä'],
        ['y', ''],
        ['_', ''],
      ],
      body: '{"ü":1}',
    })
    expect(heard.headers['x-thing']).toBe('é')
    expect(['authorization', 'cookie'].filter((name) => name in heard.headers)).toEqual([])
    expect(events.map(({ type }) => type)).toEqual(['link.opened', 'link.data', 'link.ended'])
    link.send(head({ status: 202, headers: { 'content-type': 'application/json', 'x-own': '1' }, body: '"ö"' }))
    link.close('answered')
    const response = await answer
    expect([response.status, response.headers.get('x-own'), response.headers.get('content-length')]).toEqual([202, '1', '4'])
    expect(await response.text()).toBe('"ö"')
    expect(await closed(events)).toMatchObject({ kind: 'remote' })
  })

  test('has a body or none, as its request and its answer like', async () => {
    const { origin, next } = await listen()
    const answer = fetch(`${origin}/`, { method: 'POST' })
    const { link, asked } = await next()
    expect(await asked()).toMatchObject({ method: 'POST', body: '', query: [] })
    link.send(head({ status: 204, headers: {}, body: '' }))
    const response = await answer
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([204, null, ''])
  })

  test('is answered piece by piece, each at once', async () => {
    const { origin, next } = await listen()
    const answer = fetch(`${origin}/`)
    const { link, asked, events } = await next()
    await asked()
    link.send(head())
    const response = await answer
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    for (const piece of ['one', 'two']) {
      link.send(piece)
      expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(piece)
    }
    link.close('that was all')
    expect(await reader.read()).toMatchObject({ done: true })
    expect(link.send('late')).toBe(false)
    expect(await closed(events)).toEqual({ kind: 'local', because: 'that was all' })
  })

  test('tells how much waits for a reader who takes nothing, and when there is room again', async () => {
    const { port, next } = await listen()
    const one = raw(port)
    one.socket.pause()
    one.say('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const { link, asked, events } = await next()
    await asked()
    link.send(head())
    const piece = 'x'.repeat(1024 * 1024)
    let given = 0
    while (link.send(piece)) given++
    for (; given < 32; given++) link.send(piece)
    expect(link.queued).toBeGreaterThan(1024 * 1024)
    one.socket.resume()
    await eventually(() => expect(events.some(({ type }) => type === 'link.drained')).toBe(true))
    await eventually(() => expect(link.queued).toBe(0))
    one.socket.destroy()
    expect(await closed(events)).toEqual({ kind: 'remote' })
  })

  test('is over when its client goes away, and one that is destroyed breaks off', async () => {
    const { port, next } = await listen()
    const [one, two] = [raw(port), raw(port)]
    one.say('GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const first = await next(1)
    first.link.send(head())
    await eventually(() => expect(one.text()).toContain('200'))
    one.socket.destroy()
    expect(await closed(first.events)).toEqual({ kind: 'remote' })

    two.say('GET /two HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const second = await next(2)
    second.link.send(head())
    second.link.send('piece')
    await eventually(() => expect(two.text()).toContain('piece'))
    second.link.destroy('enough')
    expect(await two.answer()).not.toMatch(/\r\n0\r\n\r\n$/)
  })

  test('that streams when all ends is ended, and not broken off', async () => {
    const { port, next } = await listen()
    const one = raw(port)
    one.say('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    const { link } = await next()
    link.send(head())
    link.send('piece')
    await eventually(() => expect(one.text()).toContain('piece'))
    link.destroy(orchestratorEnds)
    expect(await one.answer()).toMatch(/piece\r\n0\r\n\r\n$/)
  })

  test('HEAD gets the head of what GET gets, also of a stream, which is over then', async () => {
    const { port, next } = await listen()
    const ask = 'HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    const [one, two] = [raw(port), raw(port)]
    one.say(ask)
    const first = await next(1)
    expect((await first.asked()).method).toBe('HEAD')
    first.link.send(head({ body: 'four' }))
    const told = await one.answer()
    expect(told).toContain('content-length: 4')
    expect(told).toMatch(/\r\n\r\n$/)

    two.say(ask)
    const second = await next(2)
    second.link.send(head())
    second.link.send('piece')
    expect(await two.answer()).toMatch(/200 OK[^]*\r\n\r\n$/)
    expect(await closed(second.events)).toMatchObject({ kind: 'remote' })
  })

  test('that is closed without an answer says why in its own words', async () => {
    const { origin, next } = await listen()
    const answer = fetch(`${origin}/`)
    const { link } = await next()
    link.close('nobody knows')
    const response = await answer
    expect([response.status, await response.json()]).toEqual([503, { code: 'unavailable', message: 'nobody knows' }])
  })
})
