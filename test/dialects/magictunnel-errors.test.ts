import { describe, expect, test } from 'vitest'
import { limits } from '../../src/protocol/limits.ts'
import { fold } from './compliance.ts'
import { answers, dialect, kinds, line, message, talk, timestamp, wait } from '../support/control-talk.ts'

describe('what cannot be read is answered in the words of the original', () => {
  const invalid = (text: string): string | undefined => answers(fold(dialect, [message(text)]).effects)[0]?.message
  const words: ReadonlyArray<readonly [string, string]> = [
    ['hello\n', 'expected value at line 1 column 1'],
    ['\n', 'EOF while parsing a value at line 2 column 0'],
    ['  hello\n', 'expected value at line 1 column 3'],
    [
      '"Bogus"\n',
      'unknown variant `Bogus`, expected one of `Restart`, `Stop`, `Status`, `ReloadConfig`, `Shutdown`, `HealthCheck`, `CustomRestart`, `ExecuteCommand` at line 1 column 7',
    ],
    [
      '{"ExecuteCommand":{"command":{"command_type":"Shell","command":"echo hi"}}}\n',
      'missing field `is_safe` at line 1 column 73',
    ],
    ['{"ExecuteCommand":{}}\n', 'missing field `command` at line 1 column 20'],
    ['{"Stop":{}}\n', 'invalid type: map, expected unit at line 1 column 8'],
    ['{"Stop":[]}\n', 'invalid type: sequence, expected unit at line 1 column 8'],
    ['{"Stop":true}\n', 'invalid type: boolean `true`, expected unit at line 1 column 12'],
    ['"Restart"\n', 'invalid type: unit variant, expected struct variant'],
    ['{"Restart":null}\n', 'invalid type: null, expected struct variant SupervisorCommand::Restart at line 1 column 15'],
    ['{"Restart":{"args":"x"}}\n', 'invalid type: string "x", expected a sequence at line 1 column 22'],
    ['{"Restart":{"args":[1]}}\n', 'invalid type: integer `1`, expected a string at line 1 column 21'],
    ['{"Restart":{"args":[1.5]}}\n', 'invalid type: floating point `1.5`, expected a string at line 1 column 23'],
    ['{"Restart":{"args":[],"args":[]}}\n', 'duplicate field `args` at line 1 column 28'],
    ['{"Restart":{"args":["a",]}}\n', 'trailing comma at line 1 column 25'],
    ['{"Restart":{"args":["a" "b"]}}\n', 'expected `,` or `]` at line 1 column 25'],
    ['{"Restart":{"args":null "b":1}}\n', 'expected `,` or `}` at line 1 column 25'],
    ['{"Restart":{"args":null,}}\n', 'trailing comma at line 1 column 25'],
    ['{"Restart":{args:null}}\n', 'key must be a string at line 1 column 13'],
    ['{"Restart":{"args" null}}\n', 'expected `:` at line 1 column 20'],
    ['{"Restart":{"args":nul}}\n', 'expected ident at line 1 column 23'],
    ['{"Restart":{"x":01}}\n', 'invalid number at line 1 column 18'],
    ['{"Restart":{"x":-}}\n', 'invalid number at line 1 column 18'],
    ['{"Restart":{"x":1.}}\n', 'invalid number at line 1 column 19'],
    ['{"Restart":{"x":1e999}}\n', 'number out of range at line 1 column 21'],
    ['{"Restart":{"x":"\\q"}}\n', 'invalid escape at line 1 column 19'],
    ['{"Restart":{"x":"\\ud800"}}\n', 'unexpected end of hex escape at line 1 column 24'],
    ['{"Restart":{"x":"\\udc00"}}\n', 'lone leading surrogate in hex escape at line 1 column 23'],
    ['{"Restart":{}\n', 'EOF while parsing an object at line 2 column 0'],
    ['{"Restart":{', 'EOF while parsing an object at line 1 column 12'],
    ['{"Restart":{"args":[', 'EOF while parsing a list at line 1 column 20'],
    ['{"Restart":{"args":["é', 'EOF while parsing a string at line 1 column 23'],
    ['{"Restart":{"args":["a\n', 'control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0'],
    ['{"Restart":{"args":["a",', 'EOF while parsing a value at line 1 column 24'],
    ['{"Restart":', 'EOF while parsing a value at line 1 column 11'],
    ['{', 'EOF while parsing a value at line 1 column 1'],
    ['{}\n', 'expected value at line 1 column 2'],
    ['{1:2}\n', 'invalid type: integer `1`, expected variant identifier at line 1 column 2'],
    ['"Status" "Status"\n', 'trailing characters at line 1 column 10'],
    ['{"Status":null,"Stop":null}\n', 'expected value at line 1 column 14'],
    ['{"ReloadConfig":{"config_path":{}}}\n', 'invalid type: map, expected a string at line 1 column 31'],
    [
      '{"ExecuteCommand":{"command":{"command_type":"make","command":"x","is_safe":true}}}\n',
      'unknown variant `make`, expected one of `Make`, `Shell`, `Binary`, `Cargo` at line 1 column 51',
    ],
    [
      '{"ExecuteCommand":{"command":{"command_type":"Make","command":"x","is_safe":1}}}\n',
      'invalid type: integer `1`, expected a boolean at line 1 column 77',
    ],
    [
      '{"ExecuteCommand":{"command":{"command_type":"Make","command":"x","is_safe":true},"timeout_seconds":-1}}\n',
      'invalid value: integer `-1`, expected u64 at line 1 column 102',
    ],
    [
      '{"ExecuteCommand":{"command":{"command_type":"Make","command":"x","is_safe":true,"env":{"A":null}}}}\n',
      'invalid type: null, expected a string at line 1 column 96',
    ],
    [`${'['.repeat(1000)}\n`, `recursion limit exceeded at line 1 column ${limits.jsonDepth + 1}`],
  ]
  test.each(words)('%j: %s', (text, expected) => {
    expect(invalid(text)).toBe(`Invalid command format: ${expected}`)
  })

  test('the answer has four keys, and a wrong line of JSON is the last that is taken', () => {
    const { effects } = fold(dialect, [line('"Bogus"'), line('"Stop"')])
    expect(kinds(effects)).toEqual(['write', 'close'])
    expect(Object.keys(answers(effects)[0] ?? {})).toEqual(['success', 'message', 'data', 'timestamp'])
    expect(answers(effects)[0]).toMatchObject({ success: false, data: null, timestamp })
  })

  test('what is quoted back is cut', () => {
    const { effects } = fold(dialect, [line(`"${'x'.repeat(10_000)}"`)])
    expect(answers(effects)[0]?.message.length).toBeLessThan(limits.quotedText + 300)
  })

  test('names that reach for the prototype do nothing', () => {
    const env = '{"__proto__":"x","constructor":"y","A":"1","A":"2"}'
    const { calls: made } = talk(`{"CustomRestart":{"__proto__":{"a":1},"env_vars":${env}}}`, [])
    expect(made).toEqual([
      { command: 'service.custom_restart', input: { service: 'magictunnel', env: { constructor: 'y', A: '2' }, wait } },
    ])
  })
})
