import { describe, expect, test } from 'vitest'
import { limits } from '../../src/protocol/limits.ts'
import { configOf, problemsOf, warningsOf } from './parse.ts'

describe('what is no YAML is told with its place', () => {
  test.each([
    ['a: "b', '1:6 Missing closing "quote'],
    ['supervisor:\n\tport: 1', '2:1 Tabs are not allowed as indentation'],
    ['supervisor:\n  port: 1\n services: {}', '3:1 All mapping items must start at the same column'],
    ['state: a: b', '1:8 Nested mappings are not allowed in compact mappings'],
    ['log: { level: info', '1:19 Flow map in block collection must be sufficiently indented and end with a }'],
    ['a: [x, ${A}, {b: ${B}}]', '1:8 between { } or [ ] a variable must stand in quotes: "${NAME}"'],
    ['log: {}\n---\nlog: {}', '2:1 a config is one YAML document; a second one begins here'],
  ])('%j', (text, expected) => {
    expect(problemsOf(text)).toEqual([expected])
  })

  test('and every error is told', () => {
    expect(problemsOf('a: b: c\nd: e: f').length).toBeGreaterThan(1)
  })

  test('with columns that count from the first character, behind a byte order mark too', () => {
    expect(problemsOf('\uFEFFstate: 5')).toEqual(['1:8 state: expected a text; got 5'])
  })

  test('and Windows line ends', () => {
    expect(problemsOf('log:\r\n  level: x\r\n')[0]).toMatch(/^2:10 log\.level: /)
  })
})

describe('a key that is given twice', () => {
  test('is an error at the second place, wherever it stands', () => {
    const text = `supervisor:
  port: 1
  services:
    web: { command: x, command: y }
    db: { command: x, env: { A: 1, "A": 2 } }
    web: { command: z }
  port: 2
state: a
state: b
`
    expect(problemsOf(text)).toEqual(
      [
        '4:24 supervisor.services.web.command: is given twice, first on line 4',
        '5:36 supervisor.services.db.env.A: is given twice, first on line 5',
        '6:5 supervisor.services.web: is given twice, first on line 3',
        '7:3 supervisor.port: is given twice, first on line 2',
        '9:1 state: is given twice, first on line 8',
      ].map((line) => line.replace('first on line 3', 'first on line 4')),
    )
  })
})

describe('names that mean something to JavaScript', () => {
  test('are services like any other', () => {
    const names = ['constructor', 'toString', 'prototype', 'hasOwnProperty', 'valueOf']
    const { services } = configOf(
      `supervisor: { services: { ${names.map((name) => `${name}: { command: x, env: { ${name}: y } }`).join(', ')} } }`,
    )
    expect(services.map(({ name }) => name)).toEqual(names)
    expect(services.map(({ name, env }) => env[name])).toEqual(names.map(() => 'y'))
  })

  test('are no fields', () => {
    expect(problemsOf('supervisor: { constructor: {} }')[0]).toMatch(/^1:15 supervisor\.constructor: is no field of this block/)
    expect(problemsOf('log: { toString: x }')[0]).toMatch(/^1:8 log\.toString: is no field of this block/)
  })

  test('are no dependencies and no variables', () => {
    expect(problemsOf('supervisor: { services: { web: { command: "${constructor}", depends_on: [toString] } } }')).toEqual([
      '1:44 supervisor.services.web.command: the environment variable constructor is not set; set it, or give a default: ${constructor:-default}',
      '1:74 supervisor.services.web.depends_on[0]: there is no service "toString"',
    ])
  })

  test('except __proto__, which is refused', () => {
    const refused = '"__proto__" can\'t be used as a name'
    expect(problemsOf('supervisor: { services: { __proto__: { command: x } } }')).toEqual([
      `1:27 supervisor.services.__proto__: ${refused}`,
    ])
    expect(problemsOf('log: { "__proto__": { level: info } }')).toEqual([`1:8 log.__proto__: ${refused}`])
    expect(warningsOf('__proto__: { polluted: 1 }')[0]).toMatch(/^1:1 __proto__: /)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })
})

