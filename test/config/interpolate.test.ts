import { describe, expect, test } from 'vitest'
import { interpolate, variablesIn } from '../../src/config/interpolate.ts'
import { configOf, problemsOf, serviceOf } from './parse.ts'

const env = { A: 'a', EMPTY: '', PORT: '9000', YES: 'true', OCTAL: '007', TEXT: 'x: [y' }

test.each([
  ['${A}', 'a'],
  ['<${A}${A}>', '<aa>'],
  ['${EMPTY}', ''],
  ['${EMPTY:-x}', 'x'],
  ['${NOPE:-x y}', 'x y'],
  ['${NOPE:-}', ''],
  ['${NOPE:-$5}', '$5'],
  ['$A $ {A} $$A', '$A $ {A} $$A'],
  ['$${A}', '${A}'],
  ['$$${A}', '$${A}'],
  ['$${A} ${A}', '${A} a'],
])('%s is filled in as %j', (written, expected) => {
  expect(interpolate(written, env)).toEqual({ text: expected, faults: [] })
})

test('what is filled in is not looked at again', () => {
  expect(interpolate('${A}', { A: '${B}', B: 'b' }).text).toBe('${B}')
})

test("each reference that can't be filled in is a fault", () => {
  expect(interpolate('${NOPE} ${A} ${} $${ ${1} ${A:-${B}}', env).faults).toEqual([
    { name: 'NOPE', index: 0 },
    { name: null, index: 2 },
    { name: null, index: 4 },
    { name: null, index: 5 },
    { name: 'B', index: 6 },
  ])
})

test('variables are found by name', () => {
  expect(variablesIn('${A} ${B:-c} $${C} $D ${}')).toEqual(['A', 'B'])
})

describe('in a file', () => {
  test('an unset variable is told where it stands', () => {
    const text = `supervisor:
  services:
    web:
      command: run \${A} \${NOPE} $\${X} \${NOR}
      description: |
        first
        \${LAST}
`
    expect(problemsOf(text, env)).toEqual([
      '4:25 supervisor.services.web.command: the environment variable NOPE is not set; set it, or give a default: ${NOPE:-default}',
      '4:39 supervisor.services.web.command: the environment variable NOR is not set; set it, or give a default: ${NOR:-default}',
      '7:9 supervisor.services.web.description: the environment variable LAST is not set; set it, or give a default: ${LAST:-default}',
    ])
  })

  test('a reference that is none is told where it stands', () => {
    expect(problemsOf('state: "a${b c}"')).toEqual([
      '1:10 state: "${" begins no variable here: write ${NAME} or ${NAME:-default}, or $${ for a literal "${"',
    ])
  })

  test('an unset variable is one problem, whatever the field expects', () => {
    expect(problemsOf('supervisor:\n  port: ${NOPE}')).toHaveLength(1)
  })

  test('an unquoted value has the type that it looks like then', () => {
    expect(configOf('supervisor:\n  port: ${PORT}', env).supervisor.port).toBe(9000)
    expect(configOf('supervisor:\n  port: 1${PORT}', env).supervisor.port).toBe(19_000)
    const text = 'supervisor:\n  services:\n    web:\n      command: x\n      one_shot: ${YES}\n      max_restarts: ${NOPE:-3}'
    expect(configOf(text, env).services[0]).toMatchObject({ oneShot: true, restart: { maxRestarts: 3 } })
  })

  test('a quoted value stays a text', () => {
    expect(problemsOf('supervisor: { port: "${PORT}" }', env)).toEqual([
      '1:21 supervisor.port: expected a whole number from 0 to 65535, or off; got "9000"',
    ])
  })

  test('texts are filled in letter by letter, whatever YAML would see in them', () => {
    const text = `supervisor:
  services:
    web:
      command: \${TEXT}
      args: ["\${OCTAL}", "\${TEXT}", "\${YES}"]
      env:
        A: \${OCTAL}
        B: \${EMPTY}
`
    expect(configOf(text, env).services[0]).toMatchObject({
      command: 'x: [y',
      args: ['007', 'x: [y', 'true'],
      env: { A: '007', B: '' },
    })
  })

  test('keys are left alone', () => {
    expect(serviceOf('command: x, env: { "${A}": b }', '', env).env).toEqual({ '${A}': 'b' })
  })
})
