import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import process from 'node:process'
import { toldProblems } from './config/told.ts'
import { ConfigError, type ConfigProblem } from './config/errors.ts'
import { readConfigText } from './config/file.ts'
import { nothingToRun, parseConfig, type LoadedConfig } from './config/load.ts'
import { childEnvironment } from './environment.ts'
import { controlSocketOf } from './control-socket.ts'
import type { ListenerSpec, Orchestrator, OrchestratorOptions } from './options.ts'
import { createOrchestrator as create } from './orchestrator.ts'
import { joinHost } from './protocol/endpoint.ts'
import { HyphaeError, systemCode } from './protocol/errors.ts'
import type { Certificate, ControlRules } from './protocol/control-rules.ts'
import { modeVariable } from './protocol/mode.ts'
import { didYouMean } from './protocol/nearest.ts'
import type { ReadConfig } from './protocol/reload.ts'
import type { LoadConfig } from './reloading.ts'

/** From a config to an orchestrator: for `hyphae up`, and for programs that run a fleet inside of themselves. */

export interface EmbedOptions {
  /** What `${NAME}` in the config means, and what children inherit. */
  readonly env?: NodeJS.ProcessEnv
}

/** A config as the orchestrator takes it. What of it means something to a running fleet is chosen here and nowhere else. */
export function optionsOf(config: LoadedConfig, { env = process.env }: EmbedOptions = {}): OrchestratorOptions {
  const {
    services,
    groups = [],
    hooks = [],
    warnings = [],
    settings = {},
    environment,
    mode = null,
    leftOut = new Map(),
    modes,
  } = readOf(config, env)
  return {
    services,
    groups,
    hooks,
    stateDir: config.stateDir,
    configPath: config.path,
    warnings,
    mode,
    leftOut,
    ...(modes === undefined ? {} : { modes }),
    settings,
    ...(environment === undefined ? {} : { environment }),
    retention: config.journal,
    logMaxAge: config.logs.maxAge,
    loadConfig: readerOf(config, env),
    listeners: listenersOf(config),
    ...controlRulesOf(config),
    defaultService: config.defaultService,
  }
}

/** The same with TLS around it. */
const secure = { tcp: 'tls', http: 'https' } as const

/** Its own socket, and a port for each surface that the config does not switch off. */
function listenersOf({ stateDir, supervisor, http }: LoadedConfig): ListenerSpec[] {
  const network = [
    { name: 'supervisor', scheme: 'tcp' as const, dialect: 'magictunnel', setting: 'supervisor.port', ...supervisor },
    { name: 'http', scheme: 'http' as const, dialect: 'jsonrpc', setting: 'http.port', ...http },
  ]
  return [
    { name: 'control', endpoint: `unix:${controlSocketOf(stateDir)}`, dialect: 'jsonrpc' },
    ...network.flatMap(({ name, scheme, host, port, tls, dialect, setting }) =>
      port === null
        ? []
        : [{ name, endpoint: `${tls === null ? scheme : secure[scheme]}:${joinHost(host, port)}`, dialect, setting }],
    ),
  ]
}

/** What a reload takes over at once. */
const controlRulesOf = ({ supervisor, http, environment }: LoadedConfig): ControlRules => {
  const { authentication, allowedCommands, allowedPrograms: allowed, barredPrograms: barred, allowShell } = supervisor
  const { enabled, token, tokens } = authentication
  return {
    access: { token: enabled ? token : null, tokens: enabled ? tokens : [], allowedCommands },
    programs: { allowed, barred, allowShell, production: environment === 'production' },
    allowedOrigins: http.allowedOrigins,
    allowedHosts: http.allowedHosts,
    certificates: {
      ...(supervisor.tls === null ? {} : { supervisor: supervisor.tls }),
      ...(http.tls === null ? {} : { http: http.tls }),
    },
  }
}

/** An orchestrator of a config that was loaded, or of options of one's own. */
export const createOrchestrator = (given: LoadedConfig | OrchestratorOptions): Orchestrator =>
  create('secretVariables' in given ? optionsOf(given) : given)

