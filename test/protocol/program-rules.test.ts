import { describe, expect, test } from 'vitest'
import { decide } from '../../src/protocol/program-rules.ts'
import { noPrograms, programSpec, programTypes, type ProgramRules } from '../../src/protocol/program.ts'
import type * as z from 'zod'

const allowed = { make: ['clean', 'build'], shell: ['echo'], binary: ['./deploy'], cargo: ['build'], npm: ['run', 'ci'] }
const rules: ProgramRules = { allowed, allowShell: false }
const judged = (spec: z.input<typeof programSpec>, by: ProgramRules = rules) => decide(programSpec.parse(spec), by)

describe('what is permitted becomes argv', () => {
  test.each([
    [{ type: 'make', command: 'clean' }, ['make', 'clean']],
    [{ type: 'make', command: 'clean', args: ['build', '-j4', 'VERBOSE=1'] }, ['make', 'clean', 'build', '-j4', 'VERBOSE=1']],
    [{ type: 'make', command: 'clean', env: { RUST_LOG: 'debug,hyper=info' } }, ['make', 'clean']],
    [{ type: 'npm', command: 'run', args: ['x', '-s', '--workspace=a'] }, ['npm', 'run', 'x', '-s', '--workspace=a']],
    [{ type: 'npm', command: 'ci', args: ['--ignore-scripts'] }, ['npm', 'ci', '--ignore-scripts']],
    [{ type: 'cargo', command: 'build', args: ['--release'] }, ['cargo', 'build', '--release']],
    [{ type: 'npm', command: 'run', args: ['x', '--', '--prefix'] }, ['npm', 'run', 'x', '--', '--prefix']],
    [{ type: 'binary', command: './deploy', args: ['; touch x', '$(touch x)'] }, ['./deploy', '; touch x', '$(touch x)']],
    [{ type: 'shell', command: 'echo "Maintenance begins"' }, ['echo', 'Maintenance begins']],
    [{ type: 'shell', command: 'echo', args: ['`touch x`', '\n'] }, ['echo', '`touch x`', '\n']],
    [{ type: 'shell', command: "echo '; touch x'" }, ['echo', '; touch x']],
  ] as const)('%j', (spec, argv) => {
    expect(judged({ ...spec, args: 'args' in spec ? [...spec.args] : undefined })).toEqual({ allowed: true, argv })
  })
})

