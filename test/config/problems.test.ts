import { describe, expect, test } from 'vitest'
import { brief, configOf, faultsOf, problemsOf, warningsOf } from './parse.ts'

/** A service `web` with these lines below it, which begin on line 4 in column 7. */
const web = (...lines: string[]): string =>
  ['supervisor:', '  services:', '    web:', ...lines.map((line) => `      ${line}`)].join('\n')
const field = 'supervisor.services.web'

describe('a wrong field of a service is told with its place, what was expected and what was found (OTP: child_specs)', () => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ['command: 5', `4:16 ${field}.command: expected a text; got 5`],
    ['command: ""', `4:16 ${field}.command: expected a text that is not empty; got ""`],
    ['command: "a\\0b"', `4:16 ${field}.command: expected a text without NUL characters; got "a\\u0000b"`],
    ['command: [node]', `4:16 ${field}.command: expected a text; got a list`],
    ['args: server.js', `4:13 ${field}.args: expected a list; got "server.js"`],
    ['args: [a, [b]]', `4:17 ${field}.args[1]: expected a text; got a list`],
    ['env: [A=b]', `4:12 ${field}.env: expected a map; got a list`],
    ['env: { A: { b: c } }', `4:17 ${field}.env.A: expected a text; got a map`],
    ['env: { A: }', `4:14 ${field}.env.A: expected a text; got nothing`],
    ['env: { "A=B": c }', `4:14 ${field}.env.A=B: expected a name without "=" and NUL characters; got "A=B"`],
    ['working_dir: 3', `4:20 ${field}.working_dir: expected a text; got 3`],
    ['category: extra', `4:17 ${field}.category: expected one of core, advanced; got "extra"`],
    ['kind: mpc', `4:13 ${field}.kind: expected one of plain, mcp; got "mpc" (mcp?)`],
    ['one_shot: sometimes', `4:17 ${field}.one_shot: expected true or false; got "sometimes"`],
    ['autostart: "yes"', `4:18 ${field}.autostart: expected true or false; got "yes"`],
    ['restart_policy: sometimes', `4:23 ${field}.restart_policy: expected one of always, on_failure, never; got "sometimes"`],
    [
      'restart_policy: on-failure',
      `4:23 ${field}.restart_policy: expected one of always, on_failure, never; got "on-failure" (on_failure?)`,
    ],
    ['max_restarts: -1', `4:21 ${field}.max_restarts: expected a whole number of at least 0; got -1`],
    ['max_restarts: 1.5', `4:21 ${field}.max_restarts: expected a whole number of at least 0, or unlimited; got 1.5`],
    ['max_restarts: many', `4:21 ${field}.max_restarts: expected a whole number of at least 0, or unlimited; got "many"`],
    ['restart: { delay: -1 }', `4:25 ${field}.restart.delay: expected a duration of 0 or more; got -1`],
    [
      'restart: { delay: soon }',
      `4:25 ${field}.restart.delay: expected a duration such as "500ms", or a number of milliseconds; got "soon"`,
    ],
    ['restart: { jitter: 2 }', `4:26 ${field}.restart.jitter: expected a number from 0 to 1; got 2`],
    ['restart: { backoff: 0.5 }', `4:27 ${field}.restart.backoff: expected a number from 1 to 100; got 0.5`],
    ['restart: { window: 0 }', `4:26 ${field}.restart.window: expected a duration above 0; got 0`],
    ['restart: { overlap: true }', `4:27 ${field}.restart.overlap: overlap needs a readiness probe; expected log or exec`],
    ['health_check_interval: 0', `4:30 ${field}.health_check_interval: expected a duration above 0; got 0`],
    ['health_check_interval: 25d', `4:30 ${field}.health_check_interval: expected a duration of at most 24 days; got "25d"`],
    [
      'health_check_interval: []',
      `4:30 ${field}.health_check_interval: expected a duration such as "10s", or a number of seconds; got a list`,
    ],
    ['health_check: { retries: 0 }', `4:32 ${field}.health_check.retries: expected a whole number of at least 1; got 0`],
    [
      'health_check_url: localhost:80',
      `4:25 ${field}.health_check_url: expected a URL that begins with http:// or https://; got "localhost:80"`,
    ],
    [
      'readiness: { http: "ftp://a" }',
      `4:26 ${field}.readiness.http: expected a URL that begins with http:// or https://; got "ftp://a"`,
    ],
    ['readiness: { http: 80 }', `4:26 ${field}.readiness.http: expected a URL, or a map with url, headers and status; got 80`],
    ['readiness: { http: {} }', `4:20 ${field}.readiness.http.url: is required`],
    [
      'readiness: { http: { url: "http://a", status: [99] } }',
      `4:54 ${field}.readiness.http.status[0]: expected a whole number from 100 to 599; got 99`,
    ],
    [
      'readiness: { http: { url: "http://a", stats: [200] } }',
      `4:45 ${field}.readiness.http.stats: is no field of this block (status?)`,
    ],
    [
      'readiness: { http: { url: "http://a", headers: { "a b": c } } }',
      `4:56 ${field}.readiness.http.headers.a b: expected the name of a header; got "a b"`,
    ],
    ['readiness: { tcp: 0 }', `4:25 ${field}.readiness.tcp: expected a whole number from 1 to 65535; got 0`],
    [
      'readiness: { tcp: "a:b" }',
      `4:25 ${field}.readiness.tcp: expected an address such as "127.0.0.1:8080", a port number, or a map with host and port; got "a:b"`,
    ],
    ['readiness: { exec: [] }', `4:20 ${field}.readiness.exec[0]: is required`],
    [
      'readiness: { exec: true }',
      `4:26 ${field}.readiness.exec: expected a list of the program and its arguments, or a map with command and args; got true`,
    ],
    ['readiness: { log: "(" }', `4:25 ${field}.readiness.log: expected a JavaScript regular expression; got "("`],
    ['readiness: {}', `4:7 ${field}.readiness: expected exactly one of http, tcp, mcp, exec, log; got none of them`],
    [
      'readiness: { tcp: 80, log: up }',
      `4:7 ${field}.readiness: expected exactly one of http, tcp, mcp, exec, log; got tcp and log`,
    ],
    ['liveness: { interval: 5 }', `4:7 ${field}.liveness: expected exactly one of http, tcp, mcp, exec; got none of them`],
    [
      'liveness: { log: up }',
      `4:24 ${field}.liveness.log: expected http, tcp, mcp or exec: a log line can tell that a service got ready, not that it is well; got "up"`,
    ],
    ['depends_on: db', `4:19 ${field}.depends_on: expected a list of services, or a map of service to condition; got "db"`],
    [
      'depends_on: { db: ready }',
      `4:25 ${field}.depends_on.db: expected one of started, healthy, completed, or a map with condition; got "ready"`,
    ],
    ['stop_signal: SIGNOPE', `4:20 ${field}.stop_signal: expected a signal of this system, such as SIGTERM; got "SIGNOPE"`],
    ['stop_grace: 3 weeks', `4:19 ${field}.stop_grace: expected a duration such as "10s", or a number of seconds; got "3 weeks"`],
    ['success_exit_codes: [256]', `4:28 ${field}.success_exit_codes[0]: expected a whole number from 0 to 255; got 256`],
    [
      'success_exit_codes: []',
      `4:27 ${field}.success_exit_codes: expected a list with at least one exit code; got an empty list`,
    ],
    ['start_timeout: 0', `4:22 ${field}.start_timeout: expected a duration above 0; got 0`],
    ['user: [a]', `4:13 ${field}.user: expected the name or number of a user; got a list`],
    ['user: nobdoy', `4:13 ${field}.user: there is no user "nobdoy" on this machine (nobody?)`],
    ['group: no-such-group-here', `4:14 ${field}.group: there is no group "no-such-group-here" on this machine`],
    ['nice: 20', `4:13 ${field}.nice: expected a whole number from -20 to 19; got 20`],
    ['memory_limit: lots', `4:21 ${field}.memory_limit: expected a size such as "32MB", or a number of bytes; got "lots"`],
    ['memory_limit: 512', `4:21 ${field}.memory_limit: expected a size from 1 MB to 1048576 GB; got 512`],
    [
      'restart: { schedule: "0 4 * *" }',
      `4:28 ${field}.restart.schedule: expected a schedule such as "0 4 * * *" (minute, hour, day of month, month, day of week); got "0 4 * *", of 4 fields`,
    ],
    [
      'restart: { schedule: "0 25 * * *" }',
      `4:28 ${field}.restart.schedule: expected a schedule such as "0 4 * * *" (minute, hour, day of month, month, day of week); got "0 25 * * *": Invalid value for hour: 25`,
    ],
    ['restart: { schedule: "0 4 30 2 *" }', `4:28 ${field}.restart.schedule: "0 4 30 2 *" never comes`],
    [
      'restart: { schedule: "2030-01-01T04:00:00" }',
      `4:28 ${field}.restart.schedule: expected a schedule such as "0 4 * * *" (minute, hour, day of month, month, day of week); got "2030-01-01T04:00:00", of 1 field`,
    ],
    [
      'restart: { schedule: "@daily", timezone: Mars/North }',
      `4:48 ${field}.restart.timezone: there is no time zone "Mars/North"; expected a name such as "Europe/Berlin", or UTC`,
    ],
    [
      'restart: { schedule: "@dayly" }',
      `4:28 ${field}.restart.schedule: expected a schedule such as "0 4 * * *" (minute, hour, day of month, month, day of week), or @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually; got "@dayly" (@daily?)`,
    ],
    [
      'restart: { schedule: "@Daily", timezone: Europe/Berln }',
      `4:48 ${field}.restart.timezone: there is no time zone "Europe/Berln"; expected a name such as "Europe/Berlin", or UTC (Europe/Berlin?)`,
    ],
    ['containment: docker', `4:20 ${field}.containment: expected one of auto, cgroup, mark; got "docker"`],
    ['working_dri: .', `4:7 ${field}.working_dri: is no field of this block (working_dir?)`],
  ]
  test.each(cases)('%s', (line, expected) => {
    const lines = line.startsWith('command') ? [line] : [line, 'command: x']
    const problems = problemsOf(web(...lines)).filter((problem) => !problem.includes('there is no service'))
    expect(problems).toEqual([expected])
  })
})

