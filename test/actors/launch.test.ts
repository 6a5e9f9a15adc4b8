import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createProbe } from '../../src/actors/probe.ts'
import type { Account } from '../../src/protocol/account.ts'
import type { ProbeFact } from '../../src/protocol/process.ts'
import { eventually } from '../support/eventually.ts'
import { invoke } from '../support/invoked.ts'
import { createStage, modes, specOf, type Stage } from '../support/programs.ts'
import { probe } from '../support/specs.ts'

/** What stands between us and a program: each look is at a real process. */

const isRoot = process.getuid?.() === 0
const nobody: Account = { name: 'nobody', uid: 65_534, gid: 65_534, home: '/nonexistent' }
const here = getPriority()
const sleeper = { command: '/bin/sleep', args: ['1000'], workingDir: '/' }
const describeSelf = 'id -u; id -g; id -G; nice; echo "$HOME $USER $LOGNAME"'
let stage: Stage

beforeEach(() => {
  stage = createStage()
})
afterEach(() => stage.clear())

const standing = async (pid: number) => {
  const { readFile } = await import('node:fs/promises')
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const ids = (name: string): number[] =>
    (new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1] ?? '').trim().split(/\s+/).filter(Boolean).map(Number)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return {
    uids: ids('Uid'),
    gids: ids('Gid'),
    groups: ids('Groups'),
    nice: Number(fields[16]),
    name: /^Name:\t(.*)$/m.exec(status)?.[1],
  }
}
const as = (id: number): number[] => [id, id, id, id]

describe.each(modes)('with containment %s', (containment) => {
  test('a niceness is there before the first instruction, and nothing stands between', async () => {
    const spawned = await stage.run({ ...sleeper, containment, nice: here + 5 }).fact('child.spawned')
    await eventually(async () => expect(await standing(spawned.pid)).toMatchObject({ name: 'sleep', nice: here + 5 }))
    expect(spawned.leader.pid).toBe(spawned.pid)
    const said = stage.run({ name: 'said', command: '/bin/sh', args: ['-c', 'nice'], containment, nice: here + 3 })
    await said.fact('child.exited')
    expect((await stage.text('said.log')).trim()).toBe(String(here + 3))
  })

  describe.skipIf(!isRoot)('as root', () => {
    test('a user has its own groups and what a login knows; its signals and its log are as ever', async () => {
      const child = stage.run({ ...sleeper, containment, user: nobody, nice: here - 2 })
      const { pid } = await child.fact('child.spawned')
      await eventually(async () =>
        expect(await standing(pid)).toEqual({
          uids: as(65_534),
          gids: as(65_534),
          groups: [65_534],
          nice: here - 2,
          name: 'sleep',
        }),
      )
      child.send({ type: 'child.signal', signal: 'SIGINT' })
      expect(await child.fact('child.exited')).toMatchObject({ exit: { kind: 'signalled', signal: 'SIGINT' } })
      const told = stage.run({
        name: 'told',
        command: '/bin/sh',
        args: ['-c', `${describeSelf}; test -e "$0" || exit 4`, process.execPath],
        workingDir: '/',
        containment,
        user: nobody,
        group: { name: 'daemon', gid: 1 },
        env: { LOGNAME: 'own', 'odd.name': 'kept' },
      })
      expect(await told.fact('child.exited')).toMatchObject({ exit: { code: 0 } })
      expect((await stage.text('told.log')).split('\n')).toEqual([
        '65534',
        '1',
        '1 65534',
        String(here),
        '/nonexistent nobody own',
        '',
      ])
    })

    test("a one-shot's exit is recorded by us, whoever it runs as", async () => {
      const job = { command: '/bin/sh', args: ['-c', `${describeSelf}; exit 3`], workingDir: '/', containment, oneShot: true }
      const child = stage.run({ ...job, user: nobody, nice: here + 7 })
      expect(await child.fact('child.exited')).toMatchObject({ exit: { kind: 'exited', code: 3 }, empty: true })
      expect((await stage.text('web.log')).split('\n')).toEqual([
        '65534',
        '65534',
        '65534',
        String(here + 7),
        '/nonexistent nobody nobody',
        '',
      ])
    })
  })
})

describe.skipIf(!isRoot)('as root', () => {
  test('a number that is nobody has no groups; a group alone leaves us who we are', async () => {
    const stranger = { name: '4000111', uid: 4_000_111, gid: 4_000_111, home: null }
    const one = await stage.run({ ...sleeper, user: stranger }).fact('child.spawned')
    await eventually(async () =>
      expect(await standing(one.pid)).toMatchObject({ uids: as(4_000_111), groups: [], name: 'sleep' }),
    )
    const other = await stage.run({ ...sleeper, name: 'other', group: { name: 'daemon', gid: 1 } }).fact('child.spawned')
    await eventually(async () => expect(await standing(other.pid)).toMatchObject({ uids: as(0), gids: as(1), name: 'sleep' }))
  })

  test('what its user may not run is no riddle', async () => {
    const closed = join(stage.dir, 'closed')
    mkdirSync(closed)
    const program = join(closed, 'program')
    writeFileSync(program, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
    chmodSync(closed, 0o700)
    chmodSync(stage.dir, 0o755)
    const child = stage.run({ command: program, workingDir: '/', user: nobody })
    expect(await child.fact('child.unspawnable')).toMatchObject({
      because: `it can't run as nobody, who may not execute ${program} in /: look at the rights of both, and of the folders above`,
      passing: false,
    })
  })

  test('a probe runs as its user, too', async () => {
    const look = createProbe({ logPath: () => '/dev/null', environment: { PATH: process.env['PATH'] }, log: () => {} })
    const target = { type: 'exec' as const, command: 'sh', args: ['-c', 'echo "$(id -un) $HOME"; exit 1'] }
    const spec = specOf({ user: nobody, workingDir: '/' })
    const input = {
      service: 'web',
      purpose: 'readiness' as const,
      probe: { ...probe, target, timeout: 20_000 },
      spec,
      pid: 1,
      logOffset: 0,
      spawnedAt: 0,
    }
    const looking = invoke<never, ProbeFact, typeof input>(look as never, input)
    expect((await looking.fact('probe.failed')).because).toBe('sh exited with code 1: nobody /nonexistent')
    looking.stop()
  })
})
