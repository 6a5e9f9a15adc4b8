import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createContainers } from '../../src/actors/containment.ts'
import { closeInheritedDescriptors } from '../../src/actors/descriptors.ts'
import { isAlive, monotonic, readStat } from '../../src/actors/proc.ts'
import type { ChildFact } from '../../src/protocol/process.ts'
import { eventually } from '../support/eventually.ts'
import {
  assertDead,
  createStage,
  fixture,
  identityOf,
  isLivingPid,
  modes,
  noCgroup,
  specOf,
  type Stage,
} from '../support/programs.ts'

let stage: Stage
beforeEach(() => {
  stage = createStage()
})
afterEach(() => stage.clear())

interface SelfReport {
  readonly pid: number
  readonly ppid: number
  readonly group: number
  readonly session: number
  readonly env: Readonly<Record<string, string>>
  readonly argv0: string
  readonly args: readonly string[]
  readonly cwd: string
}

for (const containment of modes) {
  test(`${containment}: a spawned program is told with its identity, and leads a group and session of its own`, async () => {
    const out = join(stage.dir, 'self.json')
    const before = monotonic()
    const child = stage.run({
      command: process.execPath,
      args: [fixture('describe-self.mjs'), out, '--', 'two words', '', '$HOME'],
      env: { COLOR: 'green', 'a.b': 'odd' },
      containment,
    })
    // Spawned in the same turn: nothing is waited for.
    expect(child.facts[0]).toMatchObject({ type: 'child.spawned', incarnation: 'i1', containment, logOffset: 0 })
    const { pid, at } = await child.fact('child.spawned')
    expect(at).toBeGreaterThanOrEqual(before)
    const self = JSON.parse(await stage.text('self.json')) as SelfReport
    expect(self).toMatchObject({ pid, ppid: process.pid, group: pid, session: pid, argv0: process.execPath })
    expect(self.args).toEqual(['--', 'two words', '', '$HOME'])
    expect(self.env).toEqual({
      PATH: process.env['PATH'],
      COLOR: 'green',
      'a.b': 'odd',
      PWD: self.cwd,
      HYPHAE_ID: `${stage.stateId}/web/i1`,
    })
    expect(await child.fact('child.exited')).toMatchObject({ exit: { kind: 'exited', code: 0 }, incarnation: 'i1' })
  })

  test(`${containment}: a child has nothing open but its log`, async () => {
    // As main does; what ran these tests may have left something open.
    closeInheritedDescriptors()
    const child = stage.run({ command: '/bin/ls', args: ['-l', '/proc/self/fd'], containment })
    const { pid } = await child.fact('child.spawned')
    await child.fact('child.exited')
    const open = (await stage.text('web.log')).matchAll(/(\d+) -> (\S+)$/gm)
    const log = join(stage.dir, 'web.log')
    expect(Array.from(open, ([, descriptor, target]) => [descriptor, target])).toEqual([
      ['0', '/dev/null'],
      ['1', log],
      ['2', log],
      // Its own, to list them.
      ['3', `/proc/${pid}/fd`],
    ])
  })

  test(`${containment}: an exit is told with its code, at once and with nothing left`, async () => {
    const child = stage.run({ command: fixture('exit.sh'), args: ['7'], containment })
    const { start, pid } = await child.fact('child.spawned')
    expect(start).toBeGreaterThan(0)
    const exited = await child.fact('child.exited')
    expect(exited).toMatchObject({ exit: { kind: 'exited', code: 7 }, empty: true })
    expect(exited.dice).toBeGreaterThanOrEqual(0)
    expect(exited.dice).toBeLessThan(1)
    assertDead(pid)
    expect(await stage.text('web.log')).toBe('ending with 7\n')
    expect(statSync(join(stage.dir, 'web.log')).mode & 0o777).toBe(0o600)
  })

  test(`${containment}: who ignores the stop signal lives until it is killed`, async () => {
    const child = stage.run({ command: fixture('stubborn.sh'), containment })
    const { pid } = await child.fact('child.spawned')
    await eventually(() => expect(readFileSync(join(stage.dir, 'web.log'), 'utf8')).toBe('ready\n'))
    child.send({ type: 'child.signal', signal: 'SIGTERM' })
    child.send({ type: 'child.signal', signal: 'SIGCONT' })
    expect(isLivingPid(pid)).toBe(true)
    child.send({ type: 'child.kill' })
    expect(await child.fact('child.exited')).toMatchObject({ exit: { kind: 'signalled', signal: 'SIGKILL' } })
    child.send({ type: 'child.purge' })
    await child.fact('child.swept')
    assertDead(pid)
  })

  test(`${containment}: a child that ignores the signal is drained for, then purged`, async () => {
    const child = stage.run({ command: fixture('stubborn-child.sh'), args: [join(stage.dir, 'pid')], containment })
    const grandchild = await stage.written('pid')
    child.send({ type: 'child.signal', signal: 'SIGTERM' })
    expect(await child.fact('child.exited')).toMatchObject({ exit: { kind: 'signalled', signal: 'SIGTERM' }, empty: false })
    child.send({ type: 'child.drain' })
    // It looks a few times before it is told otherwise.
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    expect(isLivingPid(grandchild)).toBe(true)
    expect(child.facts.some(({ type }) => type === 'child.swept')).toBe(false)
    child.send({ type: 'child.purge' })
    await child.fact('child.swept')
    assertDead(grandchild)
  })

  test(`${containment}: a drain ends when what was left ends`, async () => {
    const child = stage.run({ command: fixture('leave-behind.sh'), args: [join(stage.dir, 'pid')], containment })
    const left = await stage.written('pid')
    expect(await child.fact('child.exited')).toMatchObject({ exit: { kind: 'exited', code: 3 }, empty: false })
    child.send({ type: 'child.drain' })
    process.kill(left, 'SIGTERM')
    await child.fact('child.swept')
    assertDead(left)
  })

  for (const name of ['forks.sh', 'setsid.sh', 'env-setsid.sh']) {
    test(`${containment}: the stop signal alone reaches what ${name} started (supervisord: test_stopasgroup, test_kill_from_stopping_w_killasgroup)`, async () => {
      const child = stage.run({ command: fixture(name), args: [join(stage.dir, 'pid')], containment })
      const below = await stage.written('pid')
      child.send({ type: 'child.signal', signal: 'SIGTERM' })
      await child.fact('child.exited')
      child.send({ type: 'child.drain' })
      await child.fact('child.swept')
      expect(isLivingPid(below)).toBe(false)
    })
  }

  const escapes = ['forks.sh', 'setsid.sh', 'double-fork.sh', 'env-setsid.sh']
  if (containment === 'cgroup') escapes.push('env-double-fork.sh')
  for (const name of escapes) {
    test(`${containment}: ${name} is caught on stop`, async () => {
      const child = stage.run({ command: fixture(name), args: [join(stage.dir, 'pid')], containment })
      const stray = await stage.written('pid')
      await eventually(() => expect(isLivingPid(stray)).toBe(true))
      child.send({ type: 'child.signal', signal: 'SIGTERM' })
      await child.fact('child.exited')
      child.send({ type: 'child.purge' })
      await child.fact('child.swept')
      assertDead(stray)
    })

    test(`${containment}: ${name} does not outlive its actor`, async () => {
      const child = stage.run({ command: fixture(name), args: [join(stage.dir, 'pid')], containment })
      const stray = await stage.written('pid')
      const { pid } = await child.fact('child.spawned')
      child.stop()
      await eventually(() => expect([pid, stray].filter(isLivingPid)).toEqual([]))
    })
  }

  test(`${containment}: a daemon of a program that crashed is not left`, async () => {
    const child = stage.run({ command: fixture('leave-daemon.sh'), args: [join(stage.dir, 'pid')], containment })
    const daemon = await stage.written('pid')
    const { empty } = await child.fact('child.exited')
    // A cgroup shows it; without one the restart does not wait, and the sweep is done aside.
    expect(empty).toBe(containment === 'mark')
    if (!empty) child.send({ type: 'child.purge' })
    await eventually(() => {
      assertDead(daemon)
    })
  })

  test(`${containment}: what was let go lives on, and is adopted`, async () => {
    const child = stage.run({ command: fixture('double-fork.sh'), args: [join(stage.dir, 'pid')], containment })
    const { pid, start, at } = await child.fact('child.spawned')
    const stray = await stage.written('pid')
    child.send({ type: 'child.detach' })
    child.stop()
    expect(isAlive({ pid, start })).toBe(true)

    const adopted = stage.run({ containment }, { adopt: { pid, start }, incarnation: 'i1' })
    const alive = await adopted.fact('child.alive')
    expect(alive).toMatchObject({ incarnation: 'i1', pid, start, containment, logOffset: 0 })
    expect(Math.abs(alive.since - at)).toBeLessThan(1000)
    adopted.send({ type: 'child.signal', signal: 'SIGTERM' })
    expect(await adopted.fact('child.exited')).toMatchObject({ exit: { kind: 'unseen' } })
    adopted.send({ type: 'child.purge' })
    await adopted.fact('child.swept')
    assertDead(stray)
  })

  test(`${containment}: an adopted program that ends by itself is noticed within a second`, async () => {
    const child = stage.run({ containment })
    const { pid, start } = await child.fact('child.spawned')
    child.send({ type: 'child.detach' })
    child.stop()
    const adopted = stage.run({ containment }, { adopt: { pid, start }, incarnation: 'i1' })
    await adopted.fact('child.alive')
    process.kill(pid, 'SIGKILL')
    expect(await adopted.fact('child.exited')).toMatchObject({ exit: { kind: 'unseen' }, empty: true })
  })

  test(`${containment}: what is to be adopted but is gone, or another program by now, has ended unseen`, async () => {
    const other = stage.run({ containment })
    const { pid, start } = await other.fact('child.spawned')
    const adopted = stage.run({ containment, name: 'late' }, { adopt: { pid, start: start - 1 } })
    expect(await adopted.fact('child.exited')).toMatchObject({ exit: { kind: 'unseen' } })
    adopted.send({ type: 'child.purge' })
    await adopted.fact('child.swept')
    // The stranger that has its pid now is left alone.
    expect(isAlive({ pid, start })).toBe(true)
  })

  test(`${containment}: a flood and closed outputs are the program's own business`, async () => {
    const flood = stage.run({ command: fixture('flood.sh'), args: ['20'], containment })
    expect(await flood.fact('child.exited')).toMatchObject({ exit: { kind: 'exited', code: 0 } })
    expect(statSync(join(stage.dir, 'web.log')).size).toBe(20 * 2 ** 20)
    const next = stage.run({ command: fixture('close-stdout.sh'), containment })
    expect((await next.fact('child.spawned')).logOffset).toBe(20 * 2 ** 20)
    next.send({ type: 'child.kill' })
    await next.fact('child.exited')
  })
}

