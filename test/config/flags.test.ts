import { expect, test } from 'vitest'
import { ConfigError } from '../../src/config/errors.ts'
import { parseConfig, type Flags } from '../../src/config/load.ts'
import { brief, folder } from './parse.ts'

/** What the command line says comes before the environment, and that before the file. */
const text = 'supervisor: { port: 1, host: "127.0.0.3", services: { web: { command: x } } }\nlog: { level: error }'
const env = { SUPERVISOR_PORT: '2', SUPERVISOR_HOST: '127.0.0.2', SUPERVISOR_LOG_LEVEL: 'warn', RUST_LOG: 'trace' }
const load = (flags: Flags, variables: Readonly<Record<string, string>> = env, file = text) =>
  parseConfig(file, { path: `${folder}/hyphae.yaml`, env: variables, flags })
const problems = (flags: Flags): string[] => {
  try {
    load(flags)
    return []
  } catch (error) {
    return error instanceof ConfigError ? error.problems.map((one) => `${one.file}: ${brief(one)}`) : [String(error)]
  }
}

test('a flag, then a variable, then the file, then the default', () => {
  const shown = ({ supervisor: { port, host }, log: { level } }: ReturnType<typeof load>) => [port, host, level]
  const flags = { port: '0', host: 'localhost', logLevel: 'DEBUG' }
  expect(shown(load(flags))).toEqual([0, 'localhost', 'debug'])
  expect(shown(load({ port: '3' }))).toEqual([3, '127.0.0.2', 'warn'])
  expect(shown(load({}))).toEqual([2, '127.0.0.2', 'warn'])
  expect(shown(load({}, { RUST_LOG: 'trace' }))).toEqual([1, '127.0.0.3', 'trace'])
  expect(shown(load({}, {}, 'supervisor: { services: { web: { command: x } } }'))).toEqual([8081, '127.0.0.1', 'info'])
})

test('what was said is kept, for whoever reads the file again', () => expect(load({ port: '3' }).flags).toEqual({ port: '3' }))

test('what is wrong names the flag, not the variable', () => {
  expect(problems({ port: '65536', host: '', logLevel: 'loud' })).toEqual([
    'command line: 0:0 --port: expected a whole number from 0 to 65535, or off; got "65536"',
    'command line: 0:0 --host: expected an address, such as 127.0.0.1; got ""',
    'command line: 0:0 --log-level: expected one of trace, debug, info, warn, error, fatal, silent; got "loud"',
  ])
  expect(problems({ port: '' })).toEqual(['command line: 0:0 --port: expected a whole number from 0 to 65535, or off; got ""'])
  expect(problems({ host: '0.0.0.0' })).toEqual([expect.stringContaining('--host: others can reach "0.0.0.0"')])
})

test('bind_to_localhost wins over the flag too, with a warning that names it', () => {
  const file = 'supervisor: { security: { bind_to_localhost: true }, services: { web: { command: x } } }'
  const { supervisor, warnings } = load({ host: '0.0.0.0' }, {}, file)
  expect(supervisor.host).toBe('127.0.0.1')
  expect(warnings[0]).toMatchObject({ file: 'command line', field: '--host' })
})
