import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { limits } from '../../src/protocol/limits.ts'
import { counterpart, type Counterpart } from '../support/counterpart.ts'
import { eventually } from '../support/eventually.ts'
import { dial, httpFleet, raw, type HttpFleet } from '../support/http.ts'

/** The real receivers of `@xstate/inspect` and `@statelyai/inspect`, in processes of their own, at a whole orchestrator. */

const tokens = [
  { name: 'viewer', token: 'viewer-token-of-many-characters', role: 'viewer' },
  { name: 'operator', token: 'operator-token-of-many-characters', role: 'operator' },
] as const
const access = { token: null, tokens, allowedCommands: null }
const [{ token: viewer }, { token: operator }] = tokens

let fleet: HttpFleet | undefined
const others: Counterpart[] = []
afterEach(async () => {
  for (const one of others.splice(0)) await one.end()
  await fleet?.end()
  fleet = undefined
})
const start = async (...given: Parameters<typeof httpFleet>): Promise<HttpFleet> => {
  fleet = await httpFleet(...given)
  return fleet
}
function run(script: string, ...args: readonly string[]): Counterpart {
  const one = counterpart(script, ...args)
  others.push(one)
  return one
}
const xstate = ({ port }: HttpFleet, query = '') => run('xstate-inspect/receiver.mjs', `127.0.0.1:${port}/inspect/xstate${query}`)
const stately = ({ port }: HttpFleet, query = '') =>
  run('statelyai-inspect/receiver.mjs', `ws://127.0.0.1:${port}/inspect/stately${query}`)

type Line = Readonly<Record<string, unknown>>
const registered = (id: string) => (line: Line) => line['type'] === 'service.register' && line['id'] === id
const named = (name: string) => (line: Line) => line['type'] === '@xstate.actor' && line['name'] === name
const send = (type: string, { sessionId }: Line, more: object = {}) => ({
  type: 'xstate.event',
  event: JSON.stringify({ name: type, data: { type, ...more }, $$type: 'scxml', type: 'external', origin: sessionId }),
  service: sessionId,
})

describe('@xstate/inspect', () => {
  test('its receiver is told every machine, from the orchestrator down to the process', async () => {
    const receiver = xstate(await start())
    const child = await receiver.told(registered('process.web'))
    const service = await receiver.told(registered('service.web'))
    expect(child).toMatchObject({ parent: service['sessionId'], machine: 'process', done: false })
    expect(service).toMatchObject({ machine: 'service', value: { live: { running: 'healthy' } }, tags: ['active'] })
    expect(service['context']).toMatchObject({ address: 'service.web' })
    // Up to one without a parent: the orchestrator itself.
    const above = (line: Line) =>
      receiver.lines.find(({ sessionId, type }) => type === 'service.register' && sessionId === line['parent'])
    let top: Line = child
    for (let next = above(top); next !== undefined; next = above(next)) top = next
    expect(top).toMatchObject({ machine: 'orchestrator' })
    expect(top['parent']).toBeUndefined()
  })

  test('a crash, the wait and the next process are states of the service, and registrations', async () => {
    const one = await start()
    const receiver = xstate(one)
    const service = await receiver.told(registered('service.web'))
    const first = await receiver.told(registered('process.web'))
    process.kill(one.status('web').pid ?? 0, 'SIGKILL')
    await receiver.told(({ type, sessionId }) => type === 'service.stop' && sessionId === first['sessionId'])
    const second = await receiver.told((line) => registered('process.web')(line) && line['sessionId'] !== first['sessionId'])
    expect(second['parent']).toBe(service['sessionId'])
    await one.until('web', 'healthy')
    await eventually(() => {
      const states = receiver.lines
        .filter(({ type, sessionId }) => type === 'service.state' && sessionId === service['sessionId'])
        .map(({ states }) => (states as string[]).at(-1))
      expect(states.findIndex((state) => state !== 'live.running.healthy')).toBeGreaterThanOrEqual(0)
      expect(states.at(-1)).toBe('live.running.healthy')
    })
  })

  test('RESTART that it sends makes a new process, STOP ends it', async () => {
    const one = await start()
    const receiver = xstate(one)
    const service = await receiver.told(registered('service.web'))
    const { pid } = one.status('web')
    receiver.say(send('RESTART', service))
    await eventually(() => expect(one.status('web').pid).not.toBe(pid))
    await one.until('web', 'healthy')
    expect(one.status('web').pid).not.toBe(pid)
    receiver.say(send('STOP', service))
    await one.until('web', 'stopped')
    expect(one.facts.find(({ type, because }) => type === 'service.stopped' && because !== undefined)?.because).toContain(
      'local-operator',
    )
  })

  test('whoever comes late is told everything, as it is now', async () => {
    const one = await start()
    const early = xstate(one)
    const service = await early.told(registered('service.web'))
    early.say(send('RESTART', service))
    const second = await early.told(
      (line) => registered('process.web')(line) && early.lines.filter(registered('process.web'))[1] === line,
    )
    await one.until('web', 'healthy')
    const late = xstate(one)
    expect(await late.told(registered('process.web'))).toMatchObject({ sessionId: second['sessionId'] })
    expect(late.lines.filter(({ type }) => type === 'service.event')).toEqual([])
  })

  test('a viewer watches; what he sends is refused, told and written down', async () => {
    const one = await start({ access })
    const receiver = xstate(one, `?ticket=${viewer}`)
    const service = await receiver.told(registered('service.web'))
    const { pid } = one.status('web')
    receiver.say(send('RESTART', service))
    const fact = await eventually(() => {
      const refusal = one.facts.find(({ type }) => type === 'command.refused')
      expect(refusal).toBeDefined()
      return refusal
    })
    expect(fact).toMatchObject({ data: { command: 'actor.send' }, by: 'token:viewer' })
    const client = dial(one.port, { path: `/inspect/xstate?ticket=${viewer}`, protocols: [] })
    await client.opened()
    client.socket.send('{"type":"xstate.inspecting"}')
    const found = await eventually(() => {
      const line = client.answers.map((answer) => answer as Line).find(registered('service.web'))
      expect(line).toBeDefined()
      return line as Line
    })
    client.socket.send(JSON.stringify(send('RESTART', found)))
    const refused = await eventually(() => {
      const line = client.answers.map((answer) => answer as Line).find(({ type }) => type === 'hyphae.refused')
      expect(line).toBeDefined()
      return line
    })
    expect(refused).toMatchObject({ sessionId: found['sessionId'], error: { code: 'forbidden' } })
    expect(one.status('web').pid).toBe(pid)
  })

  test.each(['xstate.stop', 'xstate.done.actor.child', 'process.exited'])(
    '%s cannot be sent, not even by an admin',
    async (type) => {
      const one = await start()
      const client = dial(one.port, { path: '/inspect/xstate', protocols: [] })
      await client.opened()
      client.socket.send('{"type":"xstate.inspecting"}')
      const found = await eventually(() => {
        const line = client.answers.map((answer) => answer as Line).find(registered('service.web'))
        expect(line).toBeDefined()
        return line as Line
      })
      client.socket.send(JSON.stringify(send(type, found)))
      await eventually(() =>
        expect(client.answers.map((answer) => answer as Line)).toContainEqual(
          expect.objectContaining({ type: 'hyphae.refused' }),
        ),
      )
      expect(one.status('web').state).toBe('healthy')
    },
  )
})

