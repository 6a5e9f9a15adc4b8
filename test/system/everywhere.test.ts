import { spawn, spawnSync } from 'node:child_process'
import { connect as dial } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type Client } from '../../src/client/index.ts'
import { findControlSocket } from '../../src/control-socket.ts'
import { hostAndPort } from '../../src/protocol/endpoint.ts'
import { fleetFolder, type FleetFolder, launch } from '../support/cli.ts'

/** One fleet as `hyphae up` runs it, and RESTART from each place that it can be asked from. */

let fleet: FleetFolder
let client: Client
const addresses = new Map<string, string>()

beforeAll(async () => {
  fleet = fleetFolder('supervisor: { services: { web: { command: sleep, args: ["1000"], stop_signal: SIGKILL } } }\n')
  await fleet.up()
  client = await connect({ socket: findControlSocket(fleet.stateDir) })
  for (const { name, address } of (await client.call('system.status')).listeners) addresses.set(name, address ?? '')
})
afterAll(async () => {
  client.close()
  await fleet.end()
})

const pid = async (): Promise<number> => (await fleet.status('web')).pid ?? 0
const url = (path: string, scheme = 'http'): string => `${scheme}://${addresses.get('http') ?? ''}${path}`
const request = (id: number): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'service.restart', params: { services: ['web'] } })
const sent = (id: number): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'actor.send', params: { to: 'service.web', event: { type: 'RESTART' } } })
const noCurl = spawnSync('curl', ['--version']).status !== 0

/** What the other side said until it closed. As `nc` does, our side stays open. */
function netcat(address: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = dial(hostAndPort(`tcp:${address}`))
    let heard = ''
    socket.setEncoding('utf8').on('data', (more: string) => (heard += more))
    socket.once('error', reject)
    socket.once('close', () => resolve(heard))
    socket.write(text)
  })
}

describe('RESTART works from', () => {
  test('nc', async () => {
    const before = await pid()
    expect(JSON.parse(await netcat(addresses.get('supervisor') ?? '', 'restart web\n'))).toMatchObject({
      success: true,
      message: 'web restarted successfully',
      data: { status: 'running', restart_count: 1 },
    })
    expect(await pid()).not.toBe(before)
  })

  test.skipIf(noCurl)('curl', async () => {
    const before = await pid()
    const args = ['-sS', url('/rpc'), '-H', 'Content-Type: application/json', '-d', request(7)]
    const curl = spawn('curl', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    for await (const chunk of curl.stdout.setEncoding('utf8')) out += chunk
    expect(JSON.parse(out)).toMatchObject({ id: 7, result: { results: [{ service: 'web', outcome: 'done' }] } })
    expect(await pid()).not.toBe(before)
  })

  test('WebSocket', async () => {
    const before = await pid()
    const socket = new WebSocket(url('/rpc', 'ws'))
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve)
      socket.addEventListener('error', () => reject(new Error('no WebSocket')))
    })
    const answer = new Promise<string>((resolve) => socket.addEventListener('message', ({ data }) => resolve(String(data))))
    socket.send(request(8))
    expect(JSON.parse(await answer)).toMatchObject({ id: 8, result: { results: [{ outcome: 'done' }] } })
    socket.close()
    expect(await pid()).not.toBe(before)
  })

  test.each(['http', 'ws'])('the SDK over %s, as an event to the actor', async (scheme) => {
    const before = await pid()
    const remote = await connect({ url: url('', scheme) })
    expect(await remote.service('web').send({ type: 'RESTART' })).toMatchObject({ sent: 'RESTART' })
    remote.close()
    // The event is answered once it is taken; the service tells when it is there again.
    await expect.poll(async () => (await fleet.status('web')).state, { timeout: 10_000 }).toBe('healthy')
    await expect.poll(pid, { timeout: 10_000 }).not.toBe(before)
  })

  test('the command line, here and by url', async () => {
    const before = await pid()
    expect(await fleet.run(['restart', 'web'])).toMatchObject({ code: 0, out: expect.stringContaining('healthy') as string })
    const between = await pid()
    expect(between).not.toBe(before)
    // Without a state folder of its own.
    const { code, out } = await launch(['--url', url(''), 'restart', 'web'], { cwd: '/' }).ended
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('healthy') as string })
    expect(await pid()).not.toBe(between)
  })

  test('a socket in the state folder, by hand', async () => {
    const before = await pid()
    const socket = dial(findControlSocket(fleet.stateDir))
    socket.end(`${sent(9)}\n`)
    let heard = ''
    for await (const chunk of socket.setEncoding('utf8')) heard += chunk
    expect(JSON.parse(heard)).toMatchObject({ id: 9, result: { sent: 'RESTART' } })
    await expect.poll(pid, { timeout: 10_000 }).not.toBe(before)
  })
})
