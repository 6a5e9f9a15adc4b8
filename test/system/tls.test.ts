import { request as ask } from 'node:https'
import { createConnection } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { afterEach, describe, expect, test } from 'vitest'
import { noPrograms } from '../../src/protocol/program.ts'
import type { ReadConfig } from '../../src/protocol/reload.ts'
import { authority, certificateOf, everywhere, pem, secureListeners } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'
import { connectionsOf, exchange, httpFleet, raw, type HttpFleet } from '../support/http.ts'

/** TLS around HTTP and around the control port, through real sockets. */

const listeners = secureListeners
const ca = authority

let fleet: HttpFleet | undefined
const sockets: TLSSocket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await fleet?.end()
  fleet = undefined
})
const start = async (options: Parameters<typeof httpFleet>[0] = {}): Promise<HttpFleet & { control: number }> => {
  const one = await httpFleet({ listeners, certificates: everywhere(certificateOf('server')), ...options })
  fleet = one
  const control = Number(/\d+$/.exec(one.orchestrator.view.listeners()[1]?.address ?? '')?.[0])
  return { ...one, control }
}

/** A TLS client that shows what it hears, who the other side is, and how it ended. */
function secured(port: number, options: ConnectionOptions = {}) {
  const socket = connect({ port, host: '127.0.0.1', ca, ...options })
  sockets.push(socket)
  const seen = { text: '', closed: false, secure: false, subject: '', error: '' }
  socket.on('secureConnect', () => {
    seen.secure = true
    seen.subject = String(socket.getPeerCertificate().subject?.CN)
  })
  socket.on('data', (chunk: Buffer) => (seen.text += chunk.toString()))
  socket.on('error', (error: Error) => (seen.error = error.message))
  socket.on('close', () => (seen.closed = true))
  return { socket, seen, over: () => eventually(() => expect(seen.closed).toBe(true)) }
}

/** One request over HTTPS. */
const get = (port: number, path: string, options: object = {}): Promise<{ status: number | undefined; body: string }> =>
  new Promise((resolved, reject) => {
    const request = ask({ port, host: '127.0.0.1', path, ca, agent: false, ...options }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.on('end', () => resolved({ status: response.statusCode, body }))
    })
    request.on('error', reject)
    request.end()
  })

