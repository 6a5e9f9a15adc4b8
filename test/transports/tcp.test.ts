import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { ListenerEvent } from '../../src/protocol/link.ts'
import { hostAndPort, isLoopback, joinHost } from '../../src/protocol/endpoint.ts'
import { tcp } from '../../src/transports/tcp.ts'
import { eventually } from '../support/eventually.ts'
import { complies } from './compliance.ts'

complies('tcp', () => ({ transport: tcp(), address: () => 'tcp:127.0.0.1:0', nowhere: 'tcp:127.0.0.1:1' }))

test('places are split and joined, with IPv6 in brackets', () => {
  expect(hostAndPort('tcp:127.0.0.1:8081')).toEqual({ host: '127.0.0.1', port: 8081 })
  expect(hostAndPort('tcp:[::1]:0')).toEqual({ host: '::1', port: 0 })
  expect(joinHost('::1', 80)).toBe('[::1]:80')
})

test('only this machine is loopback', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', 'LocalHost']) expect(isLoopback(host), host).toBe(true)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org', 'localhost.example.org', ''])
    expect(isLoopback(host), host).toBe(false)
})

/** A port for three, at which those are known who say so. */
async function smallPort() {
  const events: ListenerEvent[] = []
  let spoken = 0
  const listener = tcp({ most: 3 }).listen('tcp:127.0.0.1:0', (event) => {
    events.push(event)
    if (event.type !== 'listener.accepted') return
    const link = listener.claim(event.link, (heard) => {
      if (heard.type !== 'link.data') return
      spoken++
      if (String(heard.chunk) === 'token') link?.proved?.()
    })
    link?.resume()
  })
  const bound = await eventually(() => {
    const found = events.find((event) => event.type === 'listener.bound')
    if (found === undefined) throw new Error('not bound yet')
    return found
  })
  const sockets: Socket[] = []
  const closed: number[] = []
  const dial = async (words: string): Promise<void> => {
    const index = sockets.length
    const socket = connect(hostAndPort(`tcp:${bound.address}`))
    socket.on('error', () => {})
    socket.once('close', () => closed.push(index))
    sockets.push(socket)
    await new Promise((resolve) => socket.once('connect', resolve))
    const before = spoken
    if (words !== '') socket.write(words)
    await eventually(() => {
      if (closed.includes(index)) return
      expect(events.filter(({ type }) => type === 'listener.accepted')).toHaveLength(index + 1)
      expect(spoken).toBe(words === '' ? before : before + 1)
    })
  }
  const end = (): void => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  }
  return { dial, closed, end }
}

test('those who say nothing make room, the oldest first; those who speak stay', async () => {
  const { dial, closed, end } = await smallPort()
  await dial('hello')
  await dial('')
  await dial('')
  await dial('')
  await eventually(() => expect(closed).toEqual([1]))
  await dial('hello')
  await eventually(() => expect(closed).toEqual([1, 2]))
  end()
})

test('where all speak, the oldest makes room of whom nobody knows who he is', async () => {
  const { dial, closed, end } = await smallPort()
  await dial('token')
  await dial('hello')
  await dial('hello')
  await dial('token')
  await eventually(() => expect(closed).toEqual([1]))
  await dial('token')
  await eventually(() => expect(closed).toEqual([1, 2]))
  await dial('hello')
  await eventually(() => expect(closed).toEqual([1, 2, 5]))
  end()
})
