import { type ChildProcess, execFile, spawnSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { PassThrough } from 'node:stream'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createContainers } from '../../src/actors/containment.ts'
import { closeInheritedDescriptors } from '../../src/actors/descriptors.ts'
import { exitPathOf } from '../../src/actors/exit-record.ts'
import { isAlive, parseStat, readStat } from '../../src/actors/proc.ts'
import { listenTo, recorderScript } from '../../src/actors/recorder.ts'
import { markedProcesses } from '../../src/actors/scan.ts'
import type { ProcessIdentity } from '../../src/protocol/process.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { eventually } from '../support/eventually.ts'
import { assertDead, createStage, fixture, identityOf, isLivingPid, modes, specOf, type Stage } from '../support/programs.ts'

/** One-shots run under a recorder: what the program sees of it, what we see, and what is left when we are killed. */

let stage: Stage
beforeEach(() => {
  stage = createStage()
})
afterEach(() => stage.clear())

const exitPath = (incarnation = 'i1'): string => exitPathOf(join(stage.dir, 'exits'), 'web', incarnation)
const log = (): string => readFileSync(join(stage.dir, 'web.log'), 'utf8')
const sh = (script: string, ...args: string[]) => ({ command: '/bin/sh', args: ['-c', script, ...args], oneShot: true })
const oneShot = { oneShot: true }
/** Ends with code $2 once the file $1 is there. */
const gated = (code: number) => sh('while [ ! -e "$0" ]; do sleep 0.01; done; exit "$1"', join(stage.dir, 'gate'), `${code}`)
const openGate = (): void => {
  writeFileSync(join(stage.dir, 'gate'), '')
}

