import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { messageOf, systemCode } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { ConfigError } from './errors.ts'
import { setting, type Environment } from './interpolate.ts'

const usualNames = ['hyphae.yaml', 'hyphae.yml']

/**
 * The absolute path of the config that is meant when none is given: MAGICTUNNEL_CONFIG, else hyphae.yaml or
 * hyphae.yml in `cwd`. Throws a ConfigError when there is none.
 */
export function findConfig(cwd: string, env: Environment): string {
  const named = setting(env, 'MAGICTUNNEL_CONFIG')
  if (named !== undefined) return resolve(cwd, named)
  for (const name of usualNames) {
    const path = join(cwd, name)
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false) return path
  }
  throw withoutPlace(cwd, 'no hyphae.yaml here; give one with -c, or name it in MAGICTUNNEL_CONFIG')
}

/** The text of a config file. Throws a ConfigError when it can't be read, is too large or is no text. */
export function readConfigText(path: string): string {
  const bytes = readBytes(path)
  if (bytes.length > limits.configBytes) {
    throw withoutPlace(shownPath(path), `the file has more than ${limits.configBytes / 1024 / 1024} MiB`)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw withoutPlace(shownPath(path), 'the file is not UTF-8 text')
  }
}

/** At most one byte more than a config may have, so that a device or pipe ends too. */
function readBytes(path: string): Buffer {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    const missing = systemCode(error) === 'ENOENT'
    throw withoutPlace(
      shownPath(path),
      missing ? 'there is no such file; give one with -c' : `can't be read: ${messageOf(error)}`,
    )
  }
  try {
    if (fstatSync(file).isDirectory()) throw withoutPlace(shownPath(path), 'is a folder; give the file in it with -c')
    const chunk = Buffer.alloc(64 * 1024)
    const parts: Buffer[] = []
    let size = 0
    while (size <= limits.configBytes) {
      const count = readSync(file, chunk)
      if (count === 0) break
      parts.push(Buffer.from(chunk.subarray(0, count)))
      size += count
    }
    return Buffer.concat(parts)
  } catch (error) {
    throw error instanceof ConfigError ? error : withoutPlace(shownPath(path), `can't be read: ${messageOf(error)}`)
  } finally {
    closeSync(file)
  }
}

/** A path as a person would type it: relative where it lies below the current folder. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short
}

const withoutPlace = (file: string, message: string): ConfigError =>
  new ConfigError([{ file, line: 0, column: 0, field: '', message }])
