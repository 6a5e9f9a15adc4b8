import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { resolveCommand } from '../../actors/resolve-command.ts'
import { isRecord } from '../../protocol/json.ts'
import { limits } from '../../protocol/limits.ts'
import { failure, ok, warning, type Finding } from './finding.ts'

/** Checks of what Hyphae itself runs on. */

const neededNode = [22, 18] as const

export function checkNode(version: string, program: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const fits = major > neededNode[0] || (major === neededNode[0] && minor >= neededNode[1])
  const found = `Node ${version} (${program})`
  const needed = `${neededNode.join('.')} or newer`
  return fits ? ok('node', found) : failure('node', `${found}; ${needed} is needed`, `run Hyphae with Node ${needed}`)
}

/** The folder of this package. */
export const packageFolder = resolve(fileURLToPath(new URL('../../..', import.meta.url)))

/** Is everything installed that the lock file names, and is it built? A package from a registry has no lock file. */
export function checkInstallation(root: string = packageFolder): Finding {
  const check = 'installation'
  const repair = `in ${root}: npm ci`
  if (!existsSync(join(root, 'dist', 'cli', 'main.js'))) return failure(check, `${root} is not built`, repair)
  const wanted = packagesIn(join(root, 'package-lock.json'))
  if (wanted === null) return ok(check, `${root} (a package: it has no lock file to compare with)`)
  const present = packagesIn(join(root, 'node_modules', '.package-lock.json')) ?? {}
  const wrong = Object.entries(wanted).flatMap(([path, entry]) => {
    if (!path.startsWith('node_modules/') || !isRecord(entry) || entry['link'] === true) return []
    const have = present[path]
    const dispensable = ['dev', 'optional', 'devOptional', 'peer'].some((kind) => entry[kind] === true)
    if (!isRecord(have)) return dispensable ? [] : [`${path} is missing`]
    return have['integrity'] === entry['integrity'] ? [] : [`${path} is of another version`]
  })
  if (wrong.length === 0) return ok(check, `${root}: every dependency is as the lock file says`)
  const more = wrong.length > 1 ? ` (and ${wrong.length - 1} more)` : ''
  return failure(check, `${root}: ${wrong[0]}${more}`, repair)
}

/** Without it the HTTP port has no inspector to show; all else goes on. */
export function checkPage(root: string = packageFolder): Finding {
  const page = join(root, 'dist', 'inspector', 'index.html')
  if (existsSync(page)) return ok('inspector', `its page is built (${page})`)
  return warning('inspector', `its page is not built: there is no ${page}`, `in ${root}: npm run build`)
}

function packagesIn(path: string): Record<string, unknown> | null {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isRecord(read) && isRecord(read['packages']) ? read['packages'] : null
  } catch {
    return null
  }
}

/** `text`: /proc/self/limits, after Node has raised the soft limit to the hard one. */
export function checkDescriptors(text: string, services: number): Finding {
  const check = 'descriptors'
  const most = /^Max open files\s+(\S+)/m.exec(text)?.[1]
  if (most === undefined) return ok(check, 'this system does not tell its limit of open files')
  const needed = limits.doctorDescriptors + 2 * services
  const found = `${most} files may be open at once`
  if (most === 'unlimited' || Number(most) >= needed) return ok(check, found)
  return warning(check, `${found}; ${needed} may be needed`, `ulimit -n ${needed}, or LimitNOFILE=${needed} in the systemd unit`)
}

/** A clock that stands before what was written yesterday makes nonsense of schedules and of the age of logs. */
export function checkClock(now: number, stateDir: string): Finding {
  const check = 'clock'
  const remedy = 'set the clock, or let a time service do so (systemd-timesyncd, chrony)'
  const shown = new Date(now).toISOString()
  const built = writtenAt(fileURLToPath(import.meta.url))
  if (now + limits.doctorClockSlack < built)
    return warning(check, `the clock shows ${shown}, before this version was made`, remedy)
  const last = Math.max(...['journal.db', 'journal.db-wal', 'supervisor.log'].map((name) => writtenAt(join(stateDir, name))))
  if (now + limits.doctorClockSlack >= last) return ok(check, shown)
  return warning(check, `the clock shows ${shown}; the state folder was written to at ${new Date(last).toISOString()}`, remedy)
}

const writtenAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** Whoever is process 1 gets every orphan, and has to collect it when it ends; Node does not. */
export function checkInit(commandOfFirst: string): Finding {
  const check = 'init'
  const words = commandOfFirst.split('\0').filter((word) => word !== '')
  const isNode = /(?:^|\/)(?:node|hyphae|hyphae\.js)$/.test(words[0] ?? '')
  if (!isNode) return ok(check, `process 1 is ${words[0] ?? 'hidden from us'}`)
  const what = `process 1 is ${words.join(' ').slice(0, limits.portHolderText)}, which does not collect what ends without a parent`
  return warning(check, what, 'put an init before it: tini -- hyphae up, or docker run --init')
}

/** Readiness and the watchdog of systemd need its own program: Node has no datagram sockets of unix. */
export function checkNotify(env: NodeJS.ProcessEnv, managed: boolean): Finding | null {
  if (!managed && (env['NOTIFY_SOCKET'] ?? '') === '') return null
  const found = resolveCommand('systemd-notify', '/', env)
  if ('path' in found) return ok('systemd-notify', found.path)
  const remedy = 'install it (package systemd), or use Type=exec without WatchdogSec= in the unit'
  return warning('systemd-notify', `readiness and watchdog can't be told to systemd: ${found.because}`, remedy)
}
