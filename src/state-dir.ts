import { createHash } from 'node:crypto'
import { join } from 'node:path'

/** What stands where in a state folder. */

/** Names the state folder in marks and cgroups. */
export const stateIdOf = (stateDir: string): string => createHash('sha256').update(stateDir).digest('hex').slice(0, 12)

export const logPathOf = (stateDir: string, service: string): string => join(stateDir, 'logs', `${service}.log`)
