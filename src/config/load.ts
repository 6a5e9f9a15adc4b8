import { dirname, resolve } from 'node:path'
import { isRecord } from '../protocol/json.ts'
import { limits } from '../protocol/limits.ts'
import { checkDefaultService, checkDelays, checkEnabled, checkSecurity, checkService, checkServiceName } from './check.ts'
import { readCertificate } from './certificates.ts'
import { createChecker, type Checker } from './checker.ts'
import { familiesOf } from './families.ts'
import { readEnvFiles, type KnownFiles } from './env-files.ts'
import { checkModes } from './check-modes.ts'
import { modeChanges } from './in-mode.ts'
import { modesOf } from './modes.ts'
import { checkDependencies } from './dependencies.ts'
import { readDocument } from './document.ts'
import { readOverrides, type Flags } from './environment.ts'
import { validate } from './explain.ts'
import { checkGroups, resolveGroups } from './groups.ts'
import { checkHooks, resolveHooks } from './hooks.ts'
import { readConfigText, shownPath } from './file.ts'
import { setting, type Environment } from './interpolate.ts'
import { nearest } from '../protocol/nearest.ts'
import type { LoadedConfig } from './loaded.ts'
import { logRulesOf, resolveService } from './resolve.ts'
import { fileSchema, laterSurfaces } from './schema.ts'
import { secretVariables } from './secrets.ts'
import { resolveHost, resolveSecurity } from './security.ts'
import { serviceSchema, type WrittenService } from './service-schema.ts'
import { noTokens, readTokens } from './tokens.ts'
import { readTree, type Tree } from './tree.ts'

export { findConfig } from './file.ts'
export type { Flags } from './environment.ts'
export type { LoadedConfig } from './loaded.ts'

/** The sections that mean something in this version. */
const sections: ReadonlySet<string> = new Set(['supervisor', 'state', 'http', 'log', 'journal', 'modes'])

/** How a text is read. */
export interface Reading {
  readonly path: string
  readonly env: Environment
  readonly flags?: Flags
  /** A mode that a command chose while the fleet ran: it comes before all others. */
  readonly switched?: string
  /** Env files that were read already. */
  readonly files?: KnownFiles
}

/** Reads and checks a config file. Throws a ConfigError with everything that is wrong with it. */
export const loadConfig = (path: string, env: Environment, flags: Flags = {}): LoadedConfig =>
  parseConfig(readConfigText(resolve(path)), { path, env, flags })

/** Checks the text of a config that stands, or would stand, at `path`. Throws a ConfigError with everything that is wrong with it. */
export function parseConfig(text: string, reading: Reading): LoadedConfig {
  const { path: given, env, flags = {}, switched, files = new Map() } = reading
  const path = resolve(given)
  const dir = dirname(path)
  const document = readDocument(text, shownPath(path))
  const { report } = document
  const tree = readTree(document, env, (section) => sections.has(section))
  const checker = createChecker(tree, report)

  tellIgnored(checker)
  const { names, services: all, dependencies } = readServices(checker, dir)
  const families = familiesOf(tree, names)
  const written = validate(fileSchema, withoutServices(tree), [], checker)
  const overrides = readOverrides(env, flags, report)
  checkEnabled(checker)
  const modes = modesOf(all, families, { switched, said: overrides.mode }, checker, report)
  const services = new Map([...all].filter(([name]) => !modes.leftOut.has(name)))
  const envFiles = readEnvFiles(services, dir, checker, files)
  checkDefaultService(families, modes, checker)
  checkModes(modes, all, { families, names, tree }, checker)
  checkDependencies(dependencies, all, { families, modes, checker })
  if (written !== undefined) {
    checkDelays(written.supervisor, all, checker)
    checkSecurity(written.supervisor, checker)
    checkGroups(written.supervisor, families, dependencies, checker)
    checkHooks(written.supervisor, families, checker)
  }
  const tokens = written === undefined ? noTokens : readTokens(written.supervisor, dir, checker)
  const tls = {
    supervisor: readCertificate(written?.supervisor.tls, ['supervisor', 'tls'], dir, checker),
    http: readCertificate(written?.http.tls, ['http', 'tls'], dir, checker),
  }
  const host = resolveHost(
    {
      host: written?.supervisor.host,
      path: ['supervisor', 'host'],
      override: overrides.host,
      tls: written?.supervisor.tls !== undefined,
    },
    written?.supervisor,
    checker,
    report,
  )
  const httpHost = resolveHost(
    { host: written?.http.host, path: ['http', 'host'], tls: written?.http.tls !== undefined },
    written?.supervisor,
    checker,
    report,
  )
  // What is undefined here has been told as a problem.
  report.settle()
  if (written === undefined) return report.fatal(0, [], { message: "can't be used" })

  const { supervisor, http, log, journal } = written
  const environment = overrides.environment ?? supervisor.environment
  const ground = { dir, supervisor, services, families, tree, fileEnv: envFiles.env }
  const { changed } = modeChanges(modes, { families, names, tree })
  return {
    path,
    dir,
    stateDir: stateDirOf(dir, written.state, env),
    services: Array.from(services, ([name, service]) => changed(resolveService(name, service, ground))),
    groups: resolveGroups(supervisor, families, services),
    hooks: resolveHooks(supervisor, families, services, tree),
    defaultService: supervisor.default_service ?? null,
    mode: modes.inForce,
    modeSource: modes.source,
    modes: modes.all,
    leftOut: modes.leftOut,
    envFiles: envFiles.paths,
    supervisor: {
      host,
      port: overrides.port === undefined ? supervisor.port : overrides.port,
      tls: tls.supervisor,
      ...resolveSecurity(supervisor, environment, tokens),
    },
    http: {
      host: httpHost,
      port: overrides.httpPort === undefined ? http.port : overrides.httpPort,
      tls: tls.http,
      allowedOrigins: http.allowed_origins,
      allowedHosts: http.allowed_hosts.map((name) => name.toLowerCase()),
    },
    log: {
      file: log.file === undefined ? null : resolve(dir, log.file),
      level: overrides.level ?? log.level,
      maxSize: log.max_size,
      keep: log.keep,
    },
    logs: logRulesOf(supervisor.logs),
    journal: { maxAge: journal.max_age, maxBytes: journal.max_size },
    environment,
    warnings: report.warnings(),
    secretVariables: secretVariables(document, new Set([...sections, ...laterSurfaces])),
    flags,
    inMode: (mode) => parseConfig(text, { ...reading, files, switched: mode }),
  }
}