describe('@statelyai/inspect', () => {
  test('its receiver is told every actor at once, and what becomes of them', async () => {
    const one = await start()
    const receiver = stately(one)
    const child = await receiver.told(named('process.web'))
    const service = await receiver.told(named('service.web'))
    expect(child['parentId']).toBe(service['sessionId'])
    expect(service).toMatchObject({ _version: '0.7.2', snapshot: { status: 'active', value: { live: { running: 'healthy' } } } })
    expect(JSON.parse(String(service['definition']))).toMatchObject({ id: 'service' })
    const root = await receiver.told(({ sessionId }) => sessionId === service['rootId'])
    expect(root).not.toHaveProperty('parentId')

    process.kill(one.status('web').pid ?? 0, 'SIGKILL')
    const ended = await receiver.told(
      ({ type, sessionId, snapshot }) =>
        type === '@xstate.snapshot' && sessionId === child['sessionId'] && (snapshot as Line)['status'] !== 'active',
    )
    expect(ended).toMatchObject({ snapshot: { status: 'done' } })
    await receiver.told((line) => named('process.web')(line) && line['sessionId'] !== child['sessionId'])
  })

  test('the command of xstate-mcp restarts a service, and is answered', async () => {
    const one = await start({ access })
    const client = dial(one.port, { path: `/inspect/stately?ticket=${operator}`, protocols: [] })
    await client.opened()
    const service = await eventually(() => {
      const line = client.answers.map((answer) => answer as Line).find(named('service.web'))
      expect(line).toBeDefined()
      return line as Line
    })
    const { pid } = one.status('web')
    client.socket.send(
      JSON.stringify({ type: 'xstate-mcp.send', requestId: 'r1', sessionId: service['sessionId'], event: { type: 'RESTART' } }),
    )
    await eventually(() =>
      expect(client.answers).toContainEqual(
        expect.objectContaining({ type: 'xstate-mcp.send.response', requestId: 'r1', success: true }),
      ),
    )
    await eventually(() => expect(one.status('web').pid).not.toBe(pid))
  })
})

test('the relay of the examples connects it with a consumer that waits to be dialled, both ways', async () => {
  const one = await start()
  const consumer = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  const heard: Line[] = []
  let relay: WebSocket | undefined
  consumer.on('connection', (socket) => {
    relay = socket
    // What such a server gives to everybody who connects.
    socket.send('{"type":"@xstate.event","sessionId":"of another"}')
    socket.on('message', (text: Buffer) => heard.push(JSON.parse(text.toString()) as Line))
  })
  await once(consumer, 'listening')
  const { port } = consumer.address() as AddressInfo
  const script = join(import.meta.dirname, '../../examples/inspectors/relay.mjs')
  const child = spawn(process.execPath, [script, `ws://127.0.0.1:${one.port}/inspect/stately`, `ws://127.0.0.1:${port}`])
  try {
    const service = await eventually(() => {
      const found = heard.find(named('service.web'))
      expect(found).toBeDefined()
      return found as Line
    })
    const { pid } = one.status('web')
    const event = { type: 'RESTART' }
    relay?.send(JSON.stringify({ type: 'xstate-mcp.send', requestId: 'r', sessionId: service['sessionId'], event }))
    await eventually(() => expect(one.status('web').pid).not.toBe(pid))
    expect(heard.filter(({ type }) => type === 'hyphae.error')).toEqual([])
  } finally {
    child.kill('SIGKILL')
    consumer.close()
  }
})

