import { spawnSync } from 'node:child_process'
import { getPriority } from 'node:os'
import process from 'node:process'
import { limits } from '../protocol/limits.ts'
import type { ServiceSpec } from '../protocol/service.ts'
import { resolveCommand } from './resolve-command.ts'

/**
 * What stands between us and a program: each becomes the next one, so that no process is left of it, and the pid and the
 * signals are the program's. Whoever is to join a cgroup does so before, as ourselves.
 */

/** Whom to run it as, and how eagerly. */
export type Standing = Pick<ServiceSpec, 'user' | 'group' | 'nice'>

/** `passing`: it could not be tried now, for want of what may come back. */
export type Launcher = { readonly argv: readonly string[] } | { readonly because: string; readonly passing: boolean }

const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin', process.env['PATH'] ?? ''].join(':')
const find = (program: string): string | null => {
  const found = resolveCommand(program, '/', { PATH: folders })
  return 'path' in found ? found.path : null
}

/** What was tried and works; rights are not taken from us while we run. */
const proven = new Set<string>()

/** The words before the program's own: its niceness first, while we may still lower it, then its user. */
export function launcherOf(spec: Standing & Pick<ServiceSpec, 'workingDir'>, path: string): Launcher {
  const priority = spec.nice === null ? none : prioritised(spec.nice)
  if ('because' in priority) return priority
  const identity = identityOf(spec, path)
  return 'because' in identity ? identity : { argv: [...priority.argv, ...identity.argv] }
}

/** The same without its niceness: for what is done in its name. `path` is the program, absolute. */
export function identityOf(
  { user, group, workingDir }: Omit<Standing, 'nice'> & Pick<ServiceSpec, 'workingDir'>,
  path: string,
): Launcher {
  const words = switchTo(user, group)
  if (words.length === 0) return none
  const name = user === null ? `in the group ${group?.name}` : `as ${user.name}${group === null ? '' : `:${group.name}`}`
  const program = find('setpriv')
  if (program === null) return refusal(`it can't run ${name} without setpriv (package util-linux), which is not there`)
  const argv = [program, ...words]
  // What root may enter and run, others may not.
  const attempt = ['/bin/sh', '-c', 'cd "$1" && test -x "$0" || { echo no; exit 0; }', path, workingDir]
  return prove(argv, attempt, (said) =>
    said === 'no'
      ? `it can't run ${name}, who may not execute ${path} in ${workingDir}: look at the rights of both, and of the folders above`
      : `it can't run ${name}: ${said}; Hyphae itself has to run as root for that`,
  )
}

const none = { argv: [] } as const
const refusal = (because: string): Launcher => ({ because, passing: false })

function switchTo(user: Standing['user'], group: Standing['group']): string[] {
  const gid = group?.gid ?? user?.gid
  const isOurs = (user === null || user.uid === process.getuid?.()) && (gid === undefined || gid === process.getgid?.())
  // Root's own groups may be more than those of a login.
  if (isOurs && (user === null || user.uid !== 0)) return []
  const groups = user === null ? '--keep-groups' : user.home === null ? '--clear-groups' : '--init-groups'
  return [...(user === null ? [] : [`--reuid=${user.uid}`]), ...(gid === undefined ? [] : [`--regid=${gid}`]), groups]
}

/** nice(1) counts from where it stands, and goes on where it may not. */
function prioritised(nice: number): Launcher {
  const step = nice - getPriority()
  if (step === 0) return none
  const program = find('nice')
  if (program === null) return refusal('it has a nice, and there is no program nice(1)')
  const argv = [program, '-n', String(step)]
  if (step > 0) return { argv }
  return prove(
    argv,
    [program],
    () =>
      `its nice of ${nice} is a higher priority than Hyphae's own (${getPriority()}), which only root may give (or CAP_SYS_NICE, LimitNICE=)`,
    String(nice),
  )
}

/** Tries it once with a program that does nothing, because afterwards nobody could say why it failed. */
function prove(
  argv: readonly string[],
  harmless: readonly string[],
  refused: (said: string) => string,
  expected: string = '',
): Launcher {
  const key = [...argv, ...harmless].join('\0')
  if (proven.has(key)) return { argv }
  const [program = '', ...args] = [...argv, ...harmless]
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    cwd: '/',
    env: {},
    timeout: limits.launchTrial,
  })
  if (error !== undefined) return { because: error.message, passing: true }
  if (status !== 0 || stdout.trim() !== expected)
    return refusal(refused(stdout.trim() || stderr.trim() || `it ended with ${status}`))
  if (proven.size >= limits.provenLaunches) proven.clear()
  proven.add(key)
  return { argv }
}

/** What a program of this service finds in its environment; what its config sets comes last. */
export function environmentOf({ user, workingDir, env }: ServiceSpec, inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const login = user === null ? {} : { HOME: user.home ?? '/', USER: user.name, LOGNAME: user.name }
  // PWD is what a shell would set; ours names our own directory.
  return { ...inherited, ...login, PWD: workingDir, ...env }
}
