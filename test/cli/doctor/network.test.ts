import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkPorts } from '../../../src/cli/doctor/ports.ts'
import { checkProbedPorts, checkPrograms } from '../../../src/cli/doctor/services.ts'
import { checkConfig, checkExposure, checkTokens } from '../../../src/cli/doctor/settings.ts'
import type { LoadedConfig } from '../../../src/config/load.ts'
import { freePort } from '../../support/free-port.ts'
import { specOf } from '../../support/programs.ts'

let dir = ''
const servers: Server[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyphae-doctor-'))
})
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
  rmSync(dir, { recursive: true, force: true })
})

async function listening(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function written(text: string, env: NodeJS.ProcessEnv = {}): { config: LoadedConfig | null; levels: string[]; found: string } {
  const path = join(dir, 'hyphae.yaml')
  writeFileSync(path, text)
  const { config, findings } = checkConfig(path, env)
  return {
    config,
    levels: findings.map(({ level }) => level),
    found: findings.map(({ found, remedy }) => `${found} ${remedy}`).join('\n'),
  }
}
function config(text: string): LoadedConfig {
  const { config: loaded, found } = written(text)
  if (loaded === null) throw new Error(found)
  return loaded
}

describe('the config', () => {
  test('every problem of it is a finding; a warning is one too', () => {
    expect(checkConfig(undefined, {}).findings).toMatchObject([{ level: 'error' }])
    expect(written('supervisor: { services: { web: { command: x } } }').levels).toEqual(['ok'])
    expect(written('supervisor: { services: { web: { command: x } } }\nother: 1').levels).toEqual(['ok', 'warning'])
    const wrong = written('supervisor: { services: { web: { comand: x, restart_policy: maybe } } }')
    expect(wrong.config).toBeNull()
    expect(wrong.levels.length).toBeGreaterThan(1)
    expect(new Set(wrong.levels)).toEqual(new Set(['error']))
    expect(wrong.found).toContain('did you mean "command"?')
  })

  test('who can reach us', () => {
    expect(checkExposure(config('supervisor: { services: {} }')).level).toBe('ok')
    expect(checkExposure(config('supervisor: { port: off, services: {} }\nhttp: { port: off }')).found).toContain('no ports')
    const open =
      'supervisor: { host: 0.0.0.0, security: { authentication: { enabled: true, token: abcdefghijklmnopqrst } }, services: {} }'
    expect(checkExposure(config(open))).toMatchObject({
      level: 'warning',
      found: expect.stringContaining('0.0.0.0:8081') as string,
    })
    const http = { host: '127.0.0.1', port: 3001 }
    const encrypted = checkExposure({ supervisor: { host: '::', port: 8081, tls: {} }, http })
    expect(encrypted).toMatchObject({ level: 'ok', found: 'others can reach supervisor [::]:8081, over TLS' })
  })

  test('a short token is a warning, and never shown', () => {
    const token = (value: string) =>
      config(`supervisor: { security: { authentication: { enabled: true, token: ${value} } }, services: {} }`)
    expect(checkTokens(config('supervisor: { services: {} }')).level).toBe('ok')
    expect(checkTokens(token('abcdefghijklmnopqrst')).level).toBe('ok')
    const short = checkTokens(token('hunter2'))
    expect(short).toMatchObject({ level: 'warning', remedy: expect.stringContaining('openssl') as string })
    expect(JSON.stringify(short)).not.toContain('hunter2')
    const several = [
      { name: 'ci', token: 'x'.repeat(32) },
      { name: 'me', token: 'sesame' },
    ]
    const found = checkTokens({ supervisor: { authentication: { enabled: true, token: null, tokens: several } } })
    expect(found).toMatchObject({ level: 'warning', found: 'me (6 characters): below 16 it can be guessed' })
    const none = checkTokens({ supervisor: { authentication: { enabled: true, token: null } } })
    expect(none.level).toBe('error')
  })
})

describe('ports', () => {
  const at = (supervisor: number | string, http: number | string) =>
    config(`supervisor: { port: ${supervisor}, services: {} }\nhttp: { port: ${http} }`)

  test('are free, off, chosen by the system, or held by somebody who is named', async () => {
    const [free, taken] = [await freePort(), await listening()]
    expect(await checkPorts(at('off', 0), null)).toMatchObject([
      { level: 'ok', found: 'off' },
      { level: 'ok', found: '127.0.0.1:0: a free one is taken' },
    ])
    const [supervisor, http] = await checkPorts(at(free, taken), null)
    expect(supervisor).toMatchObject({ level: 'ok', found: `127.0.0.1:${free} is free` })
    expect(http).toMatchObject({ level: 'warning', found: expect.stringContaining(`held by pid ${process.pid} (`) as string })
    expect(http?.remedy).toContain('http.port')
  })

  test('that were tried are free again', async () => {
    const free = await freePort()
    await checkPorts(at(free, 'off'), null)
    const server = createServer().listen(free, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    expect(server.listening).toBe(true)
  })

  test('of an address that this machine does not have are an error', async () => {
    const loaded = config('supervisor: { services: {} }\nhttp: { port: off }')
    const away = { ...loaded, supervisor: { ...loaded.supervisor, host: '192.0.2.1' } }
    expect((await checkPorts(away, null))[0]).toMatchObject({
      level: 'error',
      found: expect.stringContaining('EADDRNOTAVAIL') as string,
    })
  })
})

describe('services', () => {
  test('their programs and folders are looked for as a start would', () => {
    writeFileSync(join(dir, 'plain'), '')
    const env = { PATH: process.env['PATH'] }
    const found = checkPrograms(
      [
        specOf({ name: 'good', command: 'sh', workingDir: dir }),
        specOf({ name: 'gone', command: 'no-such-program', workingDir: dir }),
        specOf({ name: 'plain', command: join(dir, 'plain'), workingDir: dir }),
        specOf({ name: 'astray', command: 'sh', workingDir: join(dir, 'nowhere') }),
      ],
      env,
    )
    expect(found.map(({ check, level }) => [check, level])).toEqual([
      ['services', 'ok'],
      ['service gone', 'error'],
      ['service plain', 'error'],
      ['service astray', 'error'],
    ])
  })

  test('probes that look at a port of ours, of another service or of a stranger are told', () => {
    const loaded = config(`
supervisor:
  services:
    web: { command: x, health_check_url: "http://localhost:3001/health" }
    one: { command: x, liveness: { tcp: 4001 } }
    two: { command: x, liveness: { http: "http://127.0.0.1:4001/" } }
    tools: { command: x, kind: mcp, env: { PORT: 4002 } }
    far: { command: x, liveness: { http: "http://example.org:3001/" } }
`)
    const stranger = (_: string, port: number) => (port === 4002 ? { pid: 7, command: 'thief' } : null)
    expect(checkProbedPorts(loaded, null, () => false, stranger).map(({ check, found }) => [check, found])).toEqual([
      ['probes of web', "they look at 3001, which is Hyphae's own http.port"],
      ['probes of two', 'they look at 4001, as those of one do'],
      ['probes of tools', 'they look at 4002, which is held by pid 7 (thief), none of ours'],
    ])
    // One that was left running is no stranger.
    expect(checkProbedPorts(loaded, null, (pid) => pid === 7, stranger).map(({ check }) => check)).toEqual([
      'probes of web',
      'probes of two',
    ])
  })
})
