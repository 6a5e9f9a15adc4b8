import { closeSync, openSync } from 'node:fs'
import { limits } from '../protocol/limits.ts'

/**
 * Throws EMFILE or ENFILE; to be asked before a spawn with a pipe. One that failed so would never close the pipe that it had
 * made, and each further try would make the want worse.
 */
export function assertDescriptors(): void {
  const spare: number[] = []
  try {
    while (spare.length < limits.spawnDescriptors) spare.push(openSync('/dev/null', 'r'))
  } finally {
    for (const descriptor of spare) closeSync(descriptor)
  }
}