describe('anchors', () => {
  test('stand for what they name, wherever that is', () => {
    const text = `
x-env: &env { MODE: "\${MODE}" }
anything: { deep: [ &args [--port, 0080] ] }
supervisor:
  services:
    web: &web { command: x, args: *args, env: *env }
    db: *web
`
    const [web, db] = configOf(text, { MODE: 'fast' }).services
    expect(web).toMatchObject({ args: ['--port', '0080'], env: { MODE: 'fast' } })
    expect(db).toEqual({ ...web, name: 'db' })
  })

  test('can be merged with <<, and what is said beside it comes first', () => {
    const text = `
x-base: &base { restart_policy: never, stop_grace: 3, env: { A: a } }
x-more: &more { stop_grace: 4, description: more }
supervisor:
  services:
    web: { <<: *base, command: x, stop_grace: 1 }
    db: { command: x, <<: [*base, *more], env: }
`
    const [web, db] = configOf(text).services
    expect(web).toMatchObject({ restart: { policy: 'never' }, stopGrace: 1_000, env: { A: 'a' } })
    expect(db).toMatchObject({ restart: { policy: 'never' }, stopGrace: 3_000, env: {}, description: 'more' })
  })

  test('are blamed where they stand, once', () => {
    const text = `
x-base: &base { stop_grace: soon, command: "\${NOPE}" }
supervisor:
  services:
    web: { <<: *base }
    db: *base
`
    expect(problemsOf(text)).toEqual([
      '2:29 supervisor.services.web.stop_grace: expected a duration such as "10s", or a number of seconds; got "soon"',
      '2:29 supervisor.services.db.stop_grace: expected a duration such as "10s", or a number of seconds; got "soon"',
      '2:45 supervisor.services.web.command: the environment variable NOPE is not set; set it, or give a default: ${NOPE:-default}',
    ])
  })

  test('must stand above, and outside of themselves', () => {
    expect(problemsOf('state: *later\nlog: &later { level: info }')).toEqual(['1:8 state: there is no anchor "&later" above'])
    expect(problemsOf('supervisor: &a { services: *a }')).toEqual([
      '1:28 supervisor.services: "*a" stands inside of what it names',
    ])
    expect(problemsOf('supervisor: { services: { web: { <<: 5, command: x } } }')).toEqual([
      '1:38 supervisor.services.web.<<: expected a map, or an alias of one',
    ])
  })

  test('can be used again and again, but not to multiply without end', () => {
    const many = Array.from({ length: 5_000 }, (_, i) => `s${i}: *web`).join(', ')
    expect(configOf(`x: &web { command: x }\nsupervisor: { services: { ${many} } }`).services).toHaveLength(5_000)
    const bomb = Array.from({ length: 30 }, (_, i) => `a${i}: &a${i} [${i === 0 ? 'x' : `*a${i - 1}, *a${i - 1}`}]`).join(', ')
    expect(problemsOf(`supervisor: { ${bomb} }`)[0]).toMatch(/there are more than 1000000 values here, with aliases written out/)
  })
})

describe('bounds', () => {
  test('nesting', () => {
    expect(problemsOf(`log: ${'['.repeat(70)}${']'.repeat(70)}`)).toContainEqual(
      expect.stringMatching(/nests more than 64 levels deep$/),
    )
    expect(problemsOf('['.repeat(50_000)).length).toBeGreaterThan(0)
    expect(problemsOf(`log: ${'{a: '.repeat(50_000)}`).length).toBeGreaterThan(0)
  })

  test('size', () => {
    expect(problemsOf(`# ${'x'.repeat(limits.configBytes)}`)).toEqual(['0:0 the file has more than 4 MiB'])
  })

  test('services', () => {
    const services = Array.from({ length: limits.services + 1 }, (_, i) => `s${i}: *s`).join(', ')
    expect(problemsOf(`x: &s { command: x }\nsupervisor: { services: { ${services} } }`)).toEqual([
      '2:15 supervisor.services: there are 10001 services; at most 10000 are possible',
    ])
  })
})

test('keys that are no words are refused, and numbers are taken as they are written', () => {
  expect(problemsOf('supervisor: { services: { [a, b]: { command: x } } }')).toEqual([
    '1:27 supervisor.services: a key must be a plain word',
  ])
  expect(configOf('supervisor: { services: { 007: { command: x } } }').services[0]?.name).toBe('007')
})

test('a field without a value counts as not written', () => {
  const config = configOf('supervisor:\n  port:\n  restart:\n  services:\n    web:\n      command: x\n      env:\nlog:\nstate:\n')
  expect(config.supervisor.port).toBe(8081)
  expect(config.services[0]?.env).toEqual({})
  expect(configOf('supervisor: { services: { env: { command: x, args: } } }').services[0]?.args).toEqual([])
})

test('JSON is YAML too', () => {
  expect(configOf(JSON.stringify({ supervisor: { services: { web: { command: 'x' } } } })).services).toHaveLength(1)
})

test('tags and dates of other YAML versions stay texts', () => {
  expect(
    configOf('%YAML 1.1\n---\nsupervisor: { services: { web: { command: x, description: 2001-12-14 } } }').services[0]
      ?.description,
  ).toBe('2001-12-14')
  expect(warningsOf('supervisor: { services: { web: { command: !!binary aGk= } } }')[0]).toMatch(/^1:43 Unresolved tag/)
})