describe('what is refused names its rule', () => {
  test.each([
    [{ type: 'make', command: 'deploy' }, 'security.allowed_programs.make'],
    [{ type: 'make', command: '*' }, 'security.allowed_programs.make'],
    [{ type: 'make', command: '-f' }, 'security.allowed_programs.make'],
    [{ type: 'make', command: '--eval=$(shell touch x)' }, 'security.allowed_programs.make'],
    [{ type: 'make', command: 'clean', args: ['deploy'] }, 'security.allowed_programs.make'],
    [{ type: 'make', command: 'clean', args: ['-f', '/tmp/x'] }, 'security.allowed_programs.make'],
    [{ type: 'make', command: 'clean', args: ['SHELL=x'] }, 'security.allowed_programs.make'],
    [{ type: 'make', command: 'clean', args: ['X=$(shell touch x)'] }, 'security.allowed_programs.make'],
    [{ type: 'make', command: 'clean; touch x' }, 'security.allowed_programs.make'],
    [{ type: 'make', command: 'clean', args: ['RM=x'] }, 'security.allowed_programs.make'],
    [{ type: 'make', command: 'clean', args: ['X=-f'] }, 'security.allowed_programs.make'],
    [{ type: 'make', command: 'clean', env: { RM: 'touch' } }, 'env'],
    [{ type: 'make', command: 'clean', env: { X: '$(shell touch x)' } }, 'env'],
    [{ type: 'make', command: 'clean', env: { X: '"; touch x; "' } }, 'env'],
    [{ type: 'make', command: 'clean', env: { X: '`touch x`' } }, 'env'],
    [{ type: 'make', command: 'clean', env: { PYTHON: '/tmp/x' } }, 'env'],
    [{ type: 'make', command: 'clean', env: { '.SHELLFLAGS': 'c' } }, 'env'],
    [{ type: 'npm', command: 'run', args: ['x', '--script-sh=/tmp/x'] }, 'security.allowed_programs.npm'],
    [{ type: 'npm', command: 'run', args: ['x', '-script-shell=/tmp/x'] }, 'security.allowed_programs.npm'],
    [{ type: 'npm', command: 'run', args: ['x', '---script-shell=/tmp/x'] }, 'security.allowed_programs.npm'],
    [{ type: 'npm', command: 'run', args: ['x', '--userconf', '/tmp/x'] }, 'security.allowed_programs.npm'],
    [{ type: 'npm', command: 'ci', args: ['/tmp/x'] }, 'security.allowed_programs.npm'],
    [{ type: 'npm', command: 'ci', args: ['--', '/tmp/x'] }, 'security.allowed_programs.npm'],
    [{ type: 'npm', command: 'run', args: ['x'], env: { HOME: '/tmp/x' } }, 'env'],
    [{ type: 'cargo', command: 'build', env: { CC: '/tmp/x' } }, 'env'],
    [{ type: 'cargo', command: '+nightly' }, 'security.allowed_programs.cargo'],
    [{ type: 'cargo', command: 'build', args: ['--config', 'x'] }, 'security.allowed_programs.cargo'],
    [{ type: 'npm', command: 'exec' }, 'security.allowed_programs.npm'],
    [{ type: 'npm', command: 'run', args: ['x', '--script-shell=/tmp/x'] }, 'security.allowed_programs.npm'],
    [{ type: 'binary', command: './deploy2' }, 'security.allowed_programs.binary'],
    [{ type: 'binary', command: './deploy ; x' }, 'security.allowed_programs.binary'],
    [{ type: 'shell', command: 'touch x' }, 'security.allowed_programs.shell'],
    [{ type: 'shell', command: '""' }, 'command'],
    [{ type: 'shell', command: ' ' }, 'command'],
    [{ type: 'shell', command: "echo 'x" }, 'command'],
    [{ type: 'shell', command: 'echo a; touch x' }, 'security.allow_shell'],
    [{ type: 'shell', command: 'echo $(touch x)' }, 'security.allow_shell'],
    [{ type: 'shell', command: 'echo a\ntouch x' }, 'security.allow_shell'],
    [{ type: 'make', command: 'clean', is_safe: false }, 'is_safe'],
    [{ type: 'make', command: 'clean', env: { PATH: '/tmp' } }, 'env'],
    [{ type: 'shell', command: 'echo', env: { LD_PRELOAD: '/tmp/x' } }, 'env'],
    [{ type: 'npm', command: 'run', env: { npm_config_script_shell: '/tmp/x' } }, 'env'],
    [{ type: 'npm', command: 'run', env: { PREFIX: '/tmp/x' } }, 'env'],
    [{ type: 'binary', command: './deploy', env: { PERLLIB: '/tmp/x' } }, 'env'],
    [{ type: 'cargo', command: 'build', env: { CARGO_REGISTRY_CREDENTIAL_PROVIDER: '/tmp/x' } }, 'env'],
    [{ type: 'cargo', command: 'build', env: { TARGET_CC: '/tmp/x' } }, 'env'],
  ] as const)('%j: %s', (spec, rule) => {
    const given = { ...spec, args: 'args' in spec ? [...spec.args] : undefined }
    expect(judged(given)).toMatchObject({ allowed: false, rule })
  })

  test('variables that decide nothing may be set', () => {
    const env = {
      RUST_LOG: 'debug',
      CARGO_TERM_COLOR: 'never',
      NODE_ENV: 'test',
      DOTNET_ENVIRONMENT: 'x',
      CMAKE_BUILD_TYPE: 'Debug',
    }
    expect(judged({ type: 'shell', command: 'echo', env })).toMatchObject({ allowed: true })
  })

  test('without a rule nothing is permitted', () => {
    for (const type of programTypes) expect(judged({ type, command: 'clean' }, noPrograms)).toMatchObject({ allowed: false })
  })
})

describe('allow_shell', () => {
  const open = { ...rules, allowShell: true }

  test('permits any line of a shell, and arguments stay arguments (process-compose: TestShellQuote, TestSubstituteArguments)', () => {
    expect(judged({ type: 'shell', command: 'echo $0 | cat', args: ['; x'] }, open)).toEqual({
      allowed: true,
      argv: ['sh', '-c', 'echo $0 | cat', '; x'],
    })
    expect(judged({ type: 'shell', command: 'touch x' }, open)).toEqual({ allowed: true, argv: ['touch', 'x'] })
  })

  test('does not permit what was marked as unsafe, nor another type', () => {
    expect(judged({ type: 'shell', command: 'a | b', is_safe: false }, open)).toMatchObject({ rule: 'is_safe' })
    expect(judged({ type: 'binary', command: './x' }, open)).toMatchObject({ rule: 'security.allowed_programs.binary' })
  })
})

test('a NUL byte is no text', () => {
  expect(programSpec.safeParse({ type: 'shell', command: 'echo\0x' }).success).toBe(false)
  expect(programSpec.safeParse({ type: 'shell', command: 'echo', args: ['\0'] }).success).toBe(false)
})
