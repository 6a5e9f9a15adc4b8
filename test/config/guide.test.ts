import { expect, test } from 'vitest'
import { brief, configOf, folder, problemsOf } from './parse.ts'
import { usualLogRules } from '../../src/protocol/log-rules.ts'

/** The two blocks of MagicTunnel's guide, letter by letter. */
const services = `# config.yaml
supervisor:
  enabled: true
  port: 8081
  host: "127.0.0.1"
  
  # Services to manage
  services:
    magictunnel:
      command: "./target/release/magictunnel"
      args: ["--config", "config.yaml"]
      health_check_interval: 30
      restart_policy: "always"
      max_restarts: 10
      
    frontend:
      command: "npm"
      args: ["run", "dev"]
      working_dir: "./frontend"
      health_check_url: "http://localhost:5173"
      restart_policy: "on_failure"
      
  # Health monitoring
  health_check:
    interval: 30
    timeout: 10
    retries: 3
    
  # Restart policies
  restart:
    delay: 5000      # Initial delay in ms
    max_delay: 60000 # Maximum delay in ms
    backoff: 2.0     # Exponential backoff multiplier
`
const access = `supervisor:
  security:
    bind_to_localhost: true  # Only bind to 127.0.0.1
    allowed_commands:        # Restrict available commands
      - "status"
      - "restart"
    authentication:
      enabled: true
      token: "\${SUPERVISOR_TOKEN}"
`

const restart = {
  policy: 'always',
  delay: 5_000,
  maxDelay: 60_000,
  factor: 2,
  jitter: 0.1,
  maxRestarts: 10,
  window: null,
  stableUptime: 10_000,
  onUnhealthy: true,
}
const usual = {
  family: null,
  logs: usualLogRules,
  env: {},
  oneShot: false,
  autostart: true,
  dependsOn: [],
  restart,
  successCodes: [0],
  startTimeout: 60_000,
  stopSignal: 'SIGTERM',
  stopGrace: 10_000,
  containment: 'auto',
  user: null,
  group: null,
  nice: null,
  memoryLimit: null,
  schedule: null,
  description: '',
  category: 'core',
  kind: 'plain',
}

test("the guide's services load as they are written", () => {
  const { warnings, inMode: _, ...config } = configOf(services)
  const target = { type: 'http', url: 'http://localhost:5173', headers: {}, status: [] }
  expect(config).toEqual({
    // No listener of this version uses them.
    path: `${folder}/hyphae.yaml`,
    dir: folder,
    stateDir: `${folder}/.hyphae`,
    services: [
      {
        ...usual,
        name: 'magictunnel',
        command: `${folder}/target/release/magictunnel`,
        args: ['--config', 'config.yaml'],
        workingDir: folder,
        readiness: null,
        liveness: null,
      },
      {
        ...usual,
        name: 'frontend',
        command: 'npm',
        args: ['run', 'dev'],
        workingDir: `${folder}/frontend`,
        restart: { ...restart, policy: 'on_failure' },
        readiness: { target, interval: 1_000, timeout: 10_000, delay: 0, failures: 3, passes: 1 },
        liveness: { target, interval: 30_000, timeout: 10_000, delay: 0, failures: 3, passes: 1 },
      },
    ],
    groups: [],
    hooks: [],
    defaultService: null,
    mode: null,
    modeSource: 'none',
    modes: ['proxy', 'advanced'].map((name) => ({
      name,
      description: null,
      services: ['magictunnel', 'frontend'],
      available_features: expect.any(Array) as string[],
      hidden_features: expect.any(Array) as string[],
    })),
    leftOut: new Map(),
    envFiles: [],
    supervisor: {
      host: '127.0.0.1',
      port: 8081,
      bindToLocalhost: false,
      allowedCommands: null,
      allowedPrograms: { make: ['clean'], shell: ['echo'], binary: [], cargo: [], npm: [] },
      barredPrograms: { make: [], shell: [], binary: [], cargo: [], npm: [] },
      allowShell: false,
      tls: null,
      authentication: { enabled: false, token: null, tokens: [] },
    },
    http: { host: '127.0.0.1', port: 3001, tls: null, allowedOrigins: ['http://localhost:5173'], allowedHosts: [] },
    log: { file: null, level: 'info', maxSize: 8_388_608, keep: 3 },
    logs: usualLogRules,
    journal: { maxAge: 2_592_000_000, maxBytes: 33_554_432 },
    environment: 'development',
    flags: {},
    secretVariables: [],
  })
  expect(warnings.map(brief)).toEqual([
    `19:20 supervisor.services.frontend.working_dir: there is no folder ${folder}/frontend; the service can't start without it`,
  ])
})

test("the guide's access control loads, and its token's variable is kept from the services", () => {
  const { supervisor, secretVariables } = configOf(access, { SUPERVISOR_TOKEN: 'hush' })
  expect(supervisor).toMatchObject({
    bindToLocalhost: true,
    allowedCommands: ['status', 'restart'],
    authentication: { enabled: true, token: 'hush' },
  })
  expect(secretVariables).toEqual(['SUPERVISOR_TOKEN'])
  expect(problemsOf(access)).toEqual([
    '9:15 supervisor.security.authentication.token: the environment variable SUPERVISOR_TOKEN is not set; set it, or give a default: ${SUPERVISOR_TOKEN:-default}',
  ])
})
