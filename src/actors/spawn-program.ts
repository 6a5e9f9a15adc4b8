import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, constants, fstatSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, systemCode } from '../protocol/errors.ts'
import type { ServiceSpec } from '../protocol/service.ts'
import type { Container } from './containment.ts'
import { environmentOf, launcherOf } from './launch.ts'
import { couldNotJoin, recorderScript } from './recorder.ts'
import { resolveCommand } from './resolve-command.ts'
import { markVariable } from './scan.ts'
import { assertDescriptors } from './spare-descriptors.ts'

export interface Program {
  readonly spec: ServiceSpec
  /** What it inherits; what the spec sets comes on top. */
  readonly environment: NodeJS.ProcessEnv
  readonly mark: string
  readonly logPath: string
  readonly container: Container | null
  /** The kernel holds that container to the memory limit of the spec. */
  readonly limited: boolean
  /** Where a recorder writes its exit code, absolute; null: it runs without a recorder. */
  readonly exitPath: string | null
}

/** `child.pid` is undefined when the kernel refused; its `error` event says why. */
export type Spawned =
  | { readonly child: ChildProcess; readonly logOffset: number }
  | { readonly because: string; readonly passing: boolean }

/**
 * Joins the cgroup `$1`, before anything else happens: nothing that is forked can be outside. A shell that can't join says so
 * in the service's log.
 */
const join = '{ echo $$ >"$1"; } 2>/dev/null ||'
const joinOrGoOn = `${join} echo "hyphae: could not join $1; running without it"; shift;`
const joinOrEnd = `${join} { echo "hyphae: could not join $1"; exit ${couldNotJoin}; }; shift;`

/**
 * Starts a program in a session and group of its own, with its output going straight to its log file. Never throws.
 * Where there is a cgroup to join, a shell does and then becomes the program: same pid, same signals. With a recorder that
 * shell stays, as ourselves; another user or niceness is the program's alone.
 */
export function spawnProgram({ spec, environment, mark, logPath, container, limited, exitPath }: Program): Spawned {
  const env = { ...environmentOf(spec, environment), [markVariable]: mark }
  const resolved = resolveCommand(spec.command, spec.workingDir, env)
  if ('because' in resolved) return { ...resolved, passing: false }
  const launcher = launcherOf(spec, resolved.path)
  if ('because' in launcher) return launcher

  let log: number
  try {
    log = openToAppend(logPath)
  } catch (error) {
    return { because: `its log file can't be opened: ${messageOf(error)}`, passing: isPassing(error) }
  }
  try {
    const logOffset = fstatSync(log).size
    const recorded = exitPath !== null
    const options = {
      cwd: spec.workingDir,
      env,
      detached: true,
      stdio: recorded ? ['ignore' as const, log, 'ignore' as const, 'pipe' as const] : ['ignore' as const, log, log],
    }
    const program = [...launcher.argv, resolved.path, ...spec.args]
    if (container === null && !recorded) {
      const [first = '', ...args] = program
      return { child: spawn(first, args, options), logOffset }
    }
    if (recorded) assertDescriptors()
    const joins: string[] = []
    const files: string[] = []
    // First the one without which it would run unlimited.
    if (limited && container?.memory.procs != null) {
      joins.push(joinOrEnd)
      files.push(container.memory.procs)
    }
    if (container !== null) {
      joins.push(spec.containment === 'cgroup' || (limited && files.length === 0) ? joinOrEnd : joinOrGoOn)
      files.push(container.procs)
    }
    const script = `${joins.join(' ')} ${recorded ? recorderScript(spec.stopSignal) : 'exec "$@"'}`
    const argv = [exitPath ?? 'sh', ...files, ...withOddNames(env), ...program]
    return { child: spawn('/bin/sh', ['-c', script, ...argv], options), logOffset }
  } catch (error) {
    return { because: messageOf(error), passing: isPassing(error) }
  } finally {
    closeSync(log)
  }
}

/** Its folder may be missing: it could not be made on a full disk, or somebody removed it. */
function openToAppend(path: string): number {
  // To open one would wait for its reader, and all of us with it.
  if (statSync(path, { throwIfNoEntry: false })?.isFIFO() === true) throw new Error(`${path} is a named pipe`)
  const open = (): number => openSync(path, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY, 0o600)
  try {
    return open()
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return open()
  }
}

/** Resources that may come back: processes, descriptors, memory, disk. Whoever lacked one may try again. */
const passing = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'ETXTBSY'])

export const isPassing = (error: unknown): boolean => passing.has(systemCode(error) ?? '')

/** A shell drops variables whose names it could not write itself ("a.b"); env(1) brings them back. */
function withOddNames(env: NodeJS.ProcessEnv): string[] {
  const odd: string[] = []
  for (const name in env) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && env[name] !== undefined) odd.push(`${name}=${env[name]}`)
  }
  return odd.length === 0 ? odd : ['/usr/bin/env', '--', ...odd]
}
