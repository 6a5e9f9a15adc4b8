import { connect as connectSecurely, type TLSSocket } from 'node:tls'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { ListenerEvent } from '../../src/protocol/link.ts'
import { hostAndPort } from '../../src/protocol/endpoint.ts'
import { tcp } from '../../src/transports/tcp.ts'
import { authority, certificateOf } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'

/** TLS around TCP: those who begin a handshake and never end it. */

const sockets: Array<Socket | TLSSocket> = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

test('whoever begins a handshake and goes no further is let go, whatever he has said', async () => {
  const events: ListenerEvent[] = []
  const certificates = { of: () => certificateOf('server'), onChange: () => () => {} }
  const transport = tcp({ certificates, handshakeTime: 300 })
  const listener = transport.listen('tls:127.0.0.1:0', (event) => events.push(event))
  const place = await eventually(() => {
    const found = events.find((event) => event.type === 'listener.bound')
    if (found === undefined) throw new Error('not bound yet')
    return hostAndPort(`tls:${found.address}`)
  })
  const closed: string[] = []
  const dial = (name: string, words: Buffer, ends = false): void => {
    const socket = connect({ ...place, allowHalfOpen: true })
    sockets.push(socket)
    socket.on('error', () => {})
    // What it says back is read, or the end of it would never be seen.
    socket.resume()
    socket.once('end', () => {
      closed.push(name)
      socket.destroy()
    })
    socket.once('close', (failed) => (failed ? closed.push(name) : undefined))
    if (words.length > 0) socket.write(words)
    if (ends) socket.end()
  }
  const record = Buffer.from('1603010200', 'hex')
  dial('silent', Buffer.alloc(0))
  dial('one byte', record.subarray(0, 1))
  dial('a part', Buffer.concat([record, Buffer.alloc(100, 1)]))
  dial('one byte and its end', record.subarray(0, 1), true)
  await eventually(() => expect(closed.toSorted()).toEqual(['a part', 'one byte', 'one byte and its end', 'silent']))

  const polite = connectSecurely({ ...place, ca: authority })
  sockets.push(polite)
  await new Promise((resolve) => polite.once('secureConnect', resolve))
  await eventually(() => expect(events.filter(({ type }) => type === 'listener.accepted')).toHaveLength(1))
  listener.close()
})
