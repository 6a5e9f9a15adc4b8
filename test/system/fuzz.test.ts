import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type Client } from '../../src/client/index.ts'
import { findControlSocket } from '../../src/control-socket.ts'
import { hostAndPort } from '../../src/protocol/endpoint.ts'
import { fleetFolder, type FleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { fuzz, httpPort, tcpPort, unixPort, webSocketPort, type FuzzPort } from '../support/fuzz.ts'

/** Spoilt inputs, always the same ones, at every port of one `hyphae up`. `npm run bench -- fuzz` throws 100,000 at each. */

const inputs = 3_000

let fleet: FleetFolder
let client: Client
beforeAll(async () => {
  fleet = fleetFolder('supervisor: { services: { web: { command: sleep, args: ["1000"], stop_signal: SIGKILL } } }\n')
  await fleet.up()
  client = await connect({ socket: findControlSocket(fleet.stateDir) })
})
afterAll(async () => {
  client.close()
  await fleet.end()
})

const ports: Readonly<Record<string, (host: string, port: number) => FuzzPort>> = {
  supervisor: tcpPort,
  http: httpPort,
  websocket: webSocketPort,
  control: () => unixPort(findControlSocket(fleet.stateDir)),
}

describe('spoilt inputs', () => {
  test.each(Object.keys(ports))('at %s crash nothing, hang nothing, and leave nothing behind', async (name) => {
    const { listeners, supervisor } = await client.call('system.status', { services: [] })
    const address = listeners.find((one) => one.name === (name === 'websocket' ? 'http' : name))?.address ?? ''
    const { host, port } = hostAndPort(`tcp:${address}`)
    const target = ports[name]?.(host, port)
    if (target === undefined) throw new Error('no such port')
    const result = await fuzz(target, 1, inputs)
    expect(result).toMatchObject({ inputs, hung: 0, leaks: [] })
    expect(result.answered).toBeGreaterThan(0)
    const after = await client.call('system.status', { services: [] })
    expect(after.supervisor.pid).toBe(supervisor.pid)
    await eventually(async () => {
      const { actors } = await client.call('actor.list', { kind: 'connection' })
      // Ours.
      expect(actors).toHaveLength(1)
    })
    const log = readFileSync(join(fleet.stateDir, 'supervisor.log'), 'utf8').split('\n')
    expect(log.filter((line) => /"level":(?:50|60)/.test(line))).toEqual([])
  })
})
