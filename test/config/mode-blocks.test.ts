import { rmSync, writeFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseConfig, type LoadedConfig } from '../../src/config/load.ts'
import { configOf, folder, problemsOf, warningsOf } from './parse.ts'

/** A config whose `modes` are these, below a supervisor with three services; the mode in force is the last argument. */
const text = (modes: string, more = ''): string => `supervisor:
  services:
    web: { command: x, args: [a], env: { A: own, B: own } }
    db: { command: x }
    extra: { command: x, modes: [advanced] }
${more}
  modes: { ${modes} }
`
const inMode = (modes: string, mode: string, more = ''): LoadedConfig =>
  parseConfig(text(modes, more), { path: `${folder}/hyphae.yaml`, env: {}, flags: { mode } })
const spec = ({ services }: LoadedConfig, name: string) => services.find((one) => one.name === name)
const names = ({ services }: LoadedConfig): string[] => services.map(({ name }) => name)

describe('services of a mode', () => {
  test('those that it lists run in it, beside those whose modes name it; what neither is true of runs in all', () => {
    const config = inMode('advanced: { services: [db] }, proxy:', 'advanced')
    expect(names(config)).toEqual(['web', 'db', 'extra'])
    expect(config.modes.map(({ name, services }) => [name, services])).toEqual([
      ['advanced', ['web', 'db', 'extra']],
      ['proxy', ['web']],
    ])
    expect([...inMode('advanced: { services: [db] }, proxy:', 'proxy').leftOut]).toEqual([
      ['db', ['advanced']],
      ['extra', ['advanced']],
    ])
  })

  test('both may say it', () => {
    expect([...inMode('advanced: { services: [extra] }, proxy:', 'proxy').leftOut.get('extra')!]).toEqual(['advanced'])
  })

  test('a family is meant as a whole', () => {
    const more = '    many: { command: x, instances: 2 }'
    expect(names(inMode('a: { services: [many] }, b:', 'a', more))).toEqual(['web', 'db', 'many-1', 'many-2'])
    expect(names(inMode('a: { services: [many] }, b:', 'b', more))).toEqual(['web', 'db'])
    const own = inMode('a: { services: { many: { args: [x] } } }', 'a', more)
    expect([spec(own, 'many-1')?.args, spec(own, 'many-2')?.args]).toEqual([['x'], ['x']])
  })

  test('modes may stand beside the supervisor, but not in both places', () => {
    const plain = 'supervisor: { services: { web: { command: x } } }\n'
    expect(configOf(`${plain}modes: { demo: { features: [x] } }`).modes.map(({ name }) => name)).toEqual(['demo'])
    expect(problemsOf(`supervisor: { services: { web: { command: x } }, modes: { a: } }\nmodes: { b: }`)).toEqual([
      '2:1 modes: `modes` stands here and in `supervisor`; keep one of them',
    ])
  })
})

