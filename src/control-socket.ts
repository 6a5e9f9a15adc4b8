import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { HyphaeError } from './protocol/errors.ts'
import { limits } from './protocol/limits.ts'

/**
 * Where the orchestrator of a state folder answers: `control.sock` in it. A path that is too long for a socket is
 * replaced by a short one, and `control.path` in the folder says which, for those with another environment.
 */

const noteOf = (stateDir: string): string => join(stateDir, 'control.path')
const fits = (path: string): boolean => Buffer.byteLength(path) <= limits.socketPathBytes

/** The path that an orchestrator binds. */
export function controlSocketOf(stateDir: string): string {
  const usual = join(resolve(stateDir), 'control.sock')
  if (fits(usual)) return usual
  const name = `${createHash('sha256').update(resolve(stateDir)).digest('hex').slice(0, 16)}.sock`
  const runtime = process.env['XDG_RUNTIME_DIR']
  const own = runtime === undefined || runtime === '' ? undefined : join(runtime, 'hyphae', name)
  // The folder for everybody's temporary files is shared, so ours in it is named after us.
  return own !== undefined && fits(own) ? own : join(tmpdir(), `hyphae-${userInfo().uid}`, name)
}

/** The path that a client connects to. */
export function findControlSocket(stateDir: string): string {
  if (fits(join(resolve(stateDir), 'control.sock'))) return controlSocketOf(stateDir)
  try {
    return readFileSync(noteOf(stateDir), 'utf8').trim()
  } catch {
    return controlSocketOf(stateDir)
  }
}

/** Makes ready what stands around the socket: its folder, which only we may enter, and the note of where it is. */
export function prepareControlSocket(stateDir: string): void {
  const path = controlSocketOf(stateDir)
  const folder = dirname(path)
  if (folder === resolve(stateDir)) {
    rmSync(noteOf(stateDir), { force: true })
    return
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = lstatSync(folder)
  const ours = uid === process.getuid?.() && (mode & 0o077) === 0
  if (!ours) throw new HyphaeError('failed', `the folder ${folder} must belong to you alone: it is for the control socket`)
  writeFileSync(noteOf(stateDir), `${path}\n`, { mode: 0o600 })
}
