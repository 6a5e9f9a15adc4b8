import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, expect, test } from 'vitest'
import { isLimited, withReason } from '../../src/actors/memory-end.ts'
import { createMemoryGroups } from '../../src/actors/memory-group.ts'
import { specOf } from '../support/specs.ts'

const size = 64 * 2 ** 20
const name = `hyphae-memory-${process.pid}`
let folder: string | undefined
afterEach(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  folder = undefined
})

/** Why the kernel enforces no limits here. */
const refusal = ((): string | null => {
  const groups = createMemoryGroups(`${name}-trial`)
  const group = groups.of('/no/such/web')
  const possible = group.procs !== null && group.limit(size)
  groups.removeAll()
  return possible ? null : 'there is no memory hierarchy (cgroup v1) that we may write'
})()
if (refusal !== null) process.stderr.write(`not tested: memory limits of the kernel, because ${refusal}\n`)

test.skipIf(refusal !== null)('v1: beside its container; the counter begins anew, and an empty one goes', () => {
  const groups = createMemoryGroups(name)
  const group = groups.of('/no/such/web')
  expect(group.limited()).toBeNull()
  expect(group.limit(size)).toBe(true)
  expect([group.limited(), group.kills()]).toEqual([size, 0])
  const hungry = ['-c', 'echo $$ >"$0"; head -c 200000000 /dev/zero | tail >/dev/null', group.procs ?? '']
  expect(() => execFileSync('/bin/sh', hungry, { stdio: 'ignore' })).toThrow(/Command failed/)
  expect(group.kills()).toBe(1)
  // A later run of ours sees what was done to it, too.
  expect(createMemoryGroups(name).of('/no/such/web').kills()).toBe(1)
  expect(group.limit(2 * size)).toBe(true)
  expect([group.limited(), group.kills()]).toEqual([2 * size, 0])
  expect(groups.removeAll((container) => container === 'web')).toBe(false)
  expect(group.limited()).toBe(2 * size)
  expect(groups.removeAll()).toBe(true)
  expect(group.limited()).toBeNull()
})

/** The files that a v2 hierarchy with the memory controller has; what the kernel does with them is not to be had here. */
function unified(): { readonly parent: string; readonly container: string } {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-v2-'))
  const parent = join(folder, 'ours')
  const container = join(parent, 'web')
  mkdirSync(container, { recursive: true })
  return { parent, container }
}
const groupOf = (container: string) => createMemoryGroups(name, '/no/such').of(container)

test('v2: files of the container itself', () => {
  const { container } = unified()
  for (const file of ['memory.max', 'memory.swap.max', 'memory.oom.group']) writeFileSync(join(container, file), 'max')
  writeFileSync(join(container, 'memory.events'), 'low 0\nmax 9\noom 2\noom_kill 1\noom_group_kill 0\n')
  const group = groupOf(container)
  expect([group.procs, group.limited(), group.kills()]).toEqual([null, null, 1])
  expect(group.limit(size)).toBe(true)
  const files = ['memory.max', 'memory.swap.max', 'memory.oom.group'].map((file) => readFileSync(join(container, file), 'utf8'))
  expect(files.map((text) => text.replace(/ax$/, ''))).toEqual([
    String(size),
    expect.stringMatching(/^0/),
    expect.stringMatching(/^1/),
  ])
  // What was counted before is not of this incarnation.
  expect(group.kills()).toBe(0)
  writeFileSync(join(container, 'memory.events'), 'oom_kill 2\n')
  expect(group.kills()).toBe(1)
})

test('v2: the controller is asked for where it is not handed down, and without it there is no limit', () => {
  const { parent, container } = unified()
  writeFileSync(join(parent, 'cgroup.subtree_control'), '')
  expect(groupOf(container).limit(size)).toBe(false)
  expect(readFileSync(join(parent, 'cgroup.subtree_control'), 'utf8')).toBe('+memory')
})

test('an end says what the OOM killer had to do with it, where it had', () => {
  const spec = specOf({ memoryLimit: size })
  const of = (kills: number) => ({ memory: { procs: null, limited: () => size, kills: () => kills } }) as never
  const killed = { kind: 'signalled', signal: 'SIGKILL' } as const
  const because = "was ended by its memory limit (64 MB): killed by the kernel's OOM killer"
  expect(withReason(killed, spec, of(1))).toEqual({ ...killed, because })
  expect(withReason({ kind: 'unseen' }, spec, of(1))).toEqual({ kind: 'unseen', because })
  expect(withReason({ kind: 'exited', code: 1 }, spec, of(1))).toEqual({
    kind: 'exited',
    code: 1,
    because: "exited with code 1, after the kernel's OOM killer had struck in it for its memory limit (64 MB)",
  })
  for (const [exit, limited, container] of [
    [killed, spec, of(0)],
    [killed, spec, null],
    [killed, specOf(), of(1)],
    [{ kind: 'exited', code: 0 }, spec, of(1)],
    [{ kind: 'left' }, spec, of(1)],
  ] as const) {
    expect(withReason(exit, limited, container)).toBe(exit)
  }
  expect([isLimited(of(0), size), isLimited(of(0), size - 4096), isLimited(of(0), null)]).toEqual([true, false, false])
})
