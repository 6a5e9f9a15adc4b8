import { closeSync, constants, fstatSync, ftruncateSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { HyphaeError, messageOf, systemCode } from '../../protocol/errors.ts'

/** Where the lines of our own log go; pino writes into it. */
export interface LogFile {
  write(line: string): void
}

/** How large a file may become (bytes) before it is set aside, and how many of those set aside are kept. */
export interface SizeRules {
  readonly maxSize: number
  readonly keep: number
}

/** What may be over later: no room, no descriptor. The orchestrator goes on, and what it has to say is lost until then. */
const passing = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'EINTR', 'EAGAIN'])

/**
 * Written at once: the last words before a crash are those that matter. A disk that takes no more must never end us, so what
 * can't be written is dropped and counted, and the count stands in the log once it goes on. Throws only where it can't be
 * opened at all.
 */
export function openLogFile(path: string, rules: SizeRules): LogFile {
  let file = open(path, rules)
  let size = sizeOf(file)
  let lost = 0
  /** A line was cut short and stands there: the next one must not continue it. */
  let torn = false

  const put = (text: string): boolean => {
    const bytes = Buffer.from(text)
    let at = 0
    try {
      if (file !== undefined && size >= rules.maxSize) {
        closeSync(file)
        file = undefined
      }
      if (file === undefined) {
        file = open(path, rules)
        size = sizeOf(file)
      }
      if (file === undefined) return false
      while (at < bytes.length) at += writeSync(file, bytes, at)
      size += bytes.length
      torn = false
      return true
    } catch {
      if (file !== undefined && at > 0) torn = !cutOff(file, at)
      return false
    }
  }
  return {
    write(line) {
      const missing = lost === 0 ? '' : `${JSON.stringify({ level: 40, time: new Date().toISOString(), msg: missed(lost) })}\n`
      if (put(`${torn ? '\n' : ''}${missing}${line}`)) lost = 0
      else lost++
    },
  }
}

const missed = (lines: number): string => `${lines} ${lines === 1 ? 'line is' : 'lines are'} missing here: the disk took no more`

/** The end of a file, where its last line was cut short. A pipe has none. */
function cutOff(file: number, bytes: number): boolean {
  try {
    ftruncateSync(file, fstatSync(file).size - bytes)
    return true
  } catch {
    return false
  }
}

const sizeOf = (file: number | undefined): number => (file === undefined ? 0 : fstatSync(file).size)

/** A file (`x.log`, or its copy) becomes `x.log.1`, that `x.log.2`, and so on; the oldest goes. */
export function setAside(path: string, keep: number, file: string = path): void {
  rmSync(`${path}.${keep}`, { force: true })
  for (let number = keep - 1; number >= 0; number--) {
    const name = number === 0 ? file : `${path}.${number}`
    if (statSync(name, { throwIfNoEntry: false }) !== undefined) renameSync(name, `${path}.${number + 1}`)
  }
}

/** A large one is set aside first. Undefined: not now. */
function open(path: string, { maxSize, keep }: SizeRules): number | undefined {
  try {
    const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0 }
    if (size >= maxSize) setAside(path, keep)
    return openSync(path, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY, 0o600)
  } catch (error) {
    if (passing.has(systemCode(error) ?? '')) return undefined
    const hint = 'choose another one with `log: { file: … }`, or another state folder with `state:` or HYPHAE_STATE'
    throw new HyphaeError('storage', `our log ${path} cannot be written: ${messageOf(error)}; ${hint}`)
  }
}
