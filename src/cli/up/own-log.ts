import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { pino, stdTimeFunctions, type Logger } from 'pino'
import type { Log } from '../../options.ts'
import { HyphaeError, messageOf } from '../../protocol/errors.ts'
import { openLogFile, type SizeRules } from './log-file.ts'

/** Makes a folder for us alone, and says what to do where that is not possible. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    const hint = 'choose another one with `state:` in the config or with HYPHAE_STATE'
    throw new HyphaeError('invalid_params', `the folder ${folder} cannot be made: ${messageOf(error)}; ${hint}`, {
      field: 'state',
    })
  }
}

export interface OwnLogRules extends SizeRules {
  readonly level: string
}

export interface OwnLog extends Log {
  fatal(fields: object, message: string): void
}

/**
 * Our own log: a JSON object a line. It is opened with the first word, which is said once the state folder is ours: a large
 * one is set aside then, and an `up` that is refused must not do that to the one that runs.
 */
export function ownLog(path: string, rules: OwnLogRules): OwnLog {
  makeFolder(dirname(path))
  let opened: Logger | undefined
  const log = (): Logger => (opened ??= open(path, rules))
  return {
    debug: (fields, message) => log().debug(fields, message),
    info: (fields, message) => log().info(fields, message),
    warn: (fields, message) => log().warn(fields, message),
    error: (fields, message) => log().error(fields, message),
    fatal: (fields, message) => log().fatal(fields, message),
  }
}

function open(path: string, { level, ...rules }: OwnLogRules): Logger {
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, openLogFile(path, rules))
}
