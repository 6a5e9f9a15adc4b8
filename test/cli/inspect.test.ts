import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openInBrowser } from '../../src/cli/open-browser.ts'
import { eventually } from '../support/eventually.ts'
import { fleetFolder, launch, type FleetFolder } from '../support/cli.ts'

/** `hyphae inspect`: where the page is, with a login that works once. */

const web = 'web: { command: sleep, args: ["1000"] }'
let folder: FleetFolder
let origin: string
beforeAll(async () => {
  folder = fleetFolder(
    `supervisor: { services: { ${web} }, security: { authentication: { enabled: true, token: a-token-of-many-characters } } }`,
  )
  const up = await folder.up()
  origin = `http://${/^http +(\S+)/m.exec(up.out)?.[1]}`
}, 60_000)
afterAll(() => folder.end())

const ticketIn = (url: string): string => /#\/login\/([\w-]{43})/.exec(url)?.[1] ?? ''
const login = async (ticket: string) => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${origin}/login`, { method: 'POST', headers, body: JSON.stringify({ ticket }) })
  return response.status === 200 ? ((await response.json()) as { role: string; name: string }) : response.status
}

test('prints an address whose ticket lets in once', async () => {
  const { code, out, err } = await folder.run(['inspect'])
  const [url = '', hint] = out.split('\n')
  expect([code, err, hint]).toEqual([0, '', 'It works once, within 1 min, as admin; hyphae inspect makes another.'])
  expect(url).toMatch(new RegExp(`^${origin}/#/login/[\\w-]{43}$`))
  expect(await login(ticketIn(url))).toMatchObject({
    role: 'admin',
    name: expect.stringMatching(/^local:\S+ via inspector$/) as string,
  })
  expect(await login(ticketIn(url))).toBe(401)
})

test('of an actor, by its address or a service by its name, in a role, and as JSON', async () => {
  for (const name of ['service.web', 'web']) {
    const { out } = await folder.run(['inspect', name, '--role', 'viewer'])
    expect(out).toMatch(/#\/login\/[\w-]{43}\/service\.web\n.*as viewer/)
  }
  const { out } = await folder.run(['inspect', 'process.web', '--role', 'operator', '--json'])
  const told = JSON.parse(out) as { url: string; role: string; expires: string; login: string }
  expect(told).toMatchObject({ role: 'operator', login: expect.stringMatching(/^login\./) as string })
  expect(told.url).toMatch(/\/process\.web$/)
  expect(Object.keys(told).toSorted()).toEqual(['expires', 'login', 'role', 'url'])
  expect(await login(ticketIn(told.url))).toMatchObject({ role: 'operator' })
})

test('for the inspectors of others it is the address of a WebSocket', async () => {
  for (const name of ['xstate', 'stately']) {
    const { out } = await folder.run(['inspect', `--${name}`])
    expect(out.split('\n')[0]).toMatch(new RegExp(`^${origin.replace('http', 'ws')}/inspect/${name}\\?ticket=[\\w-]{43}$`))
  }
  expect(await folder.run(['inspect', '--xstate', '--stately'])).toMatchObject({ code: 2 })
  expect(await folder.run(['inspect', 'web', '--xstate'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('address:') as string,
  })
})

test('over a URL, too: the address is the one by which one came', async () => {
  const env = { HYPHAE_URL: origin.replace('127.0.0.1', 'localhost'), HYPHAE_TOKEN: 'a-token-of-many-characters' }
  const { code, out } = await launch(['inspect'], { cwd: tmpdir(), env }).ended
  expect(code).toBe(0)
  expect(out.startsWith(`${env.HYPHAE_URL}/#/login/`)).toBe(true)
  expect(await login(ticketIn(out))).toMatchObject({ name: 'token:supervisor via inspector' })
})

test('what can not be shown is said, and no ticket is made for it', async () => {
  const before = (await folder.run(['actors', '--kind', 'login'])).out.split('\n').length
  const { code, err } = await folder.run(['inspect', 'nobody'])
  expect([code, err]).toEqual([4, expect.stringContaining('there is no actor "nobody"')])
  expect(await folder.run(['inspect', '--role', 'root'])).toMatchObject({ code: 2 })
  expect((await folder.run(['actors', '--kind', 'login'])).out.split('\n').length).toBe(before)
})

test('a fleet without an HTTP port says which key of the config opens one', { timeout: 60_000 }, async () => {
  const other = fleetFolder(`supervisor: { services: { ${web} } }`)
  try {
    await other.up({ HYPHAE_HTTP_PORT: 'off' })
    const { code, err } = await other.run(['inspect'])
    expect([code, err]).toEqual([2, expect.stringContaining('http.port: ')])
  } finally {
    await other.end()
  }
})

describe('a browser', () => {
  const url = 'http://127.0.0.1:1/#/login/ticket'
  const bin = mkdtempSync(join(tmpdir(), 'hyphae-desktop-'))
  afterAll(() => rmSync(bin, { recursive: true, force: true }))
  const desktop = (env: NodeJS.ProcessEnv = { DISPLAY: ':0' }) => ({
    platform: 'linux' as const,
    env: { PATH: `${bin}${delimiter}${process.env['PATH']}`, TMPDIR: bin, ...env },
  })
  const seen = join(bin, 'seen')

  test('is started with a file that only we may read: the ticket stands on no command line', async () => {
    writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\necho "$1" > ${seen}.new && mv ${seen}.new ${seen}\n`)
    chmodSync(join(bin, 'xdg-open'), 0o755)
    expect(openInBrowser(url, desktop())).toBe(true)
    const file = await eventually(() => readFileSync(seen, 'utf8').trim())
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).toContain(`url=${url}"`)
    rmSync(join(file, '..'), { recursive: true })
  })

  test('is not started where there is none, and that it can not be started hurts nobody', () => {
    for (const env of [{}, { DISPLAY: '' }, { DISPLAY: ':0', SSH_CONNECTION: 'x' }, { DISPLAY: ':0', CI: '1' }])
      expect(openInBrowser(url, desktop(env))).toBe(false)
    expect(openInBrowser(url, { platform: 'linux', env: { DISPLAY: ':0', PATH: '/nowhere' } })).toBe(true)
    expect(readdirSync(bin).filter((name) => name.startsWith('hyphae-inspect-') && existsSync(join(bin, name)))).toEqual([])
  })
})