test.skipIf(noCgroup !== null)(
  'a leader that could not join its cgroup runs anyway and is stopped with its children',
  async () => {
    const { containers } = stage
    const lost = createStage({
      containers: {
        ...containers,
        open(service) {
          const container = containers.open(service)
          return container && { ...container, procs: `${container.dir}/missing/cgroup.procs` }
        },
      },
    })
    const child = lost.run({ command: fixture('double-fork.sh'), args: [join(lost.dir, 'pid')] })
    const stray = await lost.written('pid')
    expect(readFileSync(join(lost.dir, 'web.log'), 'utf8')).toContain('could not join')
    child.send({ type: 'child.signal', signal: 'SIGTERM' })
    await child.fact('child.exited')
    child.send({ type: 'child.purge' })
    await child.fact('child.swept')
    assertDead(stray)
    await lost.clear()
  },
)

test('who demands a cgroup does not run without one', async () => {
  const poor = createStage({ containers: createContainers({ stateId: 'none', hierarchies: [] }) })
  const child = poor.run({ containment: 'cgroup' })
  expect((await child.fact('child.unspawnable')).because).toBe('it wants a cgroup: there is no cgroup file system here')
  const other = poor.run({ containment: 'auto' })
  expect(await other.fact('child.spawned')).toMatchObject({ containment: 'mark' })
  await poor.clear()
})

