import { ConfigError, type ConfigProblem } from '../../config/errors.ts'
import { formatProblem } from '../../config/frame.ts'
import { loadConfig, type LoadedConfig } from '../../config/load.ts'
import { isLoopback, joinHost } from '../../protocol/endpoint.ts'
import { limits } from '../../protocol/limits.ts'
import { failure, ok, warning, type Finding } from './finding.ts'

/** Checks of the config, and of who can reach us with it. */

export function checkConfig(
  path: string | undefined,
  env: NodeJS.ProcessEnv,
): { readonly config: LoadedConfig | null; readonly findings: readonly Finding[] } {
  const check = 'config'
  if (path === undefined) {
    const found = failure(check, 'there is no hyphae.yaml here', 'give one with -c, or let hyphae init write one')
    return { config: null, findings: [found] }
  }
  try {
    const config = loadConfig(path, env)
    const { services, warnings } = config
    const sound = ok(check, `${config.path}: ${services.length} service${services.length === 1 ? '' : 's'}`)
    const told = warnings.map((problem) => warning(check, placed(problem), remedyOf(problem)))
    return { config, findings: [sound, ...told] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { config: null, findings: error.problems.map((problem) => failure(check, placed(problem), remedyOf(problem))) }
  }
}

/** Without the line of the file itself. */
const placed = (problem: ConfigProblem): string => formatProblem(problem).split('\n')[0] ?? ''

const remedyOf = ({ suggestion }: ConfigProblem): string =>
  suggestion === undefined ? 'see: hyphae validate' : `did you mean "${suggestion}"?`

/** An address that is listened on, as far as it matters here. */
interface Surface {
  readonly host: string
  readonly port: number | null
  /** Its certificate, where it has one. */
  readonly tls?: object | null
}

interface Authentication {
  readonly enabled: boolean
  readonly token: string | null
  /** Those beside it. */
  readonly tokens?: ReadonlyArray<{ readonly name: string; readonly token: string }>
}

/** Who can come over the network. */
export function checkExposure(config: { readonly supervisor: Surface; readonly http: Surface }): Finding {
  const check = 'exposure'
  const surfaces = (['supervisor', 'http'] as const).flatMap((name) => {
    const { host, port, tls = null } = config[name]
    return port === null ? [] : [{ place: `${name} ${joinHost(host, port)}`, local: isLoopback(host), encrypted: tls !== null }]
  })
  const open = surfaces.filter(({ local }) => !local)
  const readable = open.filter(({ encrypted }) => !encrypted)
  const places = (some: typeof surfaces): string => some.map(({ place }) => place).join(', ')
  if (surfaces.length === 0) return ok(check, 'no ports: only the unix socket')
  if (open.length === 0) return ok(check, `this machine only: ${places(surfaces)}`)
  if (readable.length === 0) return ok(check, `others can reach ${places(open)}, over TLS`)
  const remedy = 'reach it through a tunnel or a proxy with TLS, or use TLS of its own; bind_to_localhost: true closes it'
  return warning(check, `others can reach ${places(readable)}; without TLS a token can be read on the way`, remedy)
}

/** Are tokens there, and long enough not to be guessed? Never shows them. */
export function checkTokens({ supervisor }: { readonly supervisor: { readonly authentication: Authentication } }): Finding {
  const check = 'token'
  const { enabled, token, tokens = [] } = supervisor.authentication
  if (!enabled) return ok(check, 'none is asked for: whoever is on this machine may control the fleet')
  const remedy = 'make one: openssl rand -hex 32'
  const all = [...(token === null ? [] : [{ name: 'token', token }]), ...tokens]
  if (all.length === 0) return failure(check, 'authentication is enabled and there is no token', remedy)
  const lengths = all.map((one) => ({ name: one.name, length: Array.from(one.token).length }))
  const short = lengths.filter(({ length }) => length < limits.shortToken)
  const shown = (some: typeof lengths): string => some.map(({ name, length }) => `${name} (${length} characters)`).join(', ')
  if (short.length === 0) return ok(check, shown(lengths))
  return warning(check, `${shown(short)}: below ${limits.shortToken} it can be guessed`, remedy)
}
