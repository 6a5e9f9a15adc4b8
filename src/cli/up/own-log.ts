import { mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { destination, pino, stdTimeFunctions, type Logger } from 'pino'
import { HyphaeError, messageOf } from '../../protocol/errors.ts'
import { limits } from '../../protocol/limits.ts'

/** Our own log: a JSON object a line. A large one is set aside first, in place of the one before it. */
export function openOwnLog(path: string, level: string): Logger {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  } catch (error) {
    const hint = 'choose another one with `state:` in the config or with HYPHAE_STATE'
    throw new HyphaeError('invalid_params', `the folder ${dirname(path)} cannot be made: ${messageOf(error)}; ${hint}`, {
      field: 'state',
    })
  }
  const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0 }
  if (size > limits.ownLogBytes) renameSync(path, `${path}.1`)
  // Written at once: the last words before a crash are those that matter.
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, destination({ dest: path, sync: true, mode: 0o600 }))
}
