import { describe, expect, test } from 'vitest'
import { levelOfFilter } from '../../src/config/environment.ts'
import { configOf, folder, problemsOf, serviceOf, warningsOf, type Env } from './parse.ts'

describe('durations', () => {
  test.each([
    ['stop_grace: 5', 'stopGrace', 5_000],
    ['stop_grace: 0', 'stopGrace', 0],
    ['stop_grace: 500ms', 'stopGrace', 500],
    ['start_timeout: 1.5h', 'startTimeout', 5_400_000],
    ['start_timeout: "2 m"', 'startTimeout', 120_000],
    ['start_timeout: 24d', 'startTimeout', 2_073_600_000],
  ] as const)('%s is %s of %i ms', (field, name, ms) => {
    expect(serviceOf(`command: x, ${field}`)[name]).toBe(ms)
  })

  test('numbers are milliseconds where the guide has them so, and seconds elsewhere', () => {
    const { restart } = serviceOf('command: x, restart: { delay: 1, max_delay: 2, window: 3, stable_uptime: 4 }')
    expect(restart).toMatchObject({ delay: 1, maxDelay: 2, window: 3_000, stableUptime: 4_000 })
  })
})

describe('the journal', () => {
  const day = 86_400_000
  test.each([
    ['{}', { maxAge: 30 * day, maxBytes: 32 * 1024 ** 2 }],
    ['journal: { max_age: 10, max_size: 1048576 }', { maxAge: 10 * day, maxBytes: 1024 ** 2 }],
    ['journal: { max_age: 3650d, max_size: 1GB }', { maxAge: 3650 * day, maxBytes: 1024 ** 3 }],
    ['journal: { max_age: 90min, max_size: "1.5 MB" }', { maxAge: 5_400_000, maxBytes: 1.5 * 1024 ** 2 }],
    ['journal: { max_size: 2048KB }', { maxAge: 30 * day, maxBytes: 2 * 1024 ** 2 }],
    ['journal: { max_size: "${SIZE}" }', { maxAge: 30 * day, maxBytes: 2 * 1024 ** 2 }],
  ])('%s', (text, expected) => expect(configOf(text, { SIZE: '2MB' }).journal).toEqual(expected))
})

test('a service says what differs from the supervisor (OTP: sup_start_map)', () => {
  const supervisor = 'restart: { delay: 1s, backoff: 3, jitter: 0, max_restarts: unlimited, window: 60, stable_uptime: 0 }'
  expect(serviceOf('command: x', supervisor).restart).toMatchObject({
    delay: 1_000,
    factor: 3,
    jitter: 0,
    maxRestarts: null,
    window: 60_000,
    stableUptime: 0,
  })
  const own = 'command: x, max_restarts: 0, restart: { delay: 2s, backoff: 1, jitter: 1, window: null, on_unhealthy: false }'
  expect(serviceOf(own, supervisor).restart).toMatchObject({
    delay: 2_000,
    factor: 1,
    jitter: 1,
    maxRestarts: 0,
    window: null,
    onUnhealthy: false,
  })
})

test('a one-shot is restarted on failure only', () => {
  expect(serviceOf('command: x, one_shot: true').restart.policy).toBe('on_failure')
  expect(serviceOf('command: x, one_shot: true, restart_policy: never').restart.policy).toBe('never')
})

test('signals may be written without SIG and in lower case', () => {
  expect(serviceOf('command: x, stop_signal: int').stopSignal).toBe('SIGINT')
  expect(serviceOf('command: x, stop_signal: SIGQUIT').stopSignal).toBe('SIGQUIT')
})

test('every plain field arrives', () => {
  const fields =
    'autostart: false, description: web, success_exit_codes: [0, 3], containment: mark, category: advanced, kind: mcp'
  expect(serviceOf(`command: x, ${fields}`)).toMatchObject({
    autostart: false,
    description: 'web',
    successCodes: [0, 3],
    containment: 'mark',
    category: 'advanced',
    kind: 'mcp',
  })
})

test('arguments and environment variables are taken letter by letter, also where YAML sees numbers', () => {
  const service = serviceOf(
    'command: x, args: [--port, 0080, 1.0, true, ~x, 12345678901234567890], env: { ZIP: 007, ON: yes, HEX: 0x1F, YES: True }',
  )
  expect(service.args).toEqual(['--port', '0080', '1.0', 'true', '~x', '12345678901234567890'])
  expect(service.env).toEqual({ ZIP: '007', ON: 'yes', HEX: '0x1F', YES: 'True' })
})