/** HYPHAE_STATE is relative to where one stands, as what one types is; the file's is relative to the file. */
const stateDirOf = (dir: string, written: string, env: Environment): string => {
  const override = setting(env, 'HYPHAE_STATE')
  return override === undefined ? resolve(dir, written) : resolve(override)
}

/**
 * Only where the state folder is, for those who talk to a running Hyphae: nothing else in the file has to be right.
 * Throws a ConfigError when the file can't be read, or when its `state` can't be told.
 */
export function readStateDir(configPath: string, env: Environment): string {
  const usual = '.hyphae'
  const path = resolve(configPath)
  if (setting(env, 'HYPHAE_STATE') !== undefined) return stateDirOf(dirname(path), usual, env)
  const text = readConfigText(path)
  // Most files leave it out, and most of the time goes into parsing.
  if (!/\bstate["']?\s*:/.test(text)) return stateDirOf(dirname(path), usual, env)
  const document = readDocument(text, shownPath(path))
  const checker = createChecker(
    readTree(document, env, (section) => section === 'state'),
    document.report,
  )
  const written = validate(fileSchema.shape.state, checker.tree.at(['state']), ['state'], checker)
  document.report.settle()
  return stateDirOf(dirname(path), written ?? usual, env)
}

/** One warning for each section that means nothing here. */
function tellIgnored(checker: Checker): void {
  const known = [...sections, ...laterSurfaces]
  for (const section of checker.tree.others) {
    // Those that begin with x- are a place for anchors, and $schema speaks to editors.
    if (section.startsWith('x-') || section === '$schema') continue
    if (laterSurfaces.some((surface) => surface === section)) {
      checker.warn(
        [section],
        { message: `\`${section}:\` is for a surface that this version does not have yet; it is ignored` },
        'key',
      )
    } else {
      const suggestion = section === 'services' ? 'supervisor.services' : nearest(section, known)
      checker.warn([section], { message: `\`${section}:\` is no section that Hyphae knows; it is ignored`, suggestion }, 'key')
    }
  }
}

/** The warning of a config that says nothing of services; one with `services: {}` says that there are none. */
export const nothingToRun = 'there is nothing to run'

interface Services {
  readonly names: readonly string[]
  /** Those that are sound. */
  readonly services: ReadonlyMap<string, WrittenService>
  /** What each depends on, also of those with errors elsewhere. */
  readonly dependencies: ReadonlyMap<string, WrittenService['depends_on']>
}

/** Each service is checked alone, so that an error in one hides nothing of the others. */
function readServices(checker: Checker, dir: string): Services {
  const path = ['supervisor', 'services']
  const services = new Map<string, WrittenService>()
  const dependencies = new Map<string, WrittenService['depends_on']>()
  const written = checker.tree.at(path)
  if (written === undefined) checker.warn(path, { message: nothingToRun }, 'key')
  if (!isRecord(written)) return { names: [], services, dependencies }
  const names = checker.tree.keys(path)
  if (names.length > limits.services) {
    checker.error(path, { message: `there are ${names.length} services; at most ${limits.services} are possible` }, 'key')
    return { names: [], services, dependencies }
  }
  for (const name of names) {
    checkServiceName(name, checker)
    const service = validate(serviceSchema, written[name], [...path, name], checker)
    if (service === undefined) {
      const sound = serviceSchema.shape.depends_on.safeParse(checker.tree.at([...path, name, 'depends_on']))
      dependencies.set(name, sound.data)
    } else {
      checkService(name, service, dir, checker)
      services.set(name, service)
      dependencies.set(name, service.depends_on)
    }
  }
  return { names, services, dependencies }
}

/** The file without its services, which have been checked one by one. */
function withoutServices({ value }: Tree): Readonly<Record<string, unknown>> {
  const { supervisor } = value
  return isRecord(supervisor) && isRecord(supervisor['services'])
    ? { ...value, supervisor: { ...supervisor, services: {} } }
    : value
}
