import { constants, openSync, writeSync } from 'node:fs'
import process from 'node:process'
import { systemCode } from '../protocol/errors.ts'

/**
 * Writes to a terminal without ever waiting for it. Node's own streams wait: a terminal that was halted (Ctrl-S, a stuck
 * ssh) would halt the whole process, and a supervisor must go on. Answers false for what was not taken.
 */
export type Offer = (text: string) => boolean

/** Undefined where the terminal behind this descriptor can't be opened a second time. */
export function offerTo(descriptor: number): Offer | undefined {
  // A descriptor of our own: not waiting is a property of what is opened, and the shell's must stay as it is.
  const path = process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : '/dev/tty'
  let file: number
  try {
    file = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return undefined
  }
  let rest = Buffer.alloc(0)
  /** True when nothing is left to write. */
  const push = (): boolean => {
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(file, rest))
      } catch (error) {
        if (systemCode(error) === 'EAGAIN') return false
        // It has gone; there is nobody left to draw for.
        rest = Buffer.alloc(0)
      }
    }
    return true
  }
  return (text) => {
    if (!push()) return false
    rest = Buffer.from(text)
    push()
    return true
  }
}
