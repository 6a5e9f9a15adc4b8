import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRunner, type Runner } from '../../src/actors/run-program.ts'
import { markedProcesses } from '../../src/actors/scan.ts'
import {
  programSpec,
  type ProgramCommand,
  type ProgramEnded,
  type ProgramSpec,
  type RunInput,
} from '../../src/protocol/program.ts'
import { eventually } from '../support/eventually.ts'
import { invoke, type Invoked } from '../support/invoked.ts'
import { isLivingPid } from '../support/programs.ts'

let dir: string
let runner: Runner
let stateId: string
const runs: Array<Invoked<ProgramCommand, ProgramEnded>> = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyphae-run-'))
  stateId = `test-${process.pid}-${runs.length}-${Math.trunc(performance.now())}`
  runner = createRunner({ environment: { PATH: process.env['PATH'], OWN: 'inherited' }, folder: dir, stateId })
})
afterEach(async () => {
  for (const run of runs.splice(0)) run.stop()
  await runner.cleared()
  await eventually(async () => expect(await markedProcesses(stateId)).toEqual([]))
  rmSync(dir, { recursive: true, force: true })
})

function start(argv: readonly string[], spec: Partial<ProgramSpec> = {}, input: Partial<RunInput> = {}) {
  const run = invoke<ProgramCommand, ProgramEnded, RunInput>(runner.logic, {
    id: 'r1',
    spec: { ...programSpec.parse({ type: 'binary', command: argv[0] }), ...spec },
    argv,
    folder: null,
    timeout: 20_000,
    output: 64 * 1024,
    ...input,
  })
  runs.push(run)
  return run
}
const result = async (...given: Parameters<typeof start>) => (await start(...given).fact('program.ended')).result
const sh = (script: string): string[] => ['sh', '-c', script]
const written = (file: string): Promise<number> =>
  eventually(() => {
    const pid = Number(readFileSync(join(dir, file), 'utf8'))
    if (pid === 0) throw new Error('not yet')
    return pid
  })

describe('what a program answers', () => {
  test('its output, its code and how long it took', async () => {
    expect(await result(sh('echo out; echo err >&2'))).toMatchObject({
      success: true,
      exit_code: 0,
      stdout: 'out\n',
      stderr: 'err\n',
      truncated: false,
      error_message: null,
      execution_time_ms: expect.any(Number) as number,
    })
  })

  test('another code is a failure', async () => {
    expect(await result(sh('exit 2'))).toMatchObject({ success: false, exit_code: 2, error_message: 'exited with code 2' })
    expect(await result(sh('kill -9 $$'))).toMatchObject({
      success: false,
      exit_code: null,
      error_message: 'was ended by SIGKILL',
    })
  })

  test('bytes that are no text do no harm', async () => {
    const { stdout } = await result(sh(String.raw`printf '\377\376ok\0\303'`))
    expect(stdout).toBe('\uFFFD\uFFFDok\0\uFFFD')
  })

  test('of very much it keeps the end, and says so', async () => {
    const all = 'i=0; while [ $i -lt 40000 ]; do echo "line ü $i"; i=$((i+1)); done'
    const { stdout, stderr, truncated, success } = await result(sh(`${all}; ${all} >&2`))
    expect({ success, truncated }).toEqual({ success: true, truncated: true })
    for (const text of [stdout, stderr]) {
      expect(text).toMatch(/^\[\d+ bytes left out\]\n/)
      expect(text).toMatch(/\nline ü 39999\n$/)
      expect(Buffer.byteLength(text ?? '')).toBeLessThan(65 * 1024)
      expect(text).not.toContain('\uFFFD')
    }
  })
})

describe('what cannot be run', () => {
  const missing = 'Failed to spawn process: No such file or directory (os error 2)'
  test('a program that is not there', async () => {
    expect(await result(['no-such-program'])).toMatchObject({
      success: false,
      exit_code: null,
      stdout: null,
      error_message: missing,
    })
    expect(await result(['./no-such-program'])).toMatchObject({ error_message: missing })
  })

  test('a file that is no program', async () => {
    writeFileSync(join(dir, 'plain'), 'x')
    expect(await result(['./plain'])).toMatchObject({ error_message: 'Failed to spawn process: Permission denied (os error 13)' })
  })

  test('a folder that is not there', async () => {
    expect(await result(['true'], { working_dir: 'nowhere' })).toMatchObject({ error_message: missing })
  })
})

