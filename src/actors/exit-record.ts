import { readdirSync, readFileSync, unlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import type { Exit } from '../protocol/exit.ts'

/**
 * The exit codes of one-shots, as their recorders wrote them: a file each, with the code as a shell counts it in one line.
 * Such a file is only of use to an orchestrator that was not there when the program ended.
 */

export interface ExitRecord {
  readonly service: string
  readonly incarnation: string
}

/** Neither the name of a service nor that of an incarnation has an `@` in it. */
export const exitPathOf = (dir: string, service: string, incarnation: string): string => join(dir, `${service}@${incarnation}`)

/** Of two names for one signal the first is the usual one. */
const signalNames = new Map<number, string>(
  Object.entries(constants.signals)
    .toReversed()
    .map(([name, number]) => [number, name]),
)

/** To a shell, whom signal n ended has ended with 128+n. What the config calls a success is taken at its word. */
export function exitOf(code: number, successCodes: readonly number[]): Exit {
  const signal = successCodes.includes(code) ? undefined : signalNames.get(code - 128)
  return signal === undefined ? { kind: 'exited', code } : { kind: 'signalled', signal }
}

/** null: there is none, or it was never finished. */
export function readExit(path: string, successCodes: readonly number[] = []): Exit | null {
  try {
    // Written at once or, on a full disk, not to its end: a line without its end is no answer.
    const line = /^(\d{1,3})\n$/.exec(readFileSync(path, 'latin1'))
    return line === null ? null : exitOf(Number(line[1]), successCodes)
  } catch {
    return null
  }
}

export function removeExit(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // There is none, or it stays: it names an incarnation that there will never be again.
  }
}

/** Whose exits are recorded in this folder. Files of other kinds are somebody else's. */
export function listExits(dir: string): ExitRecord[] {
  try {
    return readdirSync(dir).flatMap((name) => {
      const [service, incarnation, ...more] = name.split('@')
      if (service === undefined || service === '' || incarnation === undefined || incarnation === '') return []
      return more.length === 0 ? { service, incarnation } : []
    })
  } catch {
    return []
  }
}
