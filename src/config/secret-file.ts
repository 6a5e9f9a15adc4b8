import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemCode } from '../protocol/errors.ts'
import type { Checker } from './checker.ts'
import type { Path } from './report.ts'

/** Files that hold something secret, or something that proves who we are. */

interface Wanted {
  /** Where its name stands in the config. */
  readonly path: Path
  /** What it is relative to. */
  readonly dir: string
  /** Bytes. */
  readonly most: number
  /** Nobody but its owner, and his group, may read it. */
  readonly secret: boolean
}

/** The text of a file that the config names; undefined: what is wrong with it was told. */
export function readNamedFile(name: string, { path, dir, most, secret }: Wanted, checker: Checker): string | undefined {
  const file = resolve(dir, name)
  const wrong = (message: string): undefined => {
    checker.error(path, { message })
    return undefined
  }
  try {
    const stat = statSync(file)
    if (!stat.isFile()) return wrong(`expected a file; ${file} is none`)
    if (secret && (stat.mode & 0o007) !== 0) return wrong(`others may read ${file}; take that from them: chmod 600 ${file}`)
    if (stat.size > most) return wrong(`expected a file of at most ${most} bytes; ${file} has ${stat.size}`)
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = systemCode(error)
    return wrong(code === 'ENOENT' ? `there is no file ${file}` : `${file} can't be read (${code ?? 'unknown'})`)
  }
}
