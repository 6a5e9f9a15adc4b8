import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { namer } from '../../src/cli/init/plan.ts'
import { freePort } from '../../src/cli/init/magictunnel.ts'
import { loadConfig, type LoadedConfig } from '../../src/config/load.ts'
import { isServiceName } from '../../src/protocol/ids.ts'
import { fleetFolder, type FleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'

let fleet: FleetFolder
let path = ''
beforeEach(() => {
  fleet = fleetFolder('')
  path = join(fleet.cwd, 'hyphae.yaml')
  rmSync(path)
})
afterEach(() => fleet.end())

function put(file: string, content: string | object): void {
  const at = join(fleet.cwd, file)
  mkdirSync(dirname(at), { recursive: true })
  writeFileSync(at, typeof content === 'string' ? content : JSON.stringify(content))
}
const services = ({ services: all }: LoadedConfig) =>
  Object.fromEntries(all.map(({ name, command, args, autostart }) => [name, { run: [command, ...args], autostart }]))

/** Runs `init`; answers the config as the loader sees it, without a warning about what was written. */
async function init(...args: string[]) {
  const { code, out, err } = await fleet.run(['init', ...args])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const config = loadConfig(path, process.env)
  expect(config.warnings).toEqual([])
  return { out, config, text: readFileSync(path, 'utf8') }
}
/** Everything that is to run runs, with what `init` wrote. */
async function runs(): Promise<void> {
  await fleet.up({ SUPERVISOR_PORT: '0' })
  const wanted = loadConfig(path, process.env).services.filter(({ autostart }) => autostart)
  for (const { name } of wanted) {
    await eventually(async () => expect(await fleet.status(name)).toMatchObject({ status: 'running' }))
  }
}

describe('nothing that is known', () => {
  test('gets an example that runs as it stands, with comments', async () => {
    const { out, config, text } = await init()
    expect(Object.keys(services(config))).toEqual(['example'])
    expect(text).toMatch(/^# yaml-language-server: \$schema=\S*hyphae\.schema\.json$/m)
    expect(text).toMatch(/^# Further fields/m)
    expect(out).toContain(`wrote ${path}\n  run it: hyphae up\n`)
    const [, schema = ''] = /\$schema=(\S+)/.exec(text) ?? []
    expect(JSON.parse(readFileSync(schema, 'utf8'))).toMatchObject({ title: 'Hyphae' })
    await runs()
  })

  test('the schema is the project’s own where it has one', async () => {
    put('node_modules/hyphae/schema/hyphae.schema.json', {})
    expect((await init()).text).toContain('$schema=./node_modules/hyphae/schema/hyphae.schema.json\n')
  })
})

describe('package.json', () => {
  test('scripts that go on become services, and they run', async () => {
    put('package.json', { scripts: { start: 'sleep 1000', 'queue:worker': 'sleep 1000', test: 'false', build: 'false' } })
    const { config, out } = await init()
    expect(services(config)).toEqual({
      start: { run: ['npm', 'run', 'start'], autostart: true },
      'queue-worker': { run: ['npm', 'run', 'queue:worker'], autostart: true },
    })
    expect(config.services.flatMap(({ dependsOn }) => dependsOn)).toEqual([])
    expect(out).toContain('found package.json: 2 services\n')
    await runs()
  })

  test('other ways to run the same program are there, but not started', async () => {
    put('package.json', { scripts: { dev: 'x', start: 'x', 'start:prod': 'x', 'dev:api': 'x', lint: 'x', prestart: 'x' } })
    const { config, text } = await init()
    expect(Object.entries(services(config)).map(([name, { autostart }]) => [name, autostart])).toEqual([
      ['dev', false],
      ['start', true],
      ['start-prod', false],
      ['dev-api', true],
    ])
    expect(text).toContain('# Not started with the fleet: another way to run "start".\n')
  })

  test.each([
    ['package-lock.json', 'npm'],
    ['pnpm-lock.yaml', 'pnpm'],
    ['yarn.lock', 'yarn'],
    ['bun.lock', 'bun'],
    ['bun.lockb', 'bun'],
  ])('%s means %s', async (lock, program) => {
    put('package.json', { scripts: { dev: 'x' } })
    put(lock, '')
    expect(services((await init()).config)).toEqual({ dev: { run: [program, 'run', 'dev'], autostart: true } })
  })

  test('without a lock file packageManager tells', async () => {
    put('package.json', { scripts: { dev: 'x' }, packageManager: 'pnpm@9.1.0' })
    expect(services((await init()).config)['dev']?.run[0]).toBe('pnpm')
  })

  test('odd names of scripts arrive letter by letter', async () => {
    const odd = [
      'worker "a" ${HOME}',
      "worker's: #1",
      'worker\n- x: y',
      'worker $${A:-b} \\ \u0007 \u00e9',
      'worker: yes',
      'WORKER',
    ]
    put('package.json', { scripts: Object.fromEntries(odd.map((name) => [name, 'x'])) })
    const { config } = await init()
    expect(config.services.map(({ args }) => args[1])).toEqual(odd)
  })

  test('a script that runs hyphae itself is left out', async () => {
    put('package.json', { scripts: { start: 'npx hyphae up', worker: 'x' } })
    const { config, out } = await init()
    expect(Object.keys(services(config))).toEqual(['worker'])
    expect(out).toContain('script "start" runs hyphae itself; left out')
  })

  test.each([
    ['{"scripts": {"test": "x"}}', 'package.json: has no script that goes on running'],
    ['{', 'package.json: left aside: not valid JSON'],
    ['[]', 'package.json: has no script that goes on running'],
  ])('%s is of no use: an example is written, and why', async (content, why) => {
    put('package.json', content)
    const { config, out } = await init()
    expect(Object.keys(services(config))).toEqual(['example'])
    expect(out).toContain(why)
  })
})

describe('a Procfile', () => {
  test('runs, with a shell only where one is needed', async () => {
    put('Procfile', 'web: exec sleep ${SECONDS_TO_RUN:-1000}\r\n\n# c\nworker: sleep 1000\nrelease: false\nnonsense\n')
    put('package.json', { scripts: { start: 'x' } })
    const { config, out } = await init()
    expect(services(config)).toEqual({
      web: { run: ['sh', '-c', 'exec sleep ${SECONDS_TO_RUN:-1000}'], autostart: true },
      worker: { run: ['sleep', '1000'], autostart: true },
      release: { run: ['false'], autostart: false },
    })
    expect(out).toContain('Procfile:6: is no `name: command`; left out')
    expect(out).toContain('package.json: left aside')
    await runs()
  })

  test('who asks for a PORT gets one of its own', async () => {
    put('Procfile', 'a: x -p $PORT\nb: y\nc: z ${PORT:-3}\n')
    expect((await init()).config.services.map(({ env }) => env)).toEqual([{ PORT: '5000' }, {}, { PORT: '5200' }])
  })

  test('one without a process is none', async () => {
    put('Procfile', '# nothing\n')
    expect(Object.keys(services((await init()).config))).toEqual(['example'])
  })
})

describe('MagicTunnel', () => {
  const program = '#!/bin/sh\nexec sleep 1000\n'

  test('is known by its program, and keeps port 3001', async () => {
    put('target/release/magictunnel', program)
    chmodSync(join(fleet.cwd, 'target/release/magictunnel'), 0o755)
    put('magictunnel-config.yaml', 'server: {}')
    const { config, out, text } = await init()
    expect(config.services).toMatchObject([
      {
        name: 'magictunnel',
        command: join(fleet.cwd, 'target/release/magictunnel'),
        args: ['--config', 'magictunnel-config.yaml', '--log-level', 'info'],
      },
    ])
    expect(config.http.port).not.toBe(3001)
    expect(text).toMatch(/# Port 3001 is MagicTunnel's own; \d+ was free/)
    expect(out).toMatch(/the HTTP port is \d+: 3001 is MagicTunnel's own/)
    await runs()
  })

  test('without its program says how to build it', async () => {
    put('magictunnel-config.yaml', '')
    put('frontend/package.json', { scripts: { dev: 'vite' } })
    mkdirSync(join(fleet.cwd, 'frontend'), { recursive: true })
    const { config, out } = await init()
    expect(Object.keys(services(config))).toEqual(['magictunnel', 'frontend'])
    expect(config.services[1]?.workingDir).toBe(join(fleet.cwd, 'frontend'))
    expect(out).toContain('build it: cargo build --release')
  })

  test('its own supervisor block is taken over as it is, comments and all, and runs', async () => {
    put(
      'config.yaml',
      'server: { port: 3001 }\nsupervisor:\n  port: 8099 # ours\n  services:\n    # the one\n    mt: { command: sleep, args: ["1000"] }\n',
    )
    const { config, text } = await init()
    expect(services(config)).toEqual({ mt: { run: ['sleep', '1000'], autostart: true } })
    expect(config.supervisor.port).toBe(8099)
    expect(text).toMatch(/# ours\n[^]*# the one\n/)
    await runs()
  })

  test('also where it leans on the rest of its file', async () => {
    put('config.yaml', 'd: &d { restart_policy: never }\nsupervisor: { services: { mt: { <<: *d, command: sleep } } }')
    expect((await init()).config.services[0]?.restart.policy).toBe('never')
  })

  test('a block that is wrong is told with its place, and nothing is written', async () => {
    put('config.yaml', 'supervisor:\n  services:\n    mt: { comand: x }\n')
    const { code, err } = await fleet.run(['init'])
    expect(code).toBe(2)
    expect(err).toContain('config.yaml:3:11')
    expect(existsSync(path)).toBe(false)
  })

  test('a port that is taken is passed over', async () => {
    const first = await freePort()
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(first, '127.0.0.1', resolve))
    expect((server.address() as AddressInfo).port).toBe(first)
    expect(await freePort()).not.toBe(first)
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('what is there', () => {
  test.each(['hyphae.yaml', 'hyphae.yml'])('%s is never overwritten without --force', async (name) => {
    put(name, 'mine: true\n')
    const { code, out, err } = await fleet.run(['init'])
    expect({ code, out }).toEqual({ code: 5, out: '' })
    expect(err).toContain(`${join(fleet.cwd, name)} exists already; overwrite it with: hyphae init --force`)
    expect(readFileSync(join(fleet.cwd, name), 'utf8')).toBe('mine: true\n')
    expect((await fleet.run(['init', '--force'])).out).toContain(`wrote ${join(fleet.cwd, name)}\n`)
    expect(readFileSync(join(fleet.cwd, name), 'utf8')).toContain('example:')
    expect(readdirSync(fleet.cwd)).toEqual([name])
  })

  test('--stdout prints it and writes nothing', async () => {
    const { code, out, err } = await fleet.run(['init', '--stdout'])
    expect(code).toBe(0)
    expect(out).toContain('supervisor:\n  services:\n')
    expect(err).toContain('found an example')
    expect(readdirSync(fleet.cwd)).toEqual([])
  })

  test('-c names another file, and the hint says so', async () => {
    const { out } = await fleet.run(['init', '-c', 'other.yaml'])
    expect(out).toContain(`run it: hyphae up -c ${join(fleet.cwd, 'other.yaml')}`)
    expect(statSync(join(fleet.cwd, 'other.yaml')).isFile()).toBe(true)
  })

  test('a folder that is not there is told', async () => {
    const { code, err } = await fleet.run(['init', '-c', 'no/where.yaml'])
    expect(code).toBe(1)
    expect(err).toContain('cannot be written')
  })
})

test('every name of a script becomes a name of its own', () => {
  const nameOf = namer()
  const written = ['all', 'a', 'a', 'a b', 'a:b', '..', '', '☃', 'é', '.x', '-x', 'x'.repeat(100), 'x'.repeat(100), 'a..b', 'A']
  const names = written.map(nameOf)
  expect(names.filter((name) => !isServiceName(name))).toEqual([])
  expect(new Set(names).size).toBe(written.length)
  expect(names).not.toContain('all')
})