test('what cannot be started says why, and where it was looked for', async () => {
  const because = async (changes: Parameters<Stage['run']>[0]): Promise<string> => {
    const child = stage.run(changes)
    const fact = await child.fact('child.unspawnable')
    expect(child.facts).toEqual([fact])
    return fact.because
  }
  expect(await because({ command: 'no-such-program', env: { PATH: '/bin:/no/such' } })).toBe(
    'the command "no-such-program" was not found in PATH (/bin:/no/such)',
  )
  expect(await because({ command: './no-such-program', workingDir: stage.dir })).toBe(
    `${stage.dir}/no-such-program was not found`,
  )
  expect(await because({ command: stage.dir })).toBe(`${stage.dir} is a directory, not a program`)
  expect(await because({ command: fixture('not-executable.sh') })).toBe(`${fixture('not-executable.sh')} is not executable`)
  expect(await because({ command: 'not-executable.sh', env: { PATH: fixture('') } })).toContain('is not executable')
  expect(await because({ command: fixture('no-interpreter.sh') })).toBe(
    `${fixture('no-interpreter.sh')} asks for the interpreter /no/such/interpreter, which was not found`,
  )
  expect(await because({ workingDir: '/no/such/place' })).toBe('the working directory /no/such/place does not exist')
  expect(await because({ workingDir: fixture('exit.sh') })).toContain('is not a directory')
  expect(await because({ command: '' })).toBe('the command is empty')
  expect(await because({ args: ['a\0b'] })).toContain('null bytes')
  expect(await because({ args: ['x'.repeat(3_000_000)] })).toContain('E2BIG')
  writeFileSync(join(stage.dir, 'no'), '')
  expect(await because({ name: 'no/such' })).toContain("its log file can't be opened: ENOTDIR")
})