describe('where and with what it runs', () => {
  test('in the usual folder, in the one of its service, in its own below that', async () => {
    mkdirSync(join(dir, 'a/b'), { recursive: true })
    expect((await result(['pwd'])).stdout).toBe(`${dir}\n`)
    expect((await result(['pwd'], {}, { folder: join(dir, 'a') })).stdout).toBe(`${dir}/a\n`)
    expect((await result(['pwd'], { working_dir: 'b' }, { folder: join(dir, 'a') })).stdout).toBe(`${dir}/a/b\n`)
  })

  test('its folder does not choose another program of that name', async () => {
    mkdirSync(join(dir, 'evil'))
    for (const [folder, word] of [
      ['.', 'good'],
      ['evil', 'evil'],
    ] as const) {
      const path = join(dir, folder, 'tool')
      writeFileSync(path, `#!/bin/sh\necho ${word}\n`)
      chmodSync(path, 0o755)
    }
    expect((await result(['./tool'], { working_dir: 'evil' })).stdout).toBe('good\n')
  })

  test('a folder that others can write to does not choose what make runs', async () => {
    mkdirSync(join(dir, 'shared'))
    writeFileSync(join(dir, 'shared/Makefile'), 'clean:\n\t@echo theirs\n')
    expect((await result(['make', 'clean'], { type: 'make', working_dir: 'shared' })).stdout).toContain('theirs\n')
    chmodSync(join(dir, 'shared'), 0o1777)
    expect(await result(['make', 'clean'], { type: 'make', working_dir: 'shared' })).toMatchObject({
      stdout: null,
      error_message: expect.stringContaining('others can write to its working_dir') as unknown,
    })
  })

  test('with what it inherits and its own variables', async () => {
    const { stdout } = await result(['env'], { env: { MINE: 'a b;$(x)' } })
    expect(stdout).toContain('OWN=inherited\n')
    expect(stdout).toContain('MINE=a b;$(x)\n')
  })

  test.each(['; touch x', '$(touch x)', '`touch x`', '| touch x', '\ntouch x\n', '&& touch x', "' touch x '", '"$(touch x)"'])(
    'the argument %j stays one',
    async (argument) => {
      const { stdout } = await result(['printf', '%s', argument], { env: { A: argument } })
      expect(stdout).toBe(argument)
      expect(existsSync(join(dir, 'x'))).toBe(false)
    },
  )
})

describe('its end', () => {
  test('after its time it is ended with all that it started', async () => {
    const script = 'trap "" TERM; sleep 1000 & echo $! >child; wait; wait'
    const ended = result(sh(script), {}, { timeout: 300 })
    const child = await written('child')
    expect(await ended).toMatchObject({ success: false, exit_code: null, error_message: 'Command timed out' })
    await eventually(() => expect(isLivingPid(child)).toBe(false))
  })

  test('what it leaves behind neither holds it up nor lives on, a daemon included', async () => {
    const script =
      'sleep 1000 & echo $! >child; setsid sh -c "echo \\$\\$ >daemon; exec sleep 1000" & while [ ! -s daemon ]; do :; done; echo done'
    expect(await result(sh(script))).toMatchObject({ success: true, stdout: 'done\n' })
    for (const file of ['child', 'daemon']) {
      const pid = await written(file)
      await eventually(() => expect(isLivingPid(pid)).toBe(false))
    }
  })

  test.each([1_000, 20_000])('what it can no more find does not hold it up either (%i ms)', async (timeout) => {
    const run = start(
      sh('setsid env -i /bin/sh -c "echo \\$\\$ >stray; exec sleep 1000" & while [ ! -s stray ]; do :; done; echo said'),
      {},
      { timeout },
    )
    const stray = await written('stray')
    const { result: answer } = await run.fact('program.ended')
    process.kill(stray, 'SIGKILL')
    expect(answer).toMatchObject({ success: true, exit_code: 0, stdout: 'said\n', error_message: null })
    expect(runner.running()).toBe(0)
  })

  test('an actor that is stopped leaves nothing, and says nothing', async () => {
    const run = start(sh('sleep 1000 & echo $! >child; setsid sh -c "echo \\$\\$ >daemon; exec sleep 1000" & wait'))
    const pids = [await written('child'), await written('daemon')]
    expect(runner.running()).toBe(1)
    run.stop()
    await runner.cleared()
    await eventually(() => expect(pids.map(isLivingPid)).toEqual([false, false]))
    await eventually(() => expect(runner.running()).toBe(0))
    expect(run.facts).toEqual([])
  })

  test('one that is stopped before it began never begins', async () => {
    const run = start(sh('touch began'))
    run.stop()
    await eventually(() => expect(runner.running()).toBe(0))
    expect(existsSync(join(dir, 'began'))).toBe(false)
  })
})
