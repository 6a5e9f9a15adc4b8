import { portHolder } from '../../actors/port-holder.ts'
import { resolveCommand } from '../../actors/resolve-command.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { isLoopback } from '../../protocol/endpoint.ts'
import { limits } from '../../protocol/limits.ts'
import type { ServiceSpec } from '../../protocol/service.ts'
import type { FleetStatus } from '../../protocol/status.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import { wordsOf } from './ports.ts'

/** Checks of what services need: their programs and folders, and the ports that their probes look at. */

export function checkPrograms(services: readonly ServiceSpec[], env: NodeJS.ProcessEnv): Finding[] {
  const wrong = services.flatMap(({ name, command, workingDir, env: own }) => {
    const found = resolveCommand(command, workingDir, { ...env, ...own })
    return 'because' in found
      ? [failure(`service ${name}`, found.because, 'correct its command, working_dir or PATH, or make the file executable')]
      : []
  })
  const sound = services.length - wrong.length
  return [...(sound === 0 ? [] : [ok('services', `${sound} of ${services.length} programs are there and executable`)]), ...wrong]
}

export function checkEnvFiles({ envFiles }: LoadedConfig): Finding | null {
  // Those that are needed and missing are errors of the config.
  return envFiles.length === 0 ? null : ok('env files', envFiles.join(', '))
}

interface Looked {
  readonly host: string
  readonly port: number
}

/** Where the probes of a service look on this machine. */
function lookedAt({ readiness, liveness }: ServiceSpec): Looked[] {
  return [readiness?.target, liveness?.target].flatMap((target) => {
    if (target?.type === 'tcp') return [{ host: target.host, port: target.port }]
    if (target?.type !== 'http' && target?.type !== 'mcp') return []
    const { hostname, port, protocol } = new URL(target.url)
    return [{ host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) }]
  })
}

/** A probe that looks at a port of ours, at that of another service, or at that of a stranger, tells nothing of its service. */
export function checkProbedPorts(
  { services, supervisor, http }: LoadedConfig,
  fleet: FleetStatus | null,
  isOurs: (pid: number) => boolean,
  holderOf: typeof portHolder = portHolder,
): Finding[] {
  const ours = new Map([
    [supervisor.port, 'supervisor.port'],
    [http.port, 'http.port'],
  ])
  const owners = new Map<number, string>()
  const findings: Finding[] = []
  for (const service of services) {
    const check = `probes of ${service.name}`
    const places = new Map(
      lookedAt(service)
        .filter(({ host }) => isLoopback(host))
        .map((place) => [place.port, place.host]),
    )
    for (const [port, host] of places) {
      const setting = ours.get(port)
      const first = owners.get(port)
      const holder = fleet === null ? holderOf(host, port) : null
      owners.set(port, first ?? service.name)
      if (setting !== undefined) {
        findings.push(
          warning(check, `they look at ${port}, which is Hyphae's own ${setting}`, `move one of the two: ${setting}, or its URL`),
        )
      } else if (first !== undefined) {
        const found = `they look at ${port}, as those of ${first} do`
        findings.push(warning(check, found, 'give each its own port, or one answers for the other'))
      } else if (holder !== null && !isOurs(holder.pid)) {
        const found = `they look at ${port}, which is held by ${wordsOf(holder)}, none of ours`
        findings.push(warning(check, found, 'end that program, or move the service: it would answer in its place'))
      }
      if (findings.length >= limits.doctorFindings) return findings
    }
  }
  return findings
}
