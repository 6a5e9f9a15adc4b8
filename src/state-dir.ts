import { createHash } from 'node:crypto'
import { mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { HyphaeError, isNoRoom, messageOf } from './protocol/errors.ts'

/** What stands where in a state folder. */

/** Names the state folder in marks and cgroups, by whichever path one comes. */
export const stateIdOf = (stateDir: string): string => createHash('sha256').update(realPath(stateDir)).digest('hex').slice(0, 12)

/** Also of a folder that is not there yet. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realPath(parent), basename(path))
  }
}

export const logsIn = (stateDir: string): string => join(stateDir, 'logs')

export const logPathOf = (stateDir: string, service: string): string => join(logsIn(stateDir), `${service}.log`)

/** Makes the folders in it, for us alone. */
export function prepareStateDir(stateDir: string, folders: readonly string[]): void {
  try {
    for (const folder of folders) mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    // A full disk is no reason not to start: what is missing is made when there is room again.
    if (isNoRoom(error)) return
    const hint = 'make it writable, or choose another one with `state:` in the config or with HYPHAE_STATE'
    throw new HyphaeError('storage', `the state folder ${stateDir} cannot be written: ${messageOf(error)}; ${hint}`)
  }
}
