import { accessSync, constants, readdirSync, statfsSync, statSync, type Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { controlSocketOf } from '../../control-socket.ts'
import { formatBytes } from '../../protocol/bytes.ts'
import { messageOf, systemCode } from '../../protocol/errors.ts'
import { limits } from '../../protocol/limits.ts'
import { failure, ok, warning, type Finding } from './finding.ts'

/** Checks of the state folder. */

const elsewhere = 'choose another folder with `state:` in the config or with HYPHAE_STATE'

export function checkFolder(stateDir: string, uid: number): Finding {
  const check = 'state folder'
  let stats: Stats | undefined
  try {
    stats = statSync(stateDir, { throwIfNoEntry: false })
  } catch (error) {
    return failure(check, `${stateDir} can't be looked at (${systemCode(error) ?? messageOf(error)})`, elsewhere)
  }
  if (stats === undefined) {
    const above = existingAbove(stateDir)
    return isWritable(above)
      ? ok(check, `${stateDir} will be made by the first start`)
      : failure(check, `${stateDir} can't be made: ${above} is not ours to write`, `make ${above} writable, or ${elsewhere}`)
  }
  if (!stats.isDirectory()) return failure(check, `${stateDir} is no folder`, `remove it, or ${elsewhere}`)
  if (stats.uid !== uid) {
    const remedy = `run Hyphae as that user, or chown -R ${uid} ${stateDir}`
    return failure(check, `${stateDir} belongs to uid ${stats.uid}, and we are uid ${uid}`, remedy)
  }
  if (!isWritable(stateDir)) return failure(check, `${stateDir} can't be written`, `make it writable, or ${elsewhere}`)
  const mode = stats.mode & 0o777
  if ((mode & 0o077) === 0) return ok(check, `${stateDir}, for its owner alone`)
  return warning(check, `${stateDir} is open to others (mode 0${mode.toString(8)})`, `chmod 700 ${stateDir}`)
}

function existingAbove(path: string): string {
  const above = dirname(path)
  if (above === path) return above
  return statSync(above, { throwIfNoEntry: false }) === undefined ? existingAbove(above) : above
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Bytes that must be free for the journal and the logs of a quiet day. */
export function checkRoom(stateDir: string, look: (path: string) => Room = roomAt): Finding {
  const check = 'free space'
  try {
    const { bytes, files } = look(
      statSync(stateDir, { throwIfNoEntry: false }) === undefined ? existingAbove(stateDir) : stateDir,
    )
    const found = `${formatBytes(bytes)} free`
    if (bytes < limits.doctorLeastRoom || files === 0) {
      const what = files === 0 ? 'no file can be made any more (inodes)' : found
      return failure(check, what, 'free space there; commands are refused while the journal cannot be written')
    }
    if (bytes < limits.doctorRoom) return warning(check, found, 'free space there, or keep less: logs.max_size, logs.keep')
    return ok(check, found)
  } catch (error) {
    return warning(check, `it can't be told: ${messageOf(error)}`, elsewhere)
  }
}

interface Room {
  readonly bytes: number
  /** Files that may still be made; Infinity where they are not counted. */
  readonly files: number
}

function roomAt(path: string): Room {
  const { bavail, bsize, files, ffree } = statfsSync(path)
  return { bytes: bavail * bsize, files: files === 0 ? Infinity : ffree }
}

/** By the number that statfs(2) gives. */
const fileSystems: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x2fc12fc1: 'zfs',
  0x794c7630: 'overlay',
  0x01021994: 'tmpfs',
  0x858458f6: 'ramfs',
  0x6969: 'nfs',
  0xff534d42: 'cifs',
  0xfe534d42: 'smb2',
  0x01021997: '9p',
  0x65735546: 'fuse',
  0x4d44: 'vfat',
}
const ofNetworks: ReadonlySet<string> = new Set(['nfs', 'cifs', 'smb2', '9p'])
const inMemory: ReadonlySet<string> = new Set(['tmpfs', 'ramfs'])

export function checkFileSystem(stateDir: string, kindAt: (path: string) => number = (path) => statfsSync(path).type): Finding {
  const check = 'file system'
  const path = statSync(stateDir, { throwIfNoEntry: false }) === undefined ? existingAbove(stateDir) : stateDir
  const number = kindAt(path)
  const name = fileSystems[number] ?? `of kind 0x${number.toString(16)}`
  if (ofNetworks.has(name)) return warning(check, `${name}: locks, sockets and fsync may not be what they seem there`, elsewhere)
  if (name === 'vfat') return failure(check, 'vfat has no rights and no sockets', elsewhere)
  if (inMemory.has(name)) return warning(check, `${name}: what was asked for is forgotten with the machine`, elsewhere)
  return ok(check, name)
}

/** A path that is too long for a socket is replaced by a short one, which has to be in a folder of ours alone. */
export function checkSocketPath(stateDir: string): Finding {
  const check = 'socket path'
  const usual = join(stateDir, 'control.sock')
  const path = controlSocketOf(stateDir)
  const bytes = Buffer.byteLength(usual)
  if (path === usual) return ok(check, `${path} (${bytes} of ${limits.socketPathBytes} bytes)`)
  return warning(
    check,
    `${usual} has ${bytes} bytes, a socket may have ${limits.socketPathBytes}; it is ${path} instead`,
    elsewhere,
  )
}

/** How much the logs take; those of services that are gone stay until `logs.max_age`. */
export function checkLogs(folder: string): Finding {
  const check = 'logs'
  let bytes = 0
  let files = 0
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isFile()) continue
      files += 1
      // What holes were punched into is smaller than it says.
      bytes += (statSync(join(folder, entry.name), { throwIfNoEntry: false })?.blocks ?? 0) * 512
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return ok(check, 'none yet')
    return failure(
      check,
      `${folder} can't be read (${systemCode(error) ?? messageOf(error)})`,
      `make it readable: chmod 700 ${folder}`,
    )
  }
  const found = `${files} file${files === 1 ? '' : 's'}, ${formatBytes(bytes)}`
  if (bytes < limits.doctorLogBytes) return ok(check, found)
  return warning(check, found, 'keep less: logs.max_size, logs.keep and logs.max_age in the config')
}
