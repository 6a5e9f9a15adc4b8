import { expect, test } from 'vitest'
import type { Principal } from '../../src/protocol/principal.ts'
import type { ListenerEvent } from '../../src/protocol/link.ts'
import { http } from '../../src/transports/http.ts'
import type { Site } from '../../src/transports/site.ts'
import { eventually } from '../support/eventually.ts'
import { raw } from '../support/http.ts'

/** Who keeps his connection where there are as many as there may be. */

const admin: Principal = { name: 'token:supervisor', via: 'http', role: 'admin' }

/** Nothing is ever answered. */
const site: Site = {
  admit: ({ target }) => ({ kind: 'admitted', principal: target === '/known' ? admin : null, headers: {} }),
  answer: () => {},
}

test('those without a request make room, then those whom nobody knows; whoever has shown a token stays', async () => {
  const events: ListenerEvent[] = []
  const asked: string[] = []
  const counting: Site = { ...site, answer: ({ url = '' }) => void asked.push(url) }
  const listener = http({ site: () => counting, most: 3 }).listen('http:127.0.0.1:0', (event) => events.push(event))
  const port = await eventually(() => {
    const found = events.find((event) => event.type === 'listener.bound')
    if (found === undefined) throw new Error('not bound yet')
    return Number(/\d+$/.exec(found.address)?.[0])
  })
  const sockets: Array<ReturnType<typeof raw>> = []
  const dial = async (path: string): Promise<void> => {
    const one = raw(port)
    sockets.push(one)
    await one.met
    const before = asked.length
    if (path === '') return
    one.say(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await eventually(() => expect(asked.length).toBe(before + 1))
  }
  const closed = () => sockets.flatMap((one, index) => (one.isClosed() ? index : []))
  await dial('/known')
  await dial('/anybody')
  await dial('')
  await dial('/known')
  await eventually(() => expect(closed()).toEqual([2]))
  await dial('/known')
  await eventually(() => expect(closed()).toEqual([1, 2]))
  await dial('')
  await eventually(() => expect(closed()).toEqual([1, 2, 5]))
  for (const { socket } of sockets) socket.destroy()
  listener.close()
})
