import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config/errors.ts'
import { parseConfig } from '../../src/config/load.ts'
import { limits } from '../../src/protocol/limits.ts'
import { brief } from './parse.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyphae-env-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const write = (name: string, text: string | Buffer): void => writeFileSync(join(dir, name), text)
const load = (fields: string) =>
  parseConfig(`supervisor: { services: { web: { command: x, ${fields} } } }`, { path: join(dir, 'hyphae.yaml'), env: {} })
const envOf = (fields: string) => load(fields).services[0]?.env
const problemsOf = (fields: string): string[] => {
  try {
    load(fields)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => brief(problem).replaceAll(dir, '.'))
    throw error
  }
}

describe('env_file', () => {
  test('is read as dotenv writes it: quotes, export, comments, several lines, and nothing is expanded', () => {
    write('.env', '# c\nexport A="x # y"\nB=1 # one\n\nC=\'$A ${A}\'\nD="two\nlines"\nE=\nF=a=b\r\n')
    expect(envOf('env_file: .env')).toEqual({ A: 'x # y', B: '1', C: '$A ${A}', D: 'two\nlines', E: '', F: 'a=b' })
  })

  test('a later file comes before an earlier one, and env before both', () => {
    write('a.env', 'A=a\nB=a\nC=a')
    write('b.env', 'B=b\nC=b')
    expect(envOf('env_file: [a.env, { path: b.env }, { path: none.env, required: false }], env: { C: own }')).toEqual({
      A: 'a',
      B: 'b',
      C: 'own',
    })
    expect(load('env_file: [a.env, { path: none.env, required: false }]').envFiles).toEqual([
      join(dir, 'a.env'),
      join(dir, 'none.env'),
    ])
  })

  test('each instance may have its own', () => {
    write('1.env', 'A=one')
    write('2.env', 'A=two')
    expect(load('instances: 2, env_file: "${INSTANCE}.env"').services.map(({ env }) => env)).toEqual([
      { INSTANCE: '1', A: 'one' },
      { INSTANCE: '2', A: 'two' },
    ])
  })

  test('what can not be read has its place, and what stands in it is not told', () => {
    mkdirSync(join(dir, 'folder'))
    write('large.env', 'A=secret\n'.repeat(limits.envFileBytes / 9 + 1))
    write('latin.env', Buffer.from([0x41, 0x3d, 0xff]))
    write('nul.env', 'A=secret\0')
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', join(dir, 'pipe')])
    expect(problemsOf('env_file: [none.env, folder, large.env, latin.env, nul.env, { path: pipe, required: false }]')).toEqual([
      '1:57 supervisor.services.web.env_file[0]: there is no file ./none.env',
      '1:67 supervisor.services.web.env_file[1]: ./folder is no file',
      '1:75 supervisor.services.web.env_file[2]: ./large.env has more than 256 KiB',
      '1:86 supervisor.services.web.env_file[3]: ./latin.env is no UTF-8 text',
      '1:97 supervisor.services.web.env_file[4]: ./nul.env has a NUL character in it',
      '1:114 supervisor.services.web.env_file[5].path: ./pipe is no file',
    ])
  })

  test.each([
    [
      'env_file: { path: a, requird: false }',
      '1:67 supervisor.services.web.env_file.requird: is no field of this block (required?)',
    ],
    [
      'env_file: 7',
      '1:56 supervisor.services.web.env_file: expected the path of a file, or a map with path and required, or a list of them; got 7',
    ],
  ])('%s', (fields, problem) => {
    expect(problemsOf(fields)).toEqual([problem])
  })
})