test('paths are relative to the file, and a command with a slash to its working folder', () => {
  const service = serviceOf('command: ./bin/x, working_dir: ../config, readiness: { exec: [./probe, a/b] }')
  expect(service).toMatchObject({ command: `${folder}/bin/x`, workingDir: folder })
  expect(service.readiness?.target).toEqual({ type: 'exec', command: `${folder}/probe`, args: ['a/b'] })
  expect(serviceOf('command: /bin/x').command).toBe('/bin/x')
  expect(serviceOf('command: x').command).toBe('x')
  const config = configOf('state: ../state\nlog: { file: logs/own.log }')
  expect(config.stateDir).toBe(`${folder.replace(/\/config$/, '')}/state`)
  expect(config.log.file).toBe(`${folder}/logs/own.log`)
})

test('services keep the order of the file, also where their names are numbers', () => {
  const { services } = configOf('supervisor: { services: { web: { command: x }, 8081: { command: x }, 80: { command: x } } }')
  expect(services.map(({ name }) => name)).toEqual(['web', '8081', '80'])
})

describe('what the environment overrides', () => {
  const text = 'supervisor: { port: 1, host: "::1" }\nstate: s\nlog: { level: error }'
  const cases: ReadonlyArray<readonly [Env, object]> = [
    [{}, { stateDir: `${folder}/s`, supervisor: { port: 1, host: '::1' }, log: { level: 'error' } }],
    [
      { HYPHAE_STATE: '', SUPERVISOR_PORT: '', SUPERVISOR_HOST: '', RUST_LOG: '' },
      { supervisor: { port: 1, host: '::1' }, log: { level: 'error' } },
    ],
    [{ HYPHAE_STATE: 'x/y' }, { stateDir: `${process.cwd()}/x/y` }],
    [{ HYPHAE_STATE: '/x' }, { stateDir: '/x' }],
    [{ SUPERVISOR_PORT: '0', SUPERVISOR_HOST: 'localhost' }, { supervisor: { port: 0, host: 'localhost' } }],
    [{ SUPERVISOR_PORT: 'off' }, { supervisor: { port: null } }],
    [{ SUPERVISOR_LOG_LEVEL: 'DEBUG', RUST_LOG: 'trace' }, { log: { level: 'debug' } }],
    [{ RUST_LOG: 'trace' }, { log: { level: 'trace' } }],
  ]
  test.each(cases)('%o', (env, expected) => {
    expect(configOf(text, env)).toMatchObject(expected)
  })

  test('what it says must make sense', () => {
    expect(problemsOf('', { SUPERVISOR_PORT: '99999', SUPERVISOR_LOG_LEVEL: 'loud' })).toEqual([
      '0:0 SUPERVISOR_PORT: expected a whole number from 0 to 65535, or off; got "99999"',
      '0:0 SUPERVISOR_LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent; got "loud"',
    ])
    expect(problemsOf('', { SUPERVISOR_HOST: '0.0.0.0' })).toEqual([
      '0:0 SUPERVISOR_HOST: others can reach "0.0.0.0": enable security.authentication and give a token, or set security.bind_to_localhost',
    ])
  })

  test('it may let others in when they need a token', () => {
    const open = 'supervisor: { security: { authentication: { enabled: true, token: 123 } } }'
    const { supervisor } = configOf(open, { SUPERVISOR_HOST: '0.0.0.0' })
    expect(supervisor).toMatchObject({ host: '0.0.0.0', authentication: { token: '123' } })
  })

  test('bind_to_localhost wins over it', () => {
    const { supervisor, warnings } = configOf('supervisor: { security: { bind_to_localhost: true } }', {
      SUPERVISOR_HOST: '0.0.0.0',
    })
    expect(supervisor.host).toBe('127.0.0.1')
    expect(warnings[0]).toMatchObject({ file: 'environment', line: 0, field: 'SUPERVISOR_HOST' })
  })
})

describe('where it listens', () => {
  test('each port may be off', () => {
    const { supervisor, http } = configOf('supervisor: { port: off }\nhttp: { port: "off" }')
    expect([supervisor.port, http.port]).toEqual([null, null])
    expect(configOf('supervisor: { port: off }', { SUPERVISOR_PORT: '9' }).supervisor.port).toBe(9)
  })

  test('HTTP has an address of its own, under the same conditions', () => {
    const open = 'security: { authentication: { enabled: true, token: x } }'
    expect(configOf(`supervisor: { ${open} }\nhttp: { host: 0.0.0.0 }`)).toMatchObject({
      http: { host: '0.0.0.0', port: 3001 },
      supervisor: { host: '127.0.0.1' },
    })
    const { http, warnings } = configOf('supervisor: { security: { bind_to_localhost: true } }\nhttp: { host: hub.example }')
    expect(http.host).toBe('127.0.0.1')
    expect(warnings.map(({ field, message }) => [field, message])).toContainEqual([
      'http.host',
      'supervisor.security.bind_to_localhost wins over "hub.example": listening on 127.0.0.1',
    ])
  })
})

test.each([
  ['info', 'info'],
  ['WARN', 'warn'],
  ['magictunnel::supervisor=trace', 'trace'],
  ['a=error,b=debug,c=warn', 'debug'],
  ['a=trace,warn', 'warn'],
  ['off', 'silent'],
  ['hyphae', undefined],
] as const)('RUST_LOG=%s means %s', (filter, level) => {
  expect(levelOfFilter(filter)).toBe(level)
})