test('a folder of logs that is missing is made: a full disk may have been in the way before', async () => {
  await stage.run({ name: 'fresh/one' }).fact('child.spawned')
  expect(statSync(join(stage.dir, 'fresh')).mode & 0o777).toBe(0o700)
})

test.each([false, true])(
  'what the kernel refuses for want of descriptors is said (a one-shot: %s), and nothing throws',
  async (oneShot) => {
    const program = `
    import { openSync, closeSync } from 'node:fs'
    import { createContainers } from '${resolve('src/actors/containment.ts')}'
    import { createSpawnQueue } from '${resolve('src/actors/spawn-queue.ts')}'
    import { invoke } from '${resolve('test/support/invoked.ts')}'
    import { createChildProcess } from '${resolve('src/actors/child-process.ts')}'
    const spec = JSON.parse(process.argv[1])
    const containers = createContainers({ stateId: 'poor', hierarchies: [] })
    const logPath = () => '/dev/null'
    const exitPath = () => '/no/such/exit'
    const environment = {}
    const logic = createChildProcess({ logPath, exitPath, environment, stateId: 'poor', containers, spawnQueue: createSpawnQueue() })
    const run = async (incarnation) => {
      const child = invoke(logic, { spec, incarnation, adopt: null })
      while (child.facts.length === 0) await new Promise(setImmediate)
      child.stop()
      return child.facts[0]
    }
    const held = []
    try { for (;;) held.push(openSync('/dev/null')) } catch {}
    const facts = []
    // An incarnation each: the end of one is swept for aside, by its mark. From no descriptor at all to enough: each step of a spawn is once the one that fails.
    for (let count = 0; count < 16; count++) { facts.push(await run('i' + count)); closeSync(held.pop()) }
    console.log(JSON.stringify(facts))
  `
    const script = 'ulimit -n 80; exec "$@"'
    const argv = [
      '-c',
      script,
      'sh',
      process.execPath,
      '--input-type=module-typescript',
      '-e',
      program,
      JSON.stringify(specOf({ oneShot })),
    ]
    const { stdout } = await promisify(execFile)('/bin/sh', argv)
    const facts = JSON.parse(stdout) as ChildFact[]
    for (const fact of facts.filter(({ type }) => type !== 'child.spawned')) {
      expect(fact).toMatchObject({ type: 'child.unspawnable', because: expect.stringContaining('EMFILE') as string })
    }
    expect(facts[0]?.type).toBe('child.unspawnable')
    expect(facts.at(-1)?.type).toBe('child.spawned')
  },
)

test('a child neither ignores nor blocks a signal', async () => {
  await stage.run({ command: '/bin/grep', args: ['-E', 'Sig(Blk|Ign)', '/proc/self/status'] }).fact('child.exited')
  expect(await stage.text('web.log')).toBe('SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n')
})

test('an actor that is stopped before its turn spawns nothing', async () => {
  const queued: Array<() => void> = []
  const late = createStage({
    spawnQueue: {
      run(task) {
        queued.push(task)
        return () => void queued.splice(queued.indexOf(task), 1)
      },
    },
  })
  const child = late.run()
  expect(queued).toHaveLength(1)
  child.stop()
  expect(queued).toHaveLength(0)
  expect(child.facts).toEqual([])
  await late.clear()
})

test('a group whose leader died unseen may be strangers by now, and is left alone', async () => {
  const others = createStage()
  const stranger = others.run({ command: fixture('leave-behind.sh'), args: [join(others.dir, 'pid')], containment: 'mark' })
  const { pid, start } = await stranger.fact('child.spawned')
  const member = await others.written('pid')
  await stranger.fact('child.exited')
  const adopted = stage.run({ containment: 'mark' }, { adopt: { pid, start } })
  await adopted.fact('child.exited')
  adopted.send({ type: 'child.purge' })
  await adopted.fact('child.swept')
  expect(isLivingPid(member)).toBe(true)
  await others.clear()
})

test('a drain or purge that comes when all is over is answered', async () => {
  const child = stage.run({ command: fixture('exit.sh'), args: ['0'] })
  await child.fact('child.exited')
  child.send({ type: 'child.purge' })
  expect(await child.fact('child.swept')).toMatchObject({ incarnation: 'i1' })
})

test('zombies count as dead (supervisord: test_reap)', async () => {
  // Its child ends and is never waited for.
  const child = stage.run({
    command: '/bin/sh',
    args: ['-c', 'sleep 0 & echo $! >"$0"; exec sleep 1000', join(stage.dir, 'pid')],
  })
  const zombie = await stage.written('pid')
  await eventually(() => expect(readStat(zombie)?.state).toBe('Z'))
  expect(isAlive(identityOf(zombie))).toBe(false)
  child.send({ type: 'child.kill' })
  await child.fact('child.exited')
  child.send({ type: 'child.purge' })
  await child.fact('child.swept')
})