for (const containment of modes) {
  test(`${containment}: the program is told with its own identity, and its recorder as the leader`, async () => {
    const out = join(stage.dir, 'self.json')
    const child = stage.run({
      command: process.execPath,
      args: [fixture('describe-self.mjs'), out, '--', 'two words', '', '$HOME'],
      env: { COLOR: 'green', 'a.b': 'odd' },
      containment,
      ...oneShot,
    })
    const { pid, start, leader } = await child.fact('child.spawned')
    expect(child.facts[0]).toMatchObject({ type: 'child.spawned', incarnation: 'i1', containment, logOffset: 0 })
    expect(start).toBeGreaterThan(0)
    expect(start).toBeGreaterThanOrEqual(leader.start)
    const self = JSON.parse(await stage.text('self.json')) as Record<string, unknown>
    expect(self).toMatchObject({ pid, ppid: leader.pid, group: leader.pid, session: leader.pid })
    expect(self['args']).toEqual(['--', 'two words', '', '$HOME'])
    expect(self['env']).toEqual({
      PATH: process.env['PATH'],
      COLOR: 'green',
      'a.b': 'odd',
      PWD: self['cwd'],
      HYPHAE_ID: `${stage.stateId}/web/i1`,
    })
    expect(await child.fact('child.exited')).toMatchObject({ exit: { kind: 'exited', code: 0 }, empty: true })
    expect(existsSync(exitPath())).toBe(false)
  })

  test(`${containment}: the program inherits no descriptor of the recorder, and no signal ignored or blocked`, async () => {
    closeInheritedDescriptors()
    const child = stage.run({ command: '/bin/ls', args: ['-l', '/proc/self/fd'], containment, ...oneShot })
    const { pid } = await child.fact('child.spawned')
    await child.fact('child.exited')
    const open = log().matchAll(/(\d+) -> (\S+)$/gm)
    const file = join(stage.dir, 'web.log')
    expect(Array.from(open, ([, descriptor, target]) => [descriptor, target])).toEqual([
      ['0', '/dev/null'],
      ['1', file],
      ['2', file],
      ['3', `/proc/${pid}/fd`],
    ])
    rmSync(file)
    const args = ['-E', 'Sig(Blk|Ign)', '/proc/self/status']
    await stage.run({ command: '/bin/grep', args, containment, ...oneShot }).fact('child.exited')
    expect(log()).toBe('SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n')
  })

  test(`${containment}: a code and a signal are told as they are, and the log has nothing of the shell's`, async () => {
    const exitOf = async (changes: Partial<ServiceSpec>): Promise<unknown> => {
      const { exit, empty } = await stage.run({ containment, ...changes }).fact('child.exited')
      expect(empty).toBe(true)
      return exit
    }
    expect(await exitOf(sh('exit 7'))).toEqual({ kind: 'exited', code: 7 })
    for (const signal of ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGPIPE', 'SIGUSR1']) {
      expect(await exitOf(sh(`kill -${signal.slice(3)} $$`))).toEqual({ kind: 'signalled', signal })
    }
    expect(await exitOf({ ...sh('exit 143'), successCodes: [0, 143] })).toEqual({ kind: 'exited', code: 143 })
    expect(log()).toBe('')
  })

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const) {
    test(`${containment}: the recorder outlives ${signal} and passes on what the program makes of it`, async () => {
      const script = `trap 'exit 5' ${signal.slice(3)}; echo ready; while :; do sleep 0.01; done`
      const child = stage.run({ ...sh(script), stopSignal: signal, containment })
      await child.fact('child.spawned')
      await eventually(() => expect(log()).toBe('ready\n'))
      child.send({ type: 'child.signal', signal })
      expect((await child.fact('child.exited')).exit).toEqual({ kind: 'exited', code: 5 })
    })
  }

  test(`${containment}: a stop signal that comes before the program is known reaches it (Nomad: executor Start_Kill_Immediately_WithGrace)`, async () => {
    const child = stage.run({ command: '/bin/sleep', args: ['1000'], containment, ...oneShot })
    child.send({ type: 'child.signal', signal: 'SIGTERM' })
    expect(child.facts).toEqual([])
    const exited = await child.fact('child.exited')
    expect(child.facts.map(({ type }) => type)).toEqual(['child.spawned', 'child.exited'])
    expect(exited).toMatchObject({ exit: { kind: 'signalled', signal: 'SIGTERM' } })
  })

  test(`${containment}: a kill that comes before the program is known leaves nothing`, async () => {
    const child = stage.run({ command: '/bin/sleep', args: ['1000'], containment, ...oneShot })
    child.send({ type: 'child.kill' })
    expect(await child.fact('child.exited')).toMatchObject({ exit: { kind: 'signalled', signal: 'SIGKILL' } })
    child.send({ type: 'child.purge' })
    await child.fact('child.swept')
    expect(await markedProcesses(stage.stateId)).toEqual([])
  })

  test(`${containment}: what is let go before it is known goes on, and says no more`, async () => {
    const child = stage.run({ ...gated(4), containment })
    child.send({ type: 'child.detach' })
    openGate()
    await eventually(() => expect(readFileSync(exitPath(), 'utf8')).toBe('4\n'))
    expect(child.facts).toEqual([])
    expect(log()).toBe('')
  })

  test(`${containment}: a killed program is told with its signal; a recorder killed alone leaves a rest that is swept (Nomad: rawexec ExecutorKilled_ExitCode, TaskRunner_RecoverFromDriverExiting)`, async () => {
    const killed = stage.run({ command: '/bin/sleep', args: ['1000'], containment, ...oneShot })
    process.kill((await killed.fact('child.spawned')).pid, 'SIGKILL')
    expect(await killed.fact('child.exited')).toMatchObject({ exit: { kind: 'signalled', signal: 'SIGKILL' }, empty: true })

    const orphaned = stage.run({ command: '/bin/sleep', args: ['1000'], containment, ...oneShot })
    const { pid, leader } = await orphaned.fact('child.spawned')
    process.kill(leader.pid, 'SIGKILL')
    expect(await orphaned.fact('child.exited')).toMatchObject({ exit: { kind: 'signalled', signal: 'SIGKILL' }, empty: false })
    expect(isLivingPid(pid)).toBe(true)
    orphaned.send({ type: 'child.purge' })
    await orphaned.fact('child.swept')
    assertDead(pid)
  })

  test(`${containment}: what it leaves behind is seen, and who can't be found is not spawned`, async () => {
    const leaves = { command: fixture('leave-behind.sh'), args: [join(stage.dir, 'pid')], containment, ...oneShot }
    const child = stage.run(leaves)
    const left = await stage.written('pid')
    expect(await child.fact('child.exited')).toMatchObject({ exit: { kind: 'exited', code: 3 }, empty: false })
    child.send({ type: 'child.purge' })
    await child.fact('child.swept')
    assertDead(left)
    const missing = stage.run({ command: 'no-such-program', containment, ...oneShot })
    expect((await missing.fact('child.unspawnable')).because).toContain('"no-such-program" was not found')
    const large = stage.run({ command: '/bin/true', args: ['x'.repeat(3_000_000)], containment, ...oneShot })
    expect((await large.fact('child.unspawnable')).because).toContain('E2BIG')
  })

  test(`${containment}: without a folder for its record it runs all the same`, async () => {
    rmSync(join(stage.dir, 'exits'), { recursive: true })
    const child = stage.run({ ...sh('echo here; exit 6'), containment })
    expect((await child.fact('child.exited')).exit).toEqual({ kind: 'exited', code: 6 })
    expect(log()).toBe('here\n')
  })

  /** Runs it in a process that is killed; answers its recorder. */
  const abandon = async (when: 'at once' | 'once it runs', changes: Partial<ServiceSpec>): Promise<ProcessIdentity> => {
    const script = fixture('recorder-host.ts')
    const argv = [script, stage.dir, stage.stateId, when, JSON.stringify(specOf({ containment, ...changes }))]
    await expect(promisify(execFile)(process.execPath, argv)).rejects.toMatchObject({ signal: 'SIGKILL' })
    const marked = await markedProcesses(stage.stateId)
    const leader = marked.find(({ pid, group }) => pid === group)
    if (leader === undefined) throw new Error(`no recorder among ${JSON.stringify(marked)}`)
    return { pid: leader.pid, start: leader.start }
  }

  for (const when of ['at once', 'once it runs'] as const) {
    test(`${containment}: if we are killed ${when}, it goes on, and its code is there for who comes too late`, async () => {
      const leader = await abandon(when, gated(7))
      expect(existsSync(exitPath())).toBe(false)
      openGate()
      await eventually(() => expect(readFileSync(exitPath(), 'utf8')).toBe('7\n'))
      await eventually(() => expect(isAlive(leader)).toBe(false))
      expect(log()).toBe('')
      const adopted = stage.run({ containment, ...oneShot }, { adopt: leader, incarnation: 'i1' })
      expect(await adopted.fact('child.exited')).toMatchObject({ exit: { kind: 'exited', code: 7 } })
      expect(existsSync(exitPath())).toBe(false)
    })
  }

  test(`${containment}: an adopted one-shot is told with its own pid and, in the end, its code`, async () => {
    const leader = await abandon('once it runs', gated(0))
    const adopted = stage.run({ containment, ...oneShot }, { adopt: leader, incarnation: 'i1' })
    const { pid, start, ...alive } = await adopted.fact('child.alive')
    expect(alive).toMatchObject({ leader, containment })
    expect(pid).not.toBe(leader.pid)
    expect(identityOf(pid)).toEqual({ pid, start })
    expect(readStat(pid)?.ppid).toBe(leader.pid)
    openGate()
    expect(await adopted.fact('child.exited')).toMatchObject({ exit: { kind: 'exited', code: 0 } })
    expect(existsSync(exitPath())).toBe(false)
  })

  test(`${containment}: an adopted one-shot that is stopped is told with the signal that ended it`, async () => {
    const leader = await abandon('once it runs', { command: '/bin/sleep', args: ['1000'], ...oneShot })
    const adopted = stage.run({ containment, ...oneShot }, { adopt: leader, incarnation: 'i1' })
    await adopted.fact('child.alive')
    adopted.send({ type: 'child.signal', signal: 'SIGTERM' })
    expect(await adopted.fact('child.exited')).toMatchObject({ exit: { kind: 'signalled', signal: 'SIGTERM' } })
  })

  test(`${containment}: who has no record has ended unseen, and a leader without a child stands for its program`, async () => {
    const other = stage.run({ containment, name: 'other' })
    const { pid, start, leader } = await other.fact('child.spawned')
    // No recorder here: it is no one-shot.
    expect(leader).toEqual({ pid, start })
    const late = stage.run({ containment, ...oneShot }, { adopt: { pid, start: start - 1 } })
    expect(await late.fact('child.exited')).toMatchObject({ exit: { kind: 'unseen' } })
    const alone = stage.run({ containment, ...oneShot }, { adopt: leader })
    expect(await alone.fact('child.alive')).toMatchObject({ pid, start, leader })
    alone.send({ type: 'child.kill' })
    expect(await alone.fact('child.exited')).toMatchObject({ exit: { kind: 'unseen' } })
  })
}