describe('a wrong field elsewhere is told as well (OTP: sup_flags)', () => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ['supervisor: { port: 65536 }', '1:21 supervisor.port: expected a whole number from 0 to 65535, or off; got 65536'],
    ['supervisor: { port: "8081" }', '1:21 supervisor.port: expected a whole number from 0 to 65535, or off; got "8081"'],
    ['supervisor: { enabled: false }', '1:24 supervisor.enabled: supervisor.enabled is false: refusing to start'],
    ['supervisor: { environment: test }', '1:28 supervisor.environment: expected one of development, production; got "test"'],
    ['supervisor: []', '1:13 supervisor: expected a map; got a list'],
    ['supervisor: { services: [web] }', '1:25 supervisor.services: expected a map; got a list'],
    ['supervisor: { services: { web: } }', '1:27 supervisor.services.web: expected a map; got nothing'],
    ['supervisor: { services: { web: {} } }', '1:27 supervisor.services.web.command: is required'],
    [
      'supervisor: { services: { "a/b": { command: x } } }',
      '1:27 supervisor.services.a/b: is no name for a service: a letter, digit or underscore, then letters, digits, "_", "-" or ".", at most 64 characters',
    ],
    [
      'supervisor: { default_service: wbe, services: { web: { command: x } } }',
      '1:32 supervisor.default_service: there is no service "wbe" (web?)',
    ],
    ['supervisor: { servces: {} }', '1:15 supervisor.servces: is no field of this block (services?)'],
    ['supervisor: { restart: { delay: 90s } }', '1:33 supervisor.restart.delay: max_delay (1 min) is below delay (1 min 30 s)'],
    ['supervisor: { restart: { max_delay: 1 } }', '1:37 supervisor.restart.max_delay: max_delay (1 ms) is below delay (5 s)'],
    [
      'supervisor: { services: { web: { command: x, restart: { max_delay: 1s } } } }',
      '1:68 supervisor.services.web.restart.max_delay: max_delay (1 s) is below delay (5 s)',
    ],
    [
      'supervisor: { services: { web: { command: x, one_shot: true, restart_policy: always } } }',
      "1:78 supervisor.services.web.restart_policy: a one-shot is meant to end, so it can't be restarted always; expected on_failure or never",
    ],
    [
      'supervisor: { services: { web: { command: a, restart: { overlap: true }, one_shot: true, readiness: { log: x } } } }',
      "1:66 supervisor.services.web.restart.overlap: a one-shot is meant to end, so a restart of it can't overlap",
    ],
    ...(
      [
        ['http', 'readiness: { http: "http://localhost:80" }'],
        ['tcp', 'readiness: { tcp: 80 }'],
        ['health_check_url', 'health_check_url: "http://localhost:80"'],
      ] as const
    ).map(
      ([got, probe]) =>
        [
          `supervisor: { services: { web: { command: a, restart: { overlap: true }, ${probe} } } }`,
          `1:66 supervisor.services.web.restart.overlap: overlap needs a readiness probe that can't be answered by the old process; expected log or exec, got ${got}`,
        ] as const,
    ),
    [
      'supervisor: { security: { authentication: { enabled: true } } }',
      '1:27 supervisor.security.authentication.token: authentication is enabled, so a token is needed',
    ],
    [
      'supervisor: { security: { authentication: { enabled: true, token: "" } } }',
      '1:67 supervisor.security.authentication.token: authentication is enabled, so a token is needed',
    ],
    [
      'supervisor: { security: { authentication: { token: [hush] } } }',
      '1:52 supervisor.security.authentication.token: expected a text',
    ],
    [
      'supervisor: { security: { allowed_programs: { mkae: [x] } } }',
      '1:47 supervisor.security.allowed_programs.mkae: is no field of this block (make?)',
    ],
    [
      'supervisor: { host: 0.0.0.0 }',
      '1:21 supervisor.host: others can reach "0.0.0.0": enable security.authentication and give a token, or set security.bind_to_localhost',
    ],
    ['state: { length: {} }', '1:8 state: expected a text; got a map'],
    ['state: 5', '1:8 state: expected a text; got 5'],
    ["http: { port: 'on' }", '1:15 http.port: expected a whole number from 0 to 65535, or off; got "on"'],
    [
      'http: { host: 0.0.0.0 }',
      '1:15 http.host: others can reach "0.0.0.0": enable supervisor.security.authentication and give a token, or set supervisor.security.bind_to_localhost',
    ],
    ['http: { port: -1 }', '1:15 http.port: expected a whole number from 0 to 65535, or off; got -1'],
    [
      'http: { allowed_origins: ["http://a/b"] }',
      '1:27 http.allowed_origins[0]: expected an origin such as "http://localhost:5173", without a path; got "http://a/b"',
    ],
    [
      'http: { allowed_hosts: ["http://a"] }',
      '1:25 http.allowed_hosts[0]: expected the name of a host such as "fleet.example.com", without scheme and port; got "http://a"',
    ],
    ['log: { level: verbose }', '1:15 log.level: expected one of trace, debug, info, warn, error, fatal, silent; got "verbose"'],
    ['log: { colour: x }', '1:8 log.colour: is no field of this block; expected one of file, level, max_size, keep'],
    ['log: { keep: 0 }', '1:14 log.keep: expected a whole number from 1 to 1000; got 0'],
    ['supervisor: { logs: { max_size: 1KB } }', '1:33 supervisor.logs.max_size: expected a size from 64 KB to 4 GB; got "1KB"'],
    ['supervisor: { logs: { keep: -1 } }', '1:29 supervisor.logs.keep: expected a whole number from 0 to 1000; got -1'],
    ['supervisor: { logs: { max_age: 0 } }', '1:32 supervisor.logs.max_age: expected a duration above 0; got 0'],
    [
      'journal: { max_age: forever }',
      '1:21 journal.max_age: expected a duration such as "30d", or a number of days; got "forever"',
    ],
    ['journal: { max_age: 3651d }', '1:21 journal.max_age: expected a duration of at most 3650 days; got "3651d"'],
    ['journal: { max_age: 0 }', '1:21 journal.max_age: expected a duration above 0; got 0'],
    [
      'journal: { max_size: 32 MiB }',
      '1:22 journal.max_size: expected a size such as "32MB", or a number of bytes; got "32 MiB"',
    ],
    ['journal: { max_size: [] }', '1:22 journal.max_size: expected a size such as "32MB", or a number of bytes; got a list'],
    ['journal: { max_size: 1023KB }', '1:22 journal.max_size: expected a size from 1 MB to 1 GB; got "1023KB"'],
    ['journal: { max_size: 1073741825 }', '1:22 journal.max_size: expected a size from 1 MB to 1 GB; got 1073741825'],
    ['journal: { maxsize: 1MB }', '1:12 journal.maxsize: is no field of this block (max_size?)'],
    ['- a', '1:1 expected a map with a `supervisor:` section; got a list'],
    ['hello', '1:1 expected a map with a `supervisor:` section; got "hello"'],
  ]
  test.each(cases)('%s', (text, expected) => {
    expect(problemsOf(text)).toEqual([expected])
  })
})

