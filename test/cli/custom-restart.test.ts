import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseArgs, parseCommand, parseVariable, tied } from '../../src/cli/command-words.ts'
import { commands } from '../../src/commands/registry.ts'
import { fleetFolder, launch, type FleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'

describe('what one types', () => {
  test.each([
    ['make clean', { type: 'make', command: 'clean' }],
    ['make clean all', { type: 'make', command: 'clean', args: ['all'] }],
    ['cargo build --release', { type: 'cargo', command: 'build', args: ['--release'] }],
    ['npm run "a b"', { type: 'npm', command: 'run', args: ['a b'] }],
    ['binary ./migrate --now', { type: 'binary', command: './migrate', args: ['--now'] }],
    ['shell echo done', { type: 'shell', command: 'echo done' }],
    ['sh echo done', { type: 'shell', command: 'echo done' }],
    ["sh -c 'a | b'", { type: 'shell', command: "sh -c 'a | b'" }],
    ['echo "all done"', { type: 'shell', command: 'echo "all done"' }],
    ['make clean && touch x', { type: 'shell', command: 'make clean && touch x' }],
  ])('%s', (text, spec) => {
    expect(parseCommand(text)).toEqual(spec)
  })

  test.each(['', ' ', 'make', 'shell', "echo 'x"])('%j is no command', (text) => {
    expect(() => parseCommand(text)).toThrow(/expected a command|never closed/)
  })

  test('arguments are cut as a shell cuts them', () => {
    expect(parseArgs(`--config "a b.yaml" --x='$HOME'`, ['first'])).toEqual(['first', '--config', 'a b.yaml', '--x=$HOME'])
    expect(parseVariable('A=b=c', { X: '' })).toEqual({ X: '', A: 'b=c' })
    expect(tied(['a', '--args', '--json', '--', '--env', 'x'])).toEqual(['a', '--args=--json', '--', '--env', 'x'])
    expect(() => parseVariable('=x')).toThrow('expected NAME=value')
  })
})

const config = `
supervisor:
  default_service: web
  security: { allowed_programs: { make: [clean, fail, slow], shell: [echo] } }
  restart: { delay: 60000 }
  services:
    db: { command: sleep, args: ["1000"] }
    web: { command: ./server, args: [good] }
`

let fleet: FleetFolder
beforeAll(async () => {
  fleet = fleetFolder(config)
  const program = (name: string, script: string): void => {
    writeFileSync(join(fleet.cwd, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(fleet.cwd, name), 0o755)
  }
  program('make', 'case $1 in fail) echo broken >&2; exit 2;; slow) while [ ! -e go ]; do sleep 0.1; done;; esac; echo made')
  program('server', 'echo "$* $FLAVOUR" >>starts; case $1 in bad) exit 7;; esac; exec sleep 1000')
  await fleet.up({ PATH: `${fleet.cwd}:${process.env['PATH']}` })
})
afterAll(() => fleet.end())

const run = (...args: string[]) => fleet.run(['custom-restart', ...args])
const started = (last: string) =>
  eventually(() => expect(readFileSync(join(fleet.cwd, 'starts'), 'utf8').trim().split('\n').at(-1)).toBe(last))

test('the default service, as a table of what was done', async () => {
  const around = ['--pre-command', 'make clean', '--post-command', 'echo "all done"']
  const { code, out } = await run(...around, '--args', '--config production.yaml', '--env', 'FLAVOUR=sweet')
  expect(code).toBe(0)
  expect(out).toMatch(
    /^STEP +RESULT +TIME +WHAT\npre 1 +done +.* make clean\nrestart +done +.* web\npost 1 +done +.* echo "all done"\n$/,
  )
  await started('--config production.yaml sweet')
})

test('a command that fails, with what it wrote, and nothing else is done', async () => {
  const { code, out, err } = await run('web', '--pre-command', 'make fail', '--pre-command', 'make clean')
  expect(code).toBe(1)
  expect(out).toMatch(/^pre 1 +failed +.* make fail: exited with code 2$/m)
  expect(out).toMatch(/^restart +not done/m)
  expect(out).toMatch(/^pre 1 \| broken$/m)
  expect(err).toContain('web was not restarted as asked: make fail: exited with code 2')
})

test('one that is not permitted', async () => {
  const { code, out, err } = await run('web', '--pre-command', 'make clean; touch x')
  expect(code).toBe(1)
  expect(err).toContain('security.allow_shell')
  expect(out).toMatch(/^pre 1 +failed/m)
  expect(existsSync(join(fleet.cwd, 'x'))).toBe(false)
})

test('arguments with which it fails are taken back, and so it says', async () => {
  await run('web', '--args', 'good', '--env', 'FLAVOUR=')
  const { code, err } = await run('web', '--args', 'bad')
  expect(err).toContain('see why: hyphae explain web')
  expect(code).toBe(1)
  expect(err).toContain('restarted with what it had before')
  await started('good')
})

test.each(['-c x.yaml', '--config=x.yaml', '--help', '-V', '--json'])('%j is for the service, not for us', async (words) => {
  const { code, out } = await run('web', '--args', words)
  expect(code).toBe(0)
  expect(out).toMatch(/^restart +done/m)
  await started(words)
})

test('--json and --no-wait', async () => {
  const { code, out } = await run('web', '--json', '--post-command', 'make clean', '--no-remember')
  expect(code).toBe(0)
  expect(commands['service.custom_restart'].output.parse(JSON.parse(out)).overall_success).toBe(true)
  const accepted = await run('web', '--no-wait')
  expect(accepted.out).toMatch(/^web {2}accepted {2}restart\.\S+ {2}\w+\n$/)
  await eventually(async () => expect((await run('web')).code).toBe(0))
})

test('while it runs it tells on stderr which command', async () => {
  const running = launch(['custom-restart', 'web', '--pre-command', 'make slow'], {
    cwd: fleet.cwd,
    env: { HYPHAE_PROGRESS: 'on' },
  })
  await eventually(() => expect(running.err).toContain('restarting web: pre 1 of 1: make slow'), 20_000)
  writeFileSync(join(fleet.cwd, 'go'), '')
  expect((await running.ended).code).toBe(0)
})

test.each([
  [['nobody'], 4],
  [['web', '--pre-command', ''], 2],
  [['web', '--env', 'x'], 2],
  [['web', '--args', "'x"], 2],
])('%j ends with %i', async (args, expected) => {
  expect((await run(...args)).code).toBe(expected)
})