/** As a text that may travel: without the line itself. */
const told = ({ file, line, field, message, suggestion }: ConfigProblem): string =>
  `${file}:${line}: ${field === '' ? '' : `${field}: `}${message}${didYouMean(suggestion)}`

/** What a config says to a fleet that runs. */
function readOf(config: LoadedConfig, env: NodeJS.ProcessEnv): ReadConfig {
  const {
    path,
    services,
    groups,
    hooks,
    warnings,
    mode,
    leftOut,
    envFiles,
    supervisor,
    http,
    log,
    journal,
    stateDir,
    defaultService,
  } = config
  const { port, host, tls } = supervisor
  const inherited = childEnvironment(env, config.secretVariables)
  return {
    path,
    services,
    groups,
    hooks,
    mode,
    leftOut,
    envFiles,
    warnings: warnings.map(told),
    settings: {
      state: stateDir,
      'supervisor.port': port,
      'supervisor.host': host,
      'supervisor.tls': tlsKind(tls),
      'supervisor.default_service': defaultService,
      http: { host: http.host, port: http.port },
      'http.tls': tlsKind(http.tls),
      log,
      journal,
    },
    rules: controlRulesOf(config),
    environment: mode === null ? inherited : { ...inherited, [modeVariable]: mode },
    modes: { all: config.modes, source: config.modeSource, in: (other) => readOf(inMode(config, other), env) },
  }
}

/** The same config in another of its modes. */
function inMode(config: LoadedConfig, mode: string): LoadedConfig {
  try {
    return config.inMode(mode)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const problems = toldProblems(error, true)
    throw new HyphaeError('invalid_params', `mode: ${problems[0] ?? ''}`, { field: 'mode', problems })
  }
}

/** What of TLS a listener can't change while it listens. */
const tlsKind = (tls: Certificate | null): string =>
  tls === null ? 'off' : tls.ca === null ? 'on' : 'on, with certificates of clients'

const toStopAll = '`hyphae stop all` stops everything, and so does `supervisor: { services: {} }`'

/** Reads configs while a fleet runs. What is wrong is told as texts that may travel. */
function readerOf({ path: first, flags }: LoadedConfig, env: NodeJS.ProcessEnv): LoadConfig {
  // Whoever names a file must not be shown what stands in it, unless it is known to be a config.
  const known = new Set([first])
  return async (given, switched) => {
    const path = resolve(given ?? first)
    refuseUnreadable(path)
    try {
      const text = readConfigText(path)
      // An editor that empties a file before it writes would end everything.
      if (isBlank(text)) refuse(path, `the file is empty; ${toStopAll}`)
      const config = parseConfig(text, { path, env, flags, ...(switched === undefined ? {} : { switched }) })
      // So would a file that is half written, or has its services at the wrong place.
      if (config.warnings.some(({ message }) => message === nothingToRun))
        refuse(path, `nothing is said of \`supervisor.services\`; ${toStopAll}`)
      const read = readOf(config, env)
      if (!known.has(path) && read.services.length === 0) refuse(path, 'expected a config with services; it names none')
      known.add(path)
      return read
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      const problems = toldProblems(error, known.has(path))
      const whole = error.problems.every(({ line, file }) => line === 0 && file !== 'environment')
      throw new HyphaeError('invalid_params', problems[0] ?? '', { problems, ...(whole ? { field: 'config_path' } : {}) })
    }
  }
}

const isBlank = (text: string): boolean => text.split('\n').every((line) => /^\uFEFF?\s*(?:#.*)?$/.test(line))

/** A pipe or device would keep us waiting, and with us the whole fleet. */
function refuseUnreadable(path: string): void {
  try {
    if (!statSync(path).isFile()) refuse(path, 'expected a file')
  } catch (error) {
    if (error instanceof HyphaeError) throw error
    refuse(path, systemCode(error) === 'ENOENT' ? 'there is no such file' : `can't be read (${systemCode(error) ?? 'unknown'})`)
  }
}

function refuse(path: string, why: string): never {
  const message = `${path}: ${why}`
  throw new HyphaeError('invalid_params', message, { field: 'config_path', problems: [message] })
}
