import { closeSync, fstatSync, openSync, readSync, constants } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { messageOf, systemCode } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import type { Checker } from './checker.ts'
import type { Path } from './report.ts'
import type { WrittenService } from './service-schema.ts'

/** Variables that services take from files of their own, in the syntax of dotenv. Later files come first. */

export interface EnvFiles {
  /** What each service takes from its files. */
  readonly env: ReadonlyMap<string, Readonly<Record<string, string>>>
  /** Absolute paths of all of them, also of those that may be missing and are. */
  readonly paths: readonly string[]
}

type Content = { readonly env: Readonly<Record<string, string>> } | { readonly problem: string; readonly missing: boolean }

/** What was read already, by absolute path. */
export type KnownFiles = Map<string, Content>

/** Reads the files of these services, relative to `dir`. What can't be read is told where the file names it. */
export function readEnvFiles(
  services: ReadonlyMap<string, WrittenService>,
  dir: string,
  checker: Checker,
  known: KnownFiles,
): EnvFiles {
  const paths = new Set<string>()
  const env = new Map<string, Record<string, string>>()
  for (const [name, written] of services) {
    const files = filesOf(written.env_file, ['supervisor', 'services', name, 'env_file'])
    if (files.length === 0) continue
    const own: Record<string, string> = {}
    for (const { file, required, path } of files) {
      const absolute = resolve(dir, file)
      const content = known.get(absolute) ?? read(absolute)
      known.set(absolute, content)
      paths.add(absolute)
      if ('env' in content) Object.assign(own, content.env)
      else if (required || !content.missing) checker.error(path, { message: content.problem })
    }
    env.set(name, own)
  }
  return { env, paths: [...paths] }
}

interface EnvFile {
  readonly file: string
  readonly required: boolean
  readonly path: Path
}

function filesOf(written: WrittenService['env_file'], path: Path): EnvFile[] {
  if (written === undefined) return []
  if (Array.isArray(written)) return written.flatMap((one, index) => filesOf(one, [...path, index]))
  if (typeof written === 'string') return [{ file: written, required: true, path }]
  return [{ file: written.path, required: written.required ?? true, path: [...path, 'path'] }]
}

/** What stands in a file is never part of what is told: it may be a secret. */
function read(path: string): Content {
  let file: number
  try {
    // A pipe without a writer would keep us waiting.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const missing = systemCode(error) === 'ENOENT'
    return { problem: missing ? `there is no file ${path}` : `${path} can't be read: ${messageOf(error)}`, missing }
  }
  const refuse = (why: string): Content => ({ problem: `${path} ${why}`, missing: false })
  try {
    if (!fstatSync(file).isFile()) return refuse('is no file')
    const bytes = Buffer.alloc(limits.envFileBytes + 1)
    let size = 0
    for (let count = -1; count !== 0 && size < bytes.length; size += count)
      count = readSync(file, bytes, size, bytes.length - size, null)
    if (size > limits.envFileBytes) return refuse(`has more than ${limits.envFileBytes / 1024} KiB`)
    const env = parseEnv(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, size)))
    if (Object.entries(env).some((pair) => pair.join('').includes('\0'))) return refuse('has a NUL character in it')
    return { env: env as Record<string, string> }
  } catch (error) {
    return refuse(error instanceof TypeError ? 'is no UTF-8 text' : `can't be read: ${messageOf(error)}`)
  } finally {
    closeSync(file)
  }
}