test('everything that is wrong is told at once, in the order of the file (OTP: sup_start_map_faulty_specs)', () => {
  const text = `supervisor:
  prot: 1
  services:
    web:
      comand: x
    api:
      command: "\${NOPE}"
      stop_signal: SIGX
log: { level: loud }
`
  expect(problemsOf(text, { SUPERVISOR_PORT: 'x' })).toEqual([
    '0:0 SUPERVISOR_PORT: expected a whole number from 0 to 65535, or off; got "x"',
    '2:3 supervisor.prot: is no field of this block (port?)',
    '4:5 supervisor.services.web.command: is required',
    '5:7 supervisor.services.web.comand: is no field of this block (command?)',
    '7:17 supervisor.services.api.command: the environment variable NOPE is not set; set it, or give a default: ${NOPE:-default}',
    '8:20 supervisor.services.api.stop_signal: expected a signal of this system, such as SIGTERM; got "SIGX"',
    '9:15 log.level: expected one of trace, debug, info, warn, error, fatal, silent; got "loud"',
  ])
})

test('a problem carries what was expected, what was found and the line that it stands on', () => {
  expect(faultsOf('log: { level: verbos }')).toEqual([
    {
      file: 'test/config/hyphae.yaml',
      line: 1,
      column: 15,
      field: 'log.level',
      message: 'expected one of trace, debug, info, warn, error, fatal, silent; got "verbos"',
      expected: 'one of trace, debug, info, warn, error, fatal, silent',
      got: '"verbos"',
      source: 'log: { level: verbos }',
    },
  ])
})

