import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { createContainers } from '../../actors/containment.ts'
import { resolveCommand } from '../../actors/resolve-command.ts'
import type { ServiceSpec } from '../../protocol/service.ts'
import { limits } from '../../protocol/limits.ts'
import { failure, ok, warning, type Finding } from './finding.ts'

/** Checks of what the machine can do for services. */

/** By a trial of our own, which leaves nothing: no container of a running fleet is touched. */
export function checkContainment(
  services: readonly ServiceSpec[],
  containers = createContainers({ stateId: `doctor-${process.pid}` }),
): Finding {
  const check = 'containment'
  const because = containers.unavailable()
  containers.removeAll()
  if (because === null) return ok(check, 'cgroups can be made: nothing that a service starts can leave it')
  const found = `no cgroups: ${because}; services are told by a mark in their environment`
  const insisting = services.filter(({ containment }) => containment === 'cgroup').map(({ name }) => name)
  const delegate = 'run as root, with Delegate=yes in a systemd unit, or in a container with a writable cgroup file system'
  if (insisting.length === 0) return warning(check, found, `${delegate}; without it, what changes its environment escapes a stop`)
  return failure(check, `${found}, and ${insisting.join(', ')} must have a cgroup`, `${delegate}, or set containment: auto`)
}

/** Can services run as somebody else? */
export function checkIdentity(services: readonly ServiceSpec[], uid: number, env: NodeJS.ProcessEnv): Finding {
  const check = 'users'
  const foreign = services.filter(({ user, group }) => user !== null || group !== null).map(({ name }) => name)
  const program = resolveCommand('setpriv', '/', env)
  if (foreign.length === 0) return ok(check, 'no service runs as another user')
  if ('because' in program)
    return failure(check, `${foreign.join(', ')}: ${program.because}`, 'install setpriv (package util-linux)')
  const switches = spawnSync(program.path, ['--version'], { timeout: limits.launchTrial })
  if (switches.status !== 0) return failure(check, `${program.path} does not run`, 'install setpriv (package util-linux)')
  const others = services.filter(({ user }) => user !== null && user.uid !== uid).map(({ name }) => name)
  if (uid === 0 || others.length === 0) return ok(check, `${foreign.join(', ')}: with ${program.path}`)
  return failure(
    check,
    `${others.join(', ')} are to run as other users, and we are not root`,
    'run Hyphae as root, or take user: away',
  )
}

/** Rotation of a log that is being written to needs fallocate(1). */
export function checkRotation(env: NodeJS.ProcessEnv): Finding {
  const program = resolveCommand('fallocate', '/', env)
  if ('path' in program) return ok('log rotation', program.path)
  const remedy = 'install fallocate (package util-linux); until then logs are rotated only when a service restarts'
  return warning('log rotation', program.because, remedy)
}

const migrate = '/proc/sys/net/ipv4/tcp_migrate_req'

/** What waits to be accepted is lost when the old process of two that share a port ends, unless the kernel hands it on. */
export function checkOverlap(services: readonly ServiceSpec[], setting: string | null = read(migrate)): Finding | null {
  const overlapping = services.filter(({ restart }) => restart.overlap === true).map(({ name }) => name)
  if (overlapping.length === 0) return null
  const check = 'overlap'
  if (setting === '1') return ok(check, 'net.ipv4.tcp_migrate_req is 1: connections in the queue are handed on')
  const found = `${overlapping.join(', ')} overlap, and net.ipv4.tcp_migrate_req is ${setting ?? 'unknown to this kernel'}`
  const remedy = 'sysctl -w net.ipv4.tcp_migrate_req=1 (Linux 5.14), where their processes share a port by SO_REUSEPORT'
  return warning(check, `${found}: connections that wait in the queue of the old process are lost`, remedy)
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}
