import { expect, test } from 'vitest'
import { ConfigError } from '../../src/config/errors.ts'
import { faultsOf } from './parse.ts'

test('a config error shows each problem with its place, a suggestion and the line', () => {
  const text = `supervisor:
  services:
    web:
      command: x
      restart_policy: on_failre
log: { colour: red }
`
  const error = new ConfigError(faultsOf(text))
  expect(error.format())
    .toBe(`test/config/hyphae.yaml:5:23: supervisor.services.web.restart_policy: expected one of always, on_failure, never; got "on_failre"
  did you mean "on_failure"?
  5 |       restart_policy: on_failre
    |                       ^
test/config/hyphae.yaml:6:8: log.colour: is no field of this block; expected one of file, level, max_size, keep
  6 | log: { colour: red }
    |        ^`)
  expect(error.message).toBe(error.format())
  expect(error).toMatchObject({ code: 'invalid_params', name: 'ConfigError', data: { problems: error.problems } })
})

test('a problem of the environment has no place', () => {
  expect(new ConfigError(faultsOf('', { SUPERVISOR_PORT: 'x' })).format()).toBe(
    'environment: SUPERVISOR_PORT: expected a whole number from 0 to 65535, or off; got "x"',
  )
})

test('colour is on request, and does not change the words', () => {
  const error = new ConfigError(faultsOf('log: { levl: x }'))
  const painted = error.format({ color: true })
  expect(painted).toContain('\u001B[31m^\u001B[0m')
  // oxlint-disable-next-line no-control-regex
  expect(painted.replaceAll(/\u001B\[\d+m/g, '')).toBe(error.format())
})

test('the caret stands below its column, also behind tabs and in very long lines', () => {
  expect(new ConfigError(faultsOf('log:\t{\tlevel: x }')).format().split('\n').at(-1)).toBe(
    '    |     \t \t       ^'.replace('    |     \t', '    |     \t'),
  )
  const rows = new ConfigError(faultsOf(`log: { file: ${'x'.repeat(500)}, level: loud, level2: y }`)).format().split('\n')
  expect(rows[1]?.length).toBeLessThan(140)
  expect(rows[1]?.slice(rows[2]?.indexOf('^'))).toMatch(/^loud/)
})

test('control characters of a file never reach the terminal', () => {
  const shown = new ConfigError(faultsOf('log: { "\u009B31m": x, level: "\u009B2J" }')).format()
  expect(shown).not.toContain('\u009B')
  expect(shown).toContain('\uFFFD')
})

test('a config that is fine says nothing', () => {
  expect(faultsOf('log: { level: info }')).toEqual([])
})