const limited = createContainers({ stateId: `recorder-${process.pid}`, hierarchies: ['pids'] })
test.skipIf(limited.unavailable() !== null)('a recorder that cannot fork is no end of the program: it never began', async () => {
  const poor = createStage({
    containers: {
      ...limited,
      open(service) {
        const container = limited.open(service)
        if (container !== null) writeFileSync(join(container.dir, 'pids.max'), '1')
        return container
      },
    },
  })
  const child = poor.run({ command: '/bin/true', ...oneShot })
  expect(await child.fact('child.unspawnable')).toMatchObject({
    because: expect.stringContaining('could not fork') as string,
    passing: true,
  })
  expect(child.facts).toHaveLength(1)
  await poor.clear()
})

test('a recorder that must join a cgroup and can not ends with the code that says so', async () => {
  const { containers } = stage
  const lost = createStage({
    containers: {
      ...containers,
      open: () => ({
        kind: 'cgroup',
        dir: '/no/such',
        procs: '/no/such/cgroup.procs',
        pids: () => [],
        kill() {},
        cpu: () => null,
        limitMemory: () => true,
        memory: { procs: null, limited: () => null, kills: () => 0 },
        remove: () => true,
      }),
    },
  })
  const bound = lost.run({ command: '/bin/true', containment: 'cgroup', ...oneShot })
  expect(await bound.fact('child.exited')).toMatchObject({ exit: { kind: 'exited', code: 126 } })
  const free = lost.run({ ...sh('exit 9'), containment: 'auto' })
  expect(await free.fact('child.exited')).toMatchObject({ exit: { kind: 'exited', code: 9 } })
  const text = 'hyphae: could not join /no/such/cgroup.procs'
  expect(await lost.text('web.log')).toBe(`${text}\n${text}; running without it\n`)
  await lost.clear()
})