test('no more than a hundred problems are told', () => {
  const text = `supervisor: { services: { ${Array.from({ length: 5_000 }, (_, i) => `s${i}: {}`).join(', ')} } }`
  expect(faultsOf(text)).toHaveLength(100)
})

test('a section that this version does not know is one warning each', () => {
  const text = `supervisor: { services: { web: { command: x } } }
gateway: { port: 9999, token: "\${TOKEN_FOR_IT}" }
mesh: {}
smart_discovery: { enabled: true, key: "\${NOT_SET}", a: 1, a: 2 }
spervisor: {}
services: {}
x-anchors: { a: 1 }
$schema: hyphae.schema.json
`
  expect(warningsOf(text)).toEqual([
    '2:1 gateway: `gateway:` is for a surface that this version does not have yet; it is ignored',
    '3:1 mesh: `mesh:` is for a surface that this version does not have yet; it is ignored',
    '4:1 smart_discovery: `smart_discovery:` is no section that Hyphae knows; it is ignored',
    '5:1 spervisor: `spervisor:` is no section that Hyphae knows; it is ignored (supervisor?)',
    '6:1 services: `services:` is no section that Hyphae knows; it is ignored (supervisor.services?)',
  ])
})

test('other things to be warned of do not stop it', () => {
  const text = `supervisor:
  host: 0.0.0.0
  services:
    web: { command: x, working_dir: nowhere }
  security: { bind_to_localhost: true }
`
  const { supervisor, warnings } = configOf(text, { RUST_LOG: 'hyphae' })
  expect(supervisor.host).toBe('127.0.0.1')
  expect(warnings.map(brief)).toEqual([
    '0:0 RUST_LOG: "hyphae" names no level; it is ignored',
    '2:9 supervisor.host: security.bind_to_localhost wins over "0.0.0.0": listening on 127.0.0.1',
    `4:37 supervisor.services.web.working_dir: there is no folder ${import.meta.dirname}/nowhere; the service can't start without it`,
  ])
  expect(warningsOf('')).toEqual(['1:1 supervisor.services: there is nothing to run'])
  expect(warningsOf('supervisor: {}')).toEqual(['1:1 supervisor.services: there is nothing to run'])
})

test('what stands in a secret field is not repeated', () => {
  const [problem] = faultsOf('supervisor: { security: { authentication: { token: "a\\0b" } } }')
  expect(problem?.message).toBe('expected a text without NUL characters')
})

test('an MCP server of which nothing tells where it speaks is warned about', () => {
  const server = (more: string): string => `supervisor: { services: { tools: { command: x, kind: mcp${more} } } }\n`
  expect(warningsOf(server(''))).toEqual([expect.stringMatching(/^1:\d+ supervisor\.services\.tools\.kind: nothing tells where/)])
  for (const more of [
    ', env: { PORT: 8082 }',
    ', health_check_url: "http://a/mcp"',
    ', readiness: { tcp: 80 }',
    ', liveness: { mcp: "http://a/" }',
  ])
    expect(warningsOf(server(more)), more).toEqual([])
  expect(warningsOf(server(', env: { PORT: none }'))).toHaveLength(1)
})