test('who reads nothing for a while knows in the end how things are', async () => {
  const one = await start()
  const client = dial(one.port, { path: '/inspect/xstate', protocols: [] })
  await client.opened()
  client.socket.send('{"type":"xstate.inspecting"}')
  const lines = () => client.answers.map((answer) => answer as Line)
  const service = await eventually(() => {
    const found = lines().find(registered('service.web'))
    expect(found).toBeDefined()
    return found as Line
  })
  client.socket.pause()
  // Each inspector that comes and goes is an actor, too.
  for (let n = 0; n < 50; n++) {
    const other = dial(one.port, { path: '/inspect/stately', protocols: [] })
    await other.opened()
    other.socket.terminate()
  }
  await one.call('service.stop', { services: ['web'] })
  client.socket.resume()
  await eventually(() => {
    const last = lines().findLast(({ type, sessionId }) => type === 'service.state' && sessionId === service['sessionId'])
    expect(JSON.parse(String(last?.['state']))).toMatchObject({ value: 'stopped' })
  })
})

describe('the ways in', () => {
  test.each(['/inspect/xstate', '/inspect/stately'])(
    '%s wants a token where one is needed, in any of three ways',
    async (path) => {
      const { port } = await start({ access })
      const protocol = `hyphae.bearer.${Buffer.from(viewer).toString('base64url')}`
      const ways = [
        dial(port, { path: `${path}?ticket=${viewer}`, protocols: [] }),
        dial(port, { path, protocols: [], headers: { authorization: `Bearer ${viewer}` } }),
        dial(port, { path, protocols: ['hyphae.rpc', protocol] }),
      ]
      for (const one of ways) await one.opened()
      expect(ways.map(({ socket }) => socket.protocol)).toEqual(['', '', 'hyphae.rpc'])
      for (const { socket } of ways) socket.terminate()
      expect(await dial(port, { path, protocols: [] }).refused()).toBe(401)
      expect(await dial(port, { path: `${path}?ticket=wrong`, protocols: [] }).refused()).toBe(401)
      expect(await dial(port, { path: `/rpc?ticket=${viewer}` }).refused()).toBe(401)
      expect(
        await dial(port, {
          path,
          protocols: [],
          headers: { origin: 'https://stately.ai', authorization: `Bearer ${viewer}` },
        }).refused(),
      ).toBe(403)
    },
  )

  test('a page from elsewhere may come where http.allowed_origins lists it', async () => {
    const { port } = await start({ allowedOrigins: ['https://stately.ai'] })
    const one = dial(port, { path: '/inspect/stately', protocols: [], headers: { origin: 'https://stately.ai' } })
    await one.opened()
    await eventually(() => expect(one.answers.length).toBeGreaterThan(0))
    one.socket.terminate()
  })

  test('no subprotocol is answered where none is offered', async () => {
    const { port } = await start()
    const one = raw(port)
    one.say(
      `GET /inspect/xstate HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    await eventually(() => expect(one.text()).toContain('\r\n\r\n'))
    expect(one.text()).toMatch(/^HTTP\/1\.1 101/)
    expect(one.text().toLowerCase()).not.toContain('sec-websocket-protocol')
    one.socket.destroy()
  })

  test('who says nothing that can be read is told so, and is cut off after some', async () => {
    const { port } = await start()
    const one = dial(port, { path: '/inspect/xstate', protocols: [] })
    await one.opened()
    for (let n = 0; n < limits.publishedMistakes; n++) one.socket.send('nonsense')
    expect(await one.closed()).toMatchObject({ code: 1000, reason: expect.stringContaining('too many messages') as unknown })
    expect(one.answers).toHaveLength(limits.publishedMistakes)
    expect(one.answers[0]).toMatchObject({ type: 'hyphae.error' })
  })
})

test('the packages are counterparts of tests, and nothing that the product needs or publishes', () => {
  const root = join(import.meta.dirname, '../..')
  const { dependencies, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
    readonly files: readonly string[]
  }
  expect(Object.keys(dependencies).filter((name) => /inspect|statelyai/.test(name))).toEqual([])
  expect(dependencies['xstate']).toMatch(/^5\./)
  expect(files.filter((file) => file.startsWith('test'))).toEqual([])
  for (const workspace of ['xstate-inspect', 'statelyai-inspect']) {
    const own = JSON.parse(readFileSync(join(root, 'test/counterparts', workspace, 'package.json'), 'utf8')) as object
    expect(own).toMatchObject({ private: true })
    expect(own).not.toHaveProperty('dependencies')
  }
})