describe('security', () => {
  test('production allows no program by default', () => {
    const none = { make: [], shell: [], binary: [], cargo: [], npm: [] }
    expect(configOf('supervisor: { environment: production }').supervisor.allowedPrograms).toEqual(none)
    expect(configOf('supervisor: { security: { allowed_programs: { npm: [run] } } }').supervisor.allowedPrograms).toEqual({
      ...none,
      npm: ['run'],
    })
  })

  test('allowed commands may be written in any case', () => {
    const { supervisor, warnings } = configOf(
      'supervisor: { security: { allowed_commands: [Status, RESTART, Custom_Restart, restrat], allow_shell: true } }',
    )
    // A typo locks out without a word otherwise.
    expect(warnings.filter(({ field }) => field.startsWith('supervisor.security'))).toEqual([
      expect.objectContaining({
        field: 'supervisor.security.allowed_commands[3]',
        message: 'there is no control command "restrat"; it admits nothing',
        suggestion: 'restart',
      }),
    ])
    expect(supervisor).toMatchObject({ allowedCommands: ['status', 'restart', 'custom_restart', 'restrat'], allowShell: true })
  })
})

test('variables that fill in secrets of ours are named, and no others', () => {
  const text = `
supervisor:
  host: "\${HOST}"
  services: { web: { command: x, env: { API_KEY: "\${API_KEY}" } } }
  security: { authentication: { token: "\${A:-x}\${B}" } }
state: \${HOME}/state
gateway: { port: "\${PORT}", token: "\${GATEWAY_TOKEN}" }
hero: { secrets: { admin: [ "\${ADMIN}", *more ] }, loop: &loop [ *loop ] }
x-more: &more \${MORE}
other: { api_key: "\${OTHER}" }
`
  const env = { HOST: 'localhost', API_KEY: 'k', A: 'a', B: 'b', HOME: '/h', PORT: '1', MORE: 'm' }
  expect(configOf(text.replace(', *more', ''), env).secretVariables).toEqual(['A', 'B', 'GATEWAY_TOKEN', 'ADMIN'])
  const above = text.replace('x-more: &more ${MORE}\n', '').replace('\nsupervisor', '\nx-more: &more ${MORE}\nsupervisor')
  expect(configOf(above, env).secretVariables).toEqual(['A', 'B', 'GATEWAY_TOKEN', 'ADMIN', 'MORE'])
})

describe('whom a service runs as, how eagerly, with how much memory, and when it is restarted', () => {
  test('users and groups are looked up by name and by number', () => {
    const root = { name: 'root', uid: 0, gid: 0, home: '/root' }
    const none = { user: null, group: null, nice: null, memoryLimit: null, schedule: null }
    expect(serviceOf('command: x')).toMatchObject(none)
    if (process.getuid?.() !== 0) return
    expect(serviceOf('command: x, user: root')).toMatchObject({ ...none, user: root })
    expect(serviceOf('command: x, user: 0, group: daemon')).toMatchObject({ ...none, user: root, group: { name: 'daemon' } })
    // Nobody has this number: it is taken as it is, with its group.
    expect(serviceOf('command: x, user: 4000111, group: 4000222')).toMatchObject({
      user: { name: '4000111', uid: 4_000_111, home: null },
      group: { name: '4000222', gid: 4_000_222 },
    })
    expect(problemsOf('supervisor: { services: { web: { command: x, user: 4000111 } } }')).toEqual([
      '1:52 supervisor.services.web.user: no user of this machine has the number 4000111, so its group has to be said: expected a group beside it',
    ])
  })

  test('the rest is taken as it is written', () => {
    expect(
      serviceOf('command: x, nice: -5, memory_limit: 512MB, restart: { schedule: "0 4 * * *", timezone: Europe/Berlin }'),
    ).toMatchObject({
      nice: -5,
      memoryLimit: 512 * 2 ** 20,
      schedule: { cron: '0 4 * * *', timezone: 'Europe/Berlin' },
      restart: { delay: 5_000 },
    })
    expect(serviceOf('command: x, restart: { schedule: "@daily" }').schedule).toEqual({ cron: '@daily', timezone: null })
    expect(
      problemsOf('supervisor: { services: { web: { command: x, one_shot: true, restart: { schedule: "@daily" } } } }'),
    ).toEqual([
      '1:83 supervisor.services.web.restart.schedule: a schedule restarts what runs, and a one-shot is meant to end: it would hardly ever be there',
    ])
    expect(warningsOf('supervisor: { services: { web: { command: x, restart: { timezone: UTC } } } }')).toEqual([
      '1:67 supervisor.services.web.restart.timezone: a timezone without a schedule has no effect',
    ])
  })
})
