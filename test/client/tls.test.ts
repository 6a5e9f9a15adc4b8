import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect, type Client } from '../../src/client/index.ts'
import { authority, certificateOf, everywhere, pemPath, secureListeners } from '../support/certificates.ts'
import { launch } from '../support/cli.ts'
import { httpFleet, type HttpFleet } from '../support/http.ts'

/** The client, the command line and MagicTunnel's tools against listeners that speak TLS. */

let fleet: HttpFleet
let url: string
let port: string
const token = 'a-token-of-many-characters'
const clients: Client[] = []
beforeAll(async () => {
  fleet = await httpFleet({
    listeners: secureListeners,
    certificates: everywhere(certificateOf('server')),
    access: { token, allowedCommands: null },
  })
  url = fleet.origin.replace('http:', 'https:')
  port = /\d+$/.exec(fleet.orchestrator.view.listeners()[1]?.address ?? '')?.[0] ?? ''
})
afterAll(async () => {
  for (const client of clients) client.close()
  await fleet.end()
})

test.each(['https', 'wss'])('%s: calls and streams, with an authority of our own', async (scheme) => {
  const client = await connect({ url: url.replace('https', scheme), token, ca: authority })
  clients.push(client)
  const { services } = await client.call('system.status', {})
  expect(Object.keys(services)).toEqual(['web'])
  const items = client.watch({ filter: 'service.web' })
  expect((await items.next()).value).toMatchObject({ type: 'begin' })
  await items.return()
})

test('an authority that nobody knows is refused, with its reason; a wrong token is told as one', async () => {
  await expect(connect({ url, token })).rejects.toThrow(/https.* cannot be trusted: (unable to verify|self.signed).*--ca <file>/)
  await expect(connect({ url: url.replace('https', 'http'), token })).rejects.toThrow(
    'this port speaks HTTPS; ask it with https://',
  )
  await expect(connect({ url, token: 'wrong', ca: authority })).rejects.toThrow('does not accept this token')
  await expect(connect({ url: url.replace('https', 'wss'), token: 'wrong', ca: authority })).rejects.toThrow(
    'does not accept this token',
  )
})

const run = (args: readonly string[], env: NodeJS.ProcessEnv, main?: string) =>
  launch(args, { cwd: tmpdir(), env, ...(main === undefined ? {} : { main }) }).ended

test('the command line: by flag, by variable, and by that of Node', { timeout: 60_000 }, async () => {
  const env = { HYPHAE_URL: url, HYPHAE_TOKEN: token }
  const ca = pemPath('ca.pem')
  expect(await run(['status', '--ca', ca], env)).toMatchObject({ code: 0, err: '' })
  expect(await run(['restart', 'web'], { ...env, HYPHAE_CA: ca })).toMatchObject({ code: 0, err: '' })
  expect(await run(['events', '-n', '1'], { ...env, NODE_EXTRA_CA_CERTS: ca })).toMatchObject({ code: 0 })
  expect(await run(['status'], env)).toMatchObject({ code: 3 })
  const missing = await run(['status', '--ca', '/no/such/file'], env)
  expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('--ca: ENOENT')])
})

test("MagicTunnel's tool, with its token in the environment", { timeout: 60_000 }, async () => {
  const tool = resolve(import.meta.dirname, '../../src/cli/magictunnel/supervisor-cli.ts')
  const ask = (args: readonly string[], env: NodeJS.ProcessEnv) => run([...args, '--port', port], env, tool)
  const ca = ['--ca', pemPath('ca.pem')]
  const asked = await ask(['status', ...ca], { SUPERVISOR_TOKEN: token })
  expect(asked).toMatchObject({ code: 0, out: expect.stringContaining('Status retrieved successfully') as string })
  expect(await ask(['restart', 'web', ...ca], { SUPERVISOR_TOKEN: token })).toMatchObject({ code: 0 })
  expect(await ask(['status', '--tls'], { SUPERVISOR_TOKEN: token, NODE_EXTRA_CA_CERTS: pemPath('ca.pem') })).toMatchObject({
    code: 0,
  })
  const wrong = await ask(['status', ...ca], { SUPERVISOR_TOKEN: 'wrong' })
  expect([wrong.code, wrong.out]).toEqual([1, expect.stringContaining('Authentication failed')])
  expect((await ask(['status', ...ca], {})).out).toContain('authentication required')
  expect((await ask(['status', '--tls'], { SUPERVISOR_TOKEN: token })).err).toMatch(/no supervisor answers.*(unable|self.signed)/)
})
