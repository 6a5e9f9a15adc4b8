import { afterEach, expect, test } from 'vitest'
import { connect as connectInBrowser } from '../../src/client/browser.ts'
import { connect, type Client } from '../../src/client/index.ts'
import { eventually } from '../support/eventually.ts'
import { connectionsOf, httpFleet, type HttpFleet } from '../support/http.ts'

/** The client against the HTTP listener of a whole orchestrator. */

let fleet: HttpFleet | undefined
const clients: Client[] = []
const keep = (client: Client): Client => {
  clients.push(client)
  return client
}
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await fleet?.end()
  fleet = undefined
})
const start = async (...given: Parameters<typeof httpFleet>): Promise<HttpFleet> => {
  fleet = await httpFleet(...given)
  return fleet
}
const access = { token: 's3cret-wörd', allowedCommands: null }

test.each([
  ['http', connect],
  ['ws', connect],
  ['http', connectInBrowser],
  ['ws', connectInBrowser],
] as const)('by %s: calls, events of an actor, a watch and logs, with a token', async (scheme, connect) => {
  const { origin } = await start({ access })
  const client = keep(await connect({ url: origin.replace('http', scheme), token: access.token }))
  const web = client.service('web')
  const { pid } = await web.status()
  const items = client.watch({ filter: 'service.web', facts: true })
  expect((await items.next()).value).toMatchObject({ type: 'begin', resumed: false })
  expect(await web.restart({ wait: 5_000 })).toMatchObject({ service: 'web', outcome: 'done' })
  expect((await web.status()).pid).not.toBe(pid)
  const facts: string[] = []
  for await (const item of items) {
    if (item.type === 'fact') facts.push(item.fact.type)
    if (facts.at(-1) === 'service.ready') break
  }
  expect(facts).toContain('service.exited')
  await expect(web.send({ type: 'RESTART' })).resolves.toMatchObject({ sent: 'RESTART' })
  await expect(client.call('service.explain', { service: 'wbe' })).rejects.toMatchObject({ code: 'not_found' })
  client.close()
  await eventually(() => expect(connectionsOf(fleet as HttpFleet)).toEqual([]))
})

test('without the token, and with a wrong one, the error says what to do', async () => {
  const { origin } = await start({ access })
  for (const url of [origin, origin.replace('http', 'ws')]) {
    await expect(connect({ url })).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('wants a token') as string,
    })
    await expect(connect({ url, token: 'nope' })).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('does not accept this token') as string,
    })
  }
})

test('only what security.allowed_commands admits', async () => {
  const { origin } = await start({ access: { ...access, allowedCommands: ['restart'] } })
  const client = keep(await connect({ url: origin, token: access.token }))
  await expect(client.call('system.status')).rejects.toMatchObject({ code: 'forbidden' })
  await expect(client.watch().next()).rejects.toMatchObject({ code: 'forbidden' })
  expect(await client.service('web').restart()).toMatchObject({ outcome: 'done' })
})

test('a watch goes on with the orchestrator that comes back at the same place', async () => {
  const first = await start({ access })
  const client = keep(await connect({ url: first.origin, token: access.token }))
  const seen: string[] = []
  const reading = (async () => {
    for await (const item of client.watch({ filter: 'service.' })) seen.push(item.type)
  })()
  await eventually(() => expect(seen.slice(0, 2)).toEqual(['begin', 'snapshot']))
  await first.leave()
  const endpoint = `http:127.0.0.1:${first.port}`
  await start({ access, stateDir: first.stateDir, listeners: [{ name: 'http', endpoint, dialect: 'jsonrpc' }] })
  await eventually(() => expect(seen.filter((type) => type === 'begin')).toHaveLength(2))
  expect(await client.service('web').status()).toMatchObject({ status: 'running' })
  client.close()
  await reading
})