/** What a recorder is to us: an end of its pipe, and news of its death. */
const overheard = () => {
  const words = new PassThrough()
  const child = Object.assign(new EventEmitter(), { stdio: [null, null, null, words] }) as unknown as ChildProcess
  const heard: unknown[] = []
  const stop = listenTo(child, { pid: 7, start: 70 }, [0], {
    began: (program) => heard.push(program),
    ended: (exit) => heard.push(exit),
  })
  return { words, child, heard, stop }
}

test('the news of its end waits for the words that it said before', async () => {
  const { words, child, heard } = overheard()
  const self = readFileSync('/proc/self/stat', 'latin1')
  child.emit('exit', 3, null)
  expect(heard).toEqual([])
  words.write(self.slice(0, 20))
  words.write(self.slice(20))
  await eventually(() => expect(heard).toHaveLength(2))
  expect(heard).toEqual([identityOf(process.pid), { kind: 'exited', code: 3 }])
})

test('who can not say who it is stands for its program, and who is not listened to is not heard', async () => {
  const vague = overheard()
  vague.words.write('\n')
  await eventually(() => expect(vague.heard).toEqual([{ pid: 7, start: 70 }]))
  const ignored = overheard()
  ignored.stop()
  ignored.child.emit('exit', 3, null)
  await once(ignored.words, 'close')
  expect(ignored.heard).toEqual([])
})

const shells = ['/bin/dash', '/bin/bash', '/bin/ksh', '/bin/zsh'].filter((shell) => existsSync(shell))
test.each(shells)('the script says nothing and means the same in %s', (shell) => {
  const run = (...command: string[]) => {
    const argv = ['-c', recorderScript('SIGKILL'), exitPath(), ...command]
    const { status, output } = spawnSync(shell, argv, {
      encoding: 'latin1',
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      argv0: 'sh',
    })
    return { status, record: readFileSync(exitPath(), 'utf8'), out: output[1], noise: output[2], words: output[3] ?? '' }
  }
  const self = run('/bin/sh', '-c', 'echo $$; exit 3')
  expect(self).toMatchObject({ status: 3, record: '3\n', noise: '' })
  expect(parseStat(self.words)?.pid).toBe(Number(self.out))
  for (const [signal, code] of [
    ['TERM', 143],
    ['KILL', 137],
    ['SEGV', 139],
  ] as const) {
    expect(run('/bin/sh', '-c', `kill -${signal} $$`)).toMatchObject({ status: code, record: `${code}\n`, out: '' })
  }
  expect(run('/bin/grep', '-E', 'Sig(Blk|Ign)', '/proc/self/status').out).toBe(
    'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n',
  )
})
