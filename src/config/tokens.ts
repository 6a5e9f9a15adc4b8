import type { Credential } from '../protocol/control-rules.ts'
import { limits } from '../protocol/limits.ts'
import type { Checker } from './checker.ts'
import type { Path } from './report.ts'
import type { WrittenSupervisor } from './schema.ts'
import { readNamedFile } from './secret-file.ts'

/** The tokens of a config: each has a name and a role, and each is another one. */

export const authenticationPath: Path = ['supervisor', 'security', 'authentication']

/** The name of the one that is written as `token`. */
const usual = 'supervisor'

export interface Tokens {
  /** The admin's that is written as `token`; null: there is none. */
  readonly token: string | null
  readonly tokens: readonly Credential[]
}

export const noTokens: Tokens = { token: null, tokens: [] }

type Written = WrittenSupervisor['security']['authentication']['tokens'][number]

/** Reads them, those in files too. What is wrong with them is told as errors. */
export function readTokens({ security }: WrittenSupervisor, dir: string, checker: Checker): Tokens {
  const { enabled, tokens: written } = security.authentication
  const path: Path = [...authenticationPath, 'token']
  const text = checker.tree.text(path)
  const token = text === undefined || text === '' ? null : text
  if (enabled && token === null && (text !== undefined || written.length === 0)) {
    checker.error(path, { message: 'authentication is enabled, so a token is needed' })
  }
  const found = new Map<string, string>(token === null ? [] : [[token, usual]])
  const names = new Set(token === null ? [] : [usual])
  if (token !== null) judge(token, path, checker)
  const tokens = written.flatMap((one, index): Credential[] => {
    const at: Path = [...authenticationPath, 'tokens', index]
    if (names.has(one.name)) {
      const taken = one.name === usual && token !== null ? '; it is that of authentication.token' : ''
      checker.error([...at, 'name'], { message: `there is a token with the name ${JSON.stringify(one.name)} already${taken}` })
    }
    names.add(one.name)
    const read = textOf(one, at, dir, checker)
    if (read === undefined) return []
    const twin = found.get(read.token)
    if (twin !== undefined) {
      checker.error(read.path, { message: `is the same token as that of ${JSON.stringify(twin)}; each needs one of its own` })
    }
    found.set(read.token, one.name)
    return [{ name: one.name, token: read.token, role: one.role }]
  })
  return { token, tokens }
}

/** Its text, and where that stands. */
function textOf(
  written: Written,
  at: Path,
  dir: string,
  checker: Checker,
): { readonly token: string; readonly path: Path } | undefined {
  const { token_file: file } = written
  const wrong = (path: Path, message: string): undefined => {
    checker.error(path, { message })
    return undefined
  }
  if ((written.token === undefined) === (file === undefined)) {
    return wrong(at, `expected either token or token_file; got ${file === undefined ? 'neither' : 'both'}`)
  }
  const path: Path = [...at, file === undefined ? 'token' : 'token_file']
  const text =
    file === undefined
      ? checker.tree.text(path)
      : readNamedFile(file, { path, dir, most: limits.tokenLength, secret: true }, checker)?.trim()
  if (text === undefined) return undefined
  if (text === '') return wrong(path, 'expected a token; it is empty')
  return judge(text, path, checker) ? { token: text, path } : undefined
}

const makeOne = '`openssl rand -hex 32` makes a good one'

/** Can it be sent as a header at all, and not be guessed? */
function judge(token: string, path: Path, checker: Checker): boolean {
  if (/[\s\p{Cc}]/u.test(token)) {
    checker.error(path, { message: `a token has no blanks and no control characters; ${makeOne}` })
    return false
  }
  if (token.length < limits.shortToken) {
    const message = `a token of ${token.length} characters may be guessed; expected at least ${limits.shortToken}: ${makeOne}`
    checker.warn(path, { message })
  }
  return true
}
