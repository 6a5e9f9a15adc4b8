import { appendFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logPathOf } from '../../src/state-dir.ts'
import { eventually } from '../support/eventually.ts'
import { launch } from '../support/cli.ts'
import { httpFleet, type HttpFleet } from '../support/http.ts'

/** The command line over a network: no state folder here, and none is looked for. */

let fleet: HttpFleet
let url: string
const token = 's3cret'
const access = { token, allowedCommands: null }
const far = (args: readonly string[], env: NodeJS.ProcessEnv = { HYPHAE_URL: url, HYPHAE_TOKEN: token }) =>
  launch(args, { cwd: tmpdir(), env })

/** Ends when it is asked to, as `up` does. */
async function begin(...given: Parameters<typeof httpFleet>): Promise<void> {
  fleet = await httpFleet(...given)
  const { orchestrator } = fleet
  void orchestrator.finished.then(() => orchestrator.close())
  url = fleet.origin
}
beforeAll(async () => {
  await begin({ access })
  appendFileSync(logPathOf(fleet.stateDir, 'web'), 'up\n')
})
afterAll(() => rmSync(fleet.stateDir, { recursive: true, force: true }))

test('by variable and by flag, which wins', async () => {
  expect(await far(['status']).ended).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/web +running/) as string })
  const wrong = { HYPHAE_URL: 'http://127.0.0.1:1', HYPHAE_TOKEN: 'wrong' }
  expect(await far(['status', '--url', url, '--token', token], wrong).ended).toMatchObject({ code: 0, err: '' })
  expect(await far(['--url', url.replace('http', 'ws'), 'status'], { HYPHAE_TOKEN: token }).ended).toMatchObject({
    code: 0,
    err: '',
  })
})

test('what is typed about this machine wins over a URL in the environment', async () => {
  const { code, err } = await far(['status', '-c', '/no/such/hyphae.yaml']).ended
  expect(code).toBe(2)
  expect(err).toContain('/no/such/hyphae.yaml')
})

test('start, stop, restart, explain, send, actors and events', async () => {
  for (const args of [
    ['restart', 'web'],
    ['explain', 'web'],
    ['send', 'service.web', 'RESTART'],
    ['actors'],
    ['events', '-n', '1'],
    ['logs', '-n', '1'],
  ]) {
    expect(await far(args).ended, args.join(' ')).toMatchObject({ code: 0 })
  }
})

test.each([
  ['logs', '-f'],
  ['events', '-f'],
  ['status', '--watch', '--json'],
])('%s %s goes on until Ctrl-C', async (...args) => {
  const following = far(args)
  await eventually(() => expect(following.out).toContain('web'))
  following.child.kill('SIGINT')
  expect(await following.ended).toMatchObject({ code: 0, err: '' })
})

describe('what is wrong is told in words', () => {
  test.each([
    [{ HYPHAE_TOKEN: '' }, [], 77, 'wants a token'],
    [{ HYPHAE_TOKEN: 'nope' }, [], 77, 'does not accept this token'],
    [{ HYPHAE_URL: 'http://127.0.0.1:1' }, [], 3, 'no orchestrator answers at http://127.0.0.1:1'],
    [{ HYPHAE_URL: 'nonsense' }, [], 2, 'url: expected http://'],
    [{}, ['--url', 'http://x', '-c', 'x.yaml'], 2, '--url and --config: expected one of them'],
    [{ HYPHAE_URL: '' }, ['--token', 'x'], 2, '--token goes with --url'],
  ])('%j %j', async (env, args, exit, words) => {
    const { code, out, err } = await far(['status', ...args], { HYPHAE_URL: url, HYPHAE_TOKEN: token, ...env }).ended
    expect({ code, out }).toEqual({ code: exit, out: '' })
    expect(err).toContain(words)
  })

  test.each(['up', 'validate'])('%s works on this machine only', async (verb) => {
    expect(await far([verb, '--url', url]).ended).toMatchObject({
      code: 2,
      err: expect.stringContaining('on this machine only') as string,
    })
  })

  test('the help says where a token is better', async () => {
    expect((await far(['--help']).ended).out.replaceAll(/\s+/g, ' ')).toContain('better in HYPHAE_TOKEN')
  })
})

test('leave and down return once the orchestrator there has gone', async () => {
  const { port, stateDir } = fleet
  const left = await far(['leave']).ended
  expect(left).toMatchObject({ code: 0, err: '' })
  expect(left.out).toMatch(/^left 1 service running.*\n +come back with, on its machine: hyphae up/)

  await eventually(() =>
    begin({ access, stateDir, listeners: [{ name: 'http', endpoint: `http:127.0.0.1:${port}`, dialect: 'jsonrpc' }] }),
  )
  const { code, out, err } = await far(['down', '--url', url.replace('http', 'ws')]).ended
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^stopped 1 service and the orchestrator \(pid \d+\)\n$/)
  expect(await far(['status']).ended).toMatchObject({ code: 3 })
})