describe('what a mode changes', () => {
  test('a list of arguments is for the default service: the one that is named, else the first', () => {
    expect(spec(inMode('m: { args: [--x, 007] }', 'm'), 'web')?.args).toEqual(['--x', '007'])
    const config = inMode('m: { args: [--x] }', 'm', '  default_service: db')
    expect([spec(config, 'web')?.args, spec(config, 'db')?.args]).toEqual([['a'], ['--x']])
  })

  test('a map of arguments names services', () => {
    const config = inMode('m: { args: { db: [--y] } }', 'm')
    expect([spec(config, 'web')?.args, spec(config, 'db')?.args]).toEqual([['a'], ['--y']])
  })

  test("its variables come before a service's own, and those of a service in it before these", () => {
    const config = inMode('m: { env: { A: mode, C: mode }, services: { web: { env: { C: web } }, db: } }', 'm')
    expect(spec(config, 'web')?.env).toEqual({ A: 'mode', B: 'own', C: 'web' })
    expect(spec(config, 'db')?.env).toEqual({ A: 'mode', C: 'mode' })
    expect(spec(inMode('m: { env: { A: mode } }, o:', 'o'), 'web')?.env).toEqual({ A: 'own', B: 'own' })
  })

  test('a secret of a service in it reaches that service', () => {
    const config = parseConfig(text('m: { env: { API_KEY: "${KEY}" } }'), {
      path: `${folder}/hyphae.yaml`,
      env: { KEY: 'k' },
      flags: { mode: 'm' },
    })
    expect(config.secretVariables).toEqual([])
    expect(spec(config, 'db')?.env).toEqual({ API_KEY: 'k' })
  })

  test.each([
    ['the default service', '  default_service: db', 'db'],
    ['else the one that is called magictunnel', '    magictunnel: { command: x }', 'magictunnel'],
  ])("MAGICTUNNEL_RUNTIME_MODE is a variable of its reader's own: %s", (_, more, reader) => {
    const { services } = inMode('m: , o:', 'm', more)
    const having = services.filter(({ env }) => env['MAGICTUNNEL_RUNTIME_MODE'] === 'm')
    expect(having.map(({ name }) => name)).toEqual([reader])
  })

  test('else the only service; what its own env says comes first', () => {
    const only = (env: string) => configOf(`supervisor: { mode: proxy, services: { web: { command: x, env: { ${env} } } } }`)
    expect(only('').services[0]?.env).toEqual({ MAGICTUNNEL_RUNTIME_MODE: 'proxy' })
    expect(only('MAGICTUNNEL_RUNTIME_MODE: own').services[0]?.env).toEqual({ MAGICTUNNEL_RUNTIME_MODE: 'own' })
    expect(inMode('m:', 'm').services.some(({ env }) => 'MAGICTUNNEL_RUNTIME_MODE' in env)).toBe(false)
    expect(configOf('supervisor: { services: { web: { command: x } } }').services[0]?.env).toEqual({})
  })
})

describe('features', () => {
  const features = (modes: string) =>
    configOf(`supervisor: { services: { web: { command: x } }, modes: { ${modes} } }`).modes.map(
      ({ name, available_features: shown, hidden_features: hidden }) => ({ name, shown, hidden }),
    )

  test("are MagicTunnel's where proxy and advanced say nothing", () => {
    const [proxy, advanced] = configOf('supervisor: { services: { web: { command: x } } }').modes
    expect(proxy).toMatchObject({
      name: 'proxy',
      available_features: ['basic_tools', 'system_status'],
      hidden_features: ['external_mcp', 'analytics', 'resource_management', 'prompt_management'],
    })
    expect(advanced?.available_features).toHaveLength(7)
    expect(advanced?.hidden_features).toEqual([])
  })

  test('are what the config says; hidden is, unless it says so, what others show', () => {
    expect(features('a: { features: [x, y] }, b: { features: [y], hidden_features: [z] }, c: { features: [z] }, d:')).toEqual([
      { name: 'a', shown: ['x', 'y'], hidden: ['z'] },
      { name: 'b', shown: ['y'], hidden: ['z'] },
      { name: 'c', shown: ['z'], hidden: ['x', 'y'] },
      { name: 'd', shown: [], hidden: [] },
    ])
    expect(features('proxy: { hidden_features: [basic_tools] }')[0]).toEqual({
      name: 'proxy',
      shown: ['system_status'],
      hidden: ['basic_tools'],
    })
  })
})

