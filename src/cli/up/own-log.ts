import { mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { destination, pino, stdTimeFunctions, type Logger } from 'pino'
import { limits } from '../../protocol/limits.ts'

/** Our own log: a JSON object a line. A large one is set aside first, in place of the one before it. */
export function openOwnLog(path: string, level: string): Logger {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0 }
  if (size > limits.ownLogBytes) renameSync(path, `${path}.1`)
  // Written at once: the last words before a crash are those that matter.
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, destination({ dest: path, sync: true, mode: 0o600 }))
}
