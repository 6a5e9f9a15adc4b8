import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { logLevels } from '../../src/config/schema.ts'
import { fleetFolder, type FleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'

const config = (further = ''): string =>
  `log: { level: silent }\nsupervisor: { services: { web: { command: sleep, args: ["1000"] }${further} } }`

let fleet: FleetFolder
beforeEach(() => void (fleet = fleetFolder(config())))
afterEach(() => fleet.end())

const ownLog = (): string => {
  const path = join(fleet.stateDir, 'supervisor.log')
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

test('--log-level comes before the environment and the file', async () => {
  await fleet.up({ SUPERVISOR_LOG_LEVEL: 'error', SUPERVISOR_PORT: '0' }, ['--log-level', 'info'])
  expect(ownLog()).toContain('"system.ready"')
})

test('flags go along into the background, and a reload says them again', async () => {
  const { code, err } = await fleet.run(['up', '-d', '--log-level=info', '--port=0', '--host', '127.0.0.1'], {
    SUPERVISOR_PORT: 'not asked',
  })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(ownLog()).toContain('"system.ready"')
  writeFileSync(join(fleet.cwd, 'hyphae.yaml'), config(', two: { command: sleep, args: ["1000"] }'))
  // Without the flag the variable would be wrong, and nothing would be changed.
  process.kill(Number(readFileSync(join(fleet.stateDir, 'supervisor.pid'), 'utf8')), 'SIGHUP')
  await eventually(async () => expect((await fleet.status('two')).status).toBe('running'))
})

test.each([
  [['--port', 'x'], 'command line: --port: expected a whole number from 0 to 65535, or off; got "x"'],
  [['--port', '65536'], 'command line: --port: expected a whole number from 0 to 65535, or off; got "65536"'],
  [['--log-level', 'loud'], 'command line: --log-level: expected one of trace'],
  [['--host', '0.0.0.0'], 'command line: --host: others can reach "0.0.0.0"'],
  [['-d', '--port', '-1'], 'command line: --port: expected'],
])('up %j is bad usage', async (args, message) => {
  const { code, err } = await fleet.run(['up', ...args])
  expect(code).toBe(2)
  expect(err).toContain(message)
})

test('the help lists every level', async () => {
  const { out } = await fleet.run(['up', '--help'])
  expect(out.replaceAll(/\s+/g, ' ')).toContain(`(choices: ${logLevels.map((level) => `"${level}"`).join(', ')})`)
})
