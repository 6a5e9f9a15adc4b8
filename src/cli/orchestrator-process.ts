import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { systemCode } from '../protocol/errors.ts'

/** Is there such a process? One that has ended and only waits to be collected by its parent is none. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(')') + 1))
  } catch {
    // No /proc on this system, or it went just now; the next look tells.
    return process.platform !== 'linux'
  }
}

/** The pid of an orchestrator that ended without having been asked to: its note still lies in the state folder. */
export function lostOrchestrator(stateDir: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(stateDir, 'supervisor.pid'), 'utf8'))
    return Number.isInteger(pid) && pid > 0 && !isAlive(pid) ? pid : undefined
  } catch {
    return undefined
  }
}