describe('another mode of the same text', () => {
  test('is read without the file, comes before flag and variable, and says that it was switched to', () => {
    const config = inMode('proxy: , advanced: { env: { A: b } }', 'proxy')
    const other = config.inMode('advanced')
    expect([other.mode, other.modeSource, names(other)]).toEqual(['advanced', 'switched', ['web', 'db', 'extra']])
    expect(spec(other, 'db')?.env).toEqual({ A: 'b' })
    expect(other.inMode('proxy')).toMatchObject({ mode: 'proxy', modeSource: 'switched' })
    expect(config.modeSource).toBe('flag')
  })

  test('knows env files as they were, and reads those that it needs besides', () => {
    const dir = mkdtempSync(join(tmpdir(), 'hyphae-mode-'))
    try {
      writeFileSync(join(dir, 'a.env'), 'X=1')
      writeFileSync(join(dir, 'b.env'), 'Y=1')
      const config = parseConfig(
        'supervisor: { services: { a: { command: x, env_file: a.env }, b: { command: x, env_file: b.env, modes: [advanced] } } }',
        { path: join(dir, 'hyphae.yaml'), env: {} },
      )
      writeFileSync(join(dir, 'a.env'), 'X=2')
      writeFileSync(join(dir, 'b.env'), 'Y=2')
      const { services, envFiles } = config.inMode('advanced')
      expect(services.map(({ env }) => env)).toEqual([{ X: '1' }, { Y: '2' }])
      expect([config.envFiles.length, envFiles.length]).toEqual([1, 2])
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})

describe('what is wrong with modes is told where it stands', () => {
  const many = '    many: { command: x, instances: 2 }'
  test.each<readonly [string, string, readonly string[]]>([
    ['a: { services: [wbe] }', '', ['supervisor.modes.a.services[0]: there is no service "wbe" (web?)']],
    ['a: { services: { wbe: } }', '', ['supervisor.modes.a.services.wbe: there is no service "wbe" (web?)']],
    ['a: { services: [web, web] }', '', ['supervisor.modes.a.services[1]: "web" is named twice']],
    [
      'a: { services: [many-1] }',
      many,
      ['supervisor.modes.a.services[0]: "many-1" is an instance of "many", and all of them are meant (many?)'],
    ],
    ['a: { arg: [x] }', '', ['supervisor.modes.a.arg: is no field of this block (args?)']],
    ['a: { services: { web: { arg: [x] } } }', '', ['supervisor.modes.a.services.web.arg: is no field of this block (args?)']],
    ['a: { args: { dbb: [x] } }', '', ['supervisor.modes.a.args.dbb: there is no service "dbb" (db?)']],
    ['a: { args: { extra: [x] } }', '', ['supervisor.modes.a.args.extra: "extra" does not run in the mode a']],
    ['a: { args: x }', '', ['supervisor.modes.a.args: expected a list of arguments, or a map of service to list; got "x"']],
    [
      'a: { args: { web: [x] }, services: { web: { args: [y] } } }',
      '',
      ['supervisor.modes.a.args.web: those of "web" stand in services too'],
    ],
    ['a: { args: [x], services: { web: { args: [y] } } }', '', ['supervisor.modes.a.args: those of "web" stand in services too']],
    [
      'a: { args: [x] }, b: { services: [web, db] }',
      '',
      ['supervisor.modes.a.args: a list of arguments is for the default service, and no service runs in the mode a'],
    ],
    ['a: { features: [x], hidden_features: [x] }', '', ['supervisor.modes.a.hidden_features[0]: "x" is among its features too']],
    ['"a b": { }', '', [expect.stringContaining('supervisor.modes.a b: is no name for a mode: a letter')]],
    ['a: 7', '', ['supervisor.modes.a: expected a map, or nothing; got 7']],
  ])('%s', (modes, more, expected) => {
    expect(problemsOf(text(modes, more)).map((problem) => problem.replace(/^\d+:\d+ /, ''))).toEqual(expected)
  })

  test('a default service that does not run in a mode has no arguments there', () => {
    expect(problemsOf(text('advanced: , a: { args: [x] }', '  mode: advanced\n  default_service: extra'))).toEqual([
      '8:29 supervisor.modes.a.args: a list of arguments is for the default service, and "extra" does not run in the mode a; name services: `args: { <service>: [...] }`',
    ])
  })

  test('with modes of its own a config has no others; where services name one that is near, it is a warning', () => {
    expect(problemsOf(text('a:', '  mode: b'))).toEqual(['6:9 supervisor.mode: there is no mode "b"; known are a, advanced (a?)'])
    expect(warningsOf(text('advancd:'))).toEqual([
      '5:34 supervisor.services.extra.modes[0]: `modes` describes no mode "advanced" (advancd?)',
    ])
  })

  test('one that was switched to, and is not here any more, is told where modes stand', () => {
    const read = () => parseConfig(text('a: '), { path: `${folder}/hyphae.yaml`, env: {}, switched: 'gone' })
    expect(read).toThrow(
      /the mode in force is "gone", which was switched to, and it is not here; known are a, advanced; keep it until another one was switched to/,
    )
  })

  test('a mode may be called like a block', () => {
    const config = inMode('env: { description: }, services: { env: { X: y } }, modes:', 'services')
    expect(config.modes.map(({ name }) => name)).toEqual(['env', 'services', 'modes', 'advanced'])
    expect(spec(config, 'db')?.env).toEqual({ X: 'y' })
  })
})
