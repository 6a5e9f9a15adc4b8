import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commands } from '../../src/commands/registry.ts'
import { cli, fleetFolder, type FleetFolder } from '../support/cli.ts'

const has = (shell: string): boolean => {
  try {
    execFileSync(shell, ['-c', 'exit 0'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

let fleet: FleetFolder
let env: NodeJS.ProcessEnv
beforeAll(() => {
  fleet = fleetFolder(
    'supervisor: { services: { web: { command: sleep, args: ["1000"] }, db.main: { command: sleep, args: ["1000"] } } }',
  )
  const bin = join(fleet.cwd, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'hyphae'), `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`)
  chmodSync(join(bin, 'hyphae'), 0o755)
  env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` }
})
afterAll(() => fleet.end())

/** What a real bash offers where the last word is being typed; the words as bash has cut them. */
const offered = (...words: string[]): Promise<string[]> =>
  new Promise((resolve, reject) => {
    const script = `source <(hyphae completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hyphae; printf '%s\\n' "\${COMPREPLY[@]}"`
    execFile('bash', ['-c', script, 'bash', 'hyphae', ...words], { cwd: fleet.cwd, env }, (error, out, err) => {
      if (error === null && err === '') resolve(out.split('\n').filter((line) => line !== ''))
      else reject(new Error(`${error?.message ?? ''} ${err}`))
    })
  })

describe.skipIf(!has('bash'))('in bash', () => {
  test('verbs are those of the help, without hidden ones', async () => {
    const verbs = await offered('')
    expect(verbs).toEqual(expect.arrayContaining(['up', 'down', 'status', 'completion', 'graph', 'init', 'id']))
    expect(verbs).not.toContain('__complete')
    const { out } = await fleet.run(['--help'])
    const [, listed = ''] = out.split('A fleet:')
    expect(verbs.filter((verb) => !new RegExp(`^ {2}${verb}\\b`, 'm').test(listed))).toEqual([])
    expect(await offered('re')).toEqual(['reload', 'restart'])
  })

  test('options are those of the verb and the global ones, each once', async () => {
    expect(await offered('actors', '--')).toEqual([
      '--kind',
      '--phase',
      '--json',
      '--help',
      '--version',
      '--config',
      '--url',
      '--token',
      '--ca',
    ])
    expect(await offered('actors', '--json', '--j')).toEqual([])
    expect(await offered('up', '--p')).toEqual(['--port'])
  })

  test('values of an option are its choices, also behind an equals sign', async () => {
    expect(await offered('actors', '--phase', '')).toEqual(['handshake', 'active', 'reaped'])
    expect(await offered('actors', '--phase', '=', 'a')).toEqual(['active'])
    expect(await offered('actors', '--phase', '=')).toEqual(['handshake', 'active', 'reaped'])
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish'])
  })

  test('without an orchestrator, and of nonsense, there is silence', async () => {
    expect(await offered('restart', '')).toEqual([])
    expect(await offered('send', 'service.web', '')).toEqual([])
    expect(await offered('nonsense', '')).toEqual([])
    expect(await offered('status', '-c', 'no-such-file.yaml', '')).toEqual([])
    expect(await offered('down', 'x', '')).toEqual([])
  })
})

test('every input of a verb is passed on as a word, and files are left to the shell', async () => {
  const asked = (...words: string[]) => fleet.run(['__complete', '--', ...words])
  expect(await asked('-c', '')).toEqual({ code: 0, out: ':files\n', err: '' })
  expect(await asked('--config=x')).toEqual({ code: 0, out: ':files\n', err: '' })
  expect(await asked('actors', '--phase=a')).toEqual({ code: 0, out: '--phase=active\n', err: '' })
  expect((await asked('--version')).out).toMatch(/^--version\t/)
  expect(await asked()).toMatchObject({ code: 0, err: '' })
})

describe('in a fleet', () => {
  beforeAll(async () => void (await fleet.up({ SUPERVISOR_PORT: '0' })))

  test.skipIf(!has('bash'))('names of services, each once', async () => {
    expect(await offered('restart', '')).toEqual(['web', 'db.main'])
    expect(await offered('restart', 'web', '')).toEqual(['db.main'])
    expect(await offered('explain', 'd')).toEqual(['db.main'])
    expect(await offered('explain', 'web', '')).toEqual([])
    expect(await offered('logs', '-n', '5', 'w')).toEqual(['web'])
    expect(await offered('-c', 'hyphae.yaml', 'stop', '--', 'w')).toEqual(['web'])
  })

  test.skipIf(!has('bash'))('addresses of actors, and the events that they take now', async () => {
    expect((await offered('send', 'service.')).sort()).toEqual(['service.db.main', 'service.web'])
    const { out } = await fleet.run(['actors', '--kind', 'service', '--json'])
    const [actor] = commands['actor.list'].output.parse(JSON.parse(out)).actors
    expect(actor?.accepts).not.toEqual([])
    expect(await offered('send', actor?.address ?? '', '')).toEqual(actor?.accepts)
    expect(await offered('send', 'service.nobody', '')).toEqual([])
  })
})

test('another shell is bad usage, and the right ones are named', async () => {
  const { code, err } = await fleet.run(['completion', 'csh'])
  expect(code).toBe(2)
  expect(err).toContain('bash, zsh, fish')
})

// A shell that this machine does not have cannot judge its script.
test.for([
  ['bash', '-n'],
  ['zsh', '-n'],
  ['fish', '--no-execute'],
])('the script for %s is one', async ([shell = '', only = ''], { skip }) => {
  skip(!has(shell), `there is no ${shell} here`)
  const { out } = await fleet.run(['completion', shell])
  expect(execFileSync(shell, [only], { input: out, encoding: 'utf8' })).toBe('')
})