describe('with a certificate', () => {
  test('HTTP, WebSockets and the control port speak TLS, and status says so', async () => {
    const { port, control, orchestrator } = await start()
    expect(await get(port, '/healthz')).toMatchObject({ status: 200 })
    const socket = new WebSocket(`wss://127.0.0.1:${port}/rpc`, ['hyphae.rpc'], { ca })
    const answers: string[] = []
    socket.on('message', (data: Buffer) => answers.push(data.toString()))
    socket.on('open', () => socket.send('{"jsonrpc":"2.0","id":1,"method":"system.status"}'))
    await eventually(() => expect(answers[0]).toContain('"scheme":"https"'))
    socket.terminate()
    const client = secured(control)
    client.socket.write('"HealthCheck"\n')
    await client.over()
    expect(JSON.parse(client.seen.text)).toMatchObject({ success: true, message: 'Healthy' })
    expect(orchestrator.view.listeners().map(({ scheme }) => scheme)).toEqual(['https', 'tls'])
  })

  test('a principal came over it', async () => {
    const { control, facts } = await start()
    const client = secured(control)
    client.socket.write('restart web\n')
    await eventually(() => expect(client.seen.text).toContain('restarted'))
    expect(facts.find(({ type }) => type === 'command.accepted')?.data).toMatchObject({
      via: 'tls',
      peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
    })
  })

  test('TLS of before 1.2 is refused, and so is nobody we know', async () => {
    const { port, control } = await start()
    for (const at of [port, control]) {
      const old = secured(at, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
      await old.over()
      expect(old.seen).toMatchObject({ secure: false })
      const stranger = secured(at, { ca: undefined })
      await stranger.over()
      expect(stranger.seen.error).toMatch(/unable to (verify|get)|self.signed/)
    }
    expect((await get(port, '/healthz')).status).toBe(200)
  })

  test('who speaks in the clear is told, or let go, and nothing of it is taken', async () => {
    const one = await start()
    const told = await exchange(one.port, 'POST /rpc HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(told).toMatch(/^HTTP\/1\.1 400 /)
    expect(told).toContain('this port speaks HTTPS; ask it with https://')
    expect(await exchange(one.port, 'status\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await exchange(one.control, 'shutdown\n')).toBe('')
    expect(await exchange(one.control, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')).toBe('')
    expect(await exchange(one.control, '\0\x01\x02')).toBe('')
    // The beginning of a handshake, and then something else.
    for (const at of [one.port, one.control]) expect(await exchange(at, '\x16\x03\x01\x00\x05hello')).not.toContain('success')
    expect(one.orchestrator.view.supervisor().status).toBe('running')
    expect(one.facts.filter(({ type }) => type === 'command.accepted')).toEqual([])
    expect(connectionsOf(one)).toEqual([])
  })

  test('the words of one port on the other, within TLS, are refused as they are without it', async () => {
    const { port, control } = await start()
    const text = secured(port)
    text.socket.write('restart web\n\n')
    await text.over()
    expect(text.seen.text).toMatch(/^HTTP\/1\.1 400 /)
    const http = secured(control)
    http.socket.write('POST /rpc HTTP/1.1\r\nHost: localhost\r\n\r\nshutdown\n')
    await http.over()
    expect(JSON.parse(http.seen.text)).toMatchObject({ success: false })
    const evil = await get(port, '/rpc', { headers: { host: 'evil.example' }, checkServerIdentity: () => undefined })
    expect(evil.status).toBe(403)
    expect((await get(port, '/healthz', { headers: { origin: 'null' } })).status).toBe(403)
    expect((await get(port, '/healthz', { headers: { origin: `https://127.0.0.1:${port}` } })).status).toBe(200)
  })

  test('a handshake that is never begun, or never ended, is cut off', { timeout: 20_000 }, async () => {
    const one = await start({ times: { http: { headers: 300, request: 600, check: 50 } } })
    const silent = raw(one.port)
    const slow = raw(one.port)
    slow.say('\x16\x03\x01')
    await silent.answer()
    await slow.answer()
    expect((await get(one.port, '/healthz')).status).toBe(200)
  })
})

test('a client without a certificate of ours is not let in where one is wanted', async () => {
  const { port, control } = await start({ certificates: everywhere(certificateOf('server', ca)) })
  await expect(get(port, '/healthz')).rejects.toThrow(/certificate required|socket hang up|ECONNRESET|EPIPE/)
  const stranger = secured(control)
  stranger.socket.write('status\n')
  await stranger.over()
  expect(stranger.seen.text).toBe('')
  const own = { cert: pem('client.pem'), key: pem('client.key') }
  expect((await get(port, '/healthz', own)).status).toBe(200)
  const known = secured(control, own)
  known.socket.write('"HealthCheck"\n')
  await eventually(() => expect(known.seen.text).toContain('Healthy'))
})

test('a reload brings another certificate, and open connections stay', async () => {
  const rules = {
    access: { token: null, allowedCommands: null },
    programs: noPrograms,
    allowedOrigins: [],
    allowedHosts: [],
    certificates: everywhere(certificateOf('renewed')),
  }
  let services: ReadConfig['services'] = []
  const one = await start({ loadConfig: () => Promise.resolve({ path: '/nowhere', services, rules }) })
  services = one.orchestrator.view.serviceNames().flatMap((name) => one.orchestrator.view.serviceDetail(name)?.spec ?? [])
  const before = secured(one.control)
  before.socket.write('status\n')
  await eventually(() => expect(before.seen.text).toContain('success'))
  expect(before.seen.subject).toBe('Hyphae test server')
  await one.call('system.reload', {})
  for (const at of [one.port, one.control]) {
    const after = secured(at)
    await eventually(() => expect(after.seen.subject).toBe('Hyphae test server, renewed'))
  }
  before.socket.write('help\n')
  await eventually(() => expect(before.seen.text).toContain('Commands:'))
})

test('without a certificate the listener says what it lacks, and everything else runs', async () => {
  const one = await httpFleet(
    { listeners: [...listeners.slice(0, 1), { name: 'plain', endpoint: 'http:127.0.0.1:0', dialect: 'jsonrpc' }] },
    'plain',
  )
  fleet = one
  expect(one.orchestrator.view.listeners()[0]?.error).toContain('it speaks TLS, and there is no certificate for it')
})

test('a socket that is opened and says nothing is no connection of ours', async () => {
  const { control } = await start()
  const socket = createConnection({ port: control, host: '127.0.0.1' })
  await eventually(() => expect(socket.readyState).toBe('open'))
  expect(connectionsOf(fleet as HttpFleet)).toEqual([])
  socket.destroy()
})
