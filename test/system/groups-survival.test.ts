import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { markedProcesses } from '../../src/actors/scan.ts'
import type { GroupStatus } from '../../src/protocol/group.ts'
import { stateIdOf } from '../../src/state-dir.ts'
import { eventually } from '../support/eventually.ts'
import { siege, type Siege } from '../support/up.ts'

let place: Siege
beforeEach(() => {
  const program = (script: string, more: object = {}) => ({
    command: '/bin/sh',
    args: ['-c', `${script}; echo up; while :; do sleep 1000 & wait; done`],
    readiness: { log: 'up', interval: '50ms' },
    ...more,
  })
  place = siege({
    services: {
      a: program(':'),
      // Stays at its start while this file is there.
      b: program('while test -e slow; do sleep 0.02; done; test -e broken && exit 1'),
      c: program('trap "" TERM', { stop_grace: '500ms' }),
    },
    groups: { backend: { strategy: 'one_for_all', services: ['a', 'b', 'c'], max_restarts: 2 } },
  })
})
afterEach(() => place.end())

const group = async (): Promise<GroupStatus | undefined> => (await place.status()).groups['backend']
const reach = (state: string): Promise<void> => eventually(async () => expect((await group())?.state).toBe(state), 20_000)
const crash = async (name: string): Promise<void> => void process.kill((await place.service(name)).pid ?? Number.NaN, 'SIGKILL')
/** In one look: a member and its group. */
const seen = (service: string, state: string, ofGroup: string): Promise<void> =>
  eventually(async () => {
    const { services, groups } = await place.status()
    expect([services[service]?.state, groups['backend']?.state]).toEqual([state, ofGroup])
  }, 20_000)
/** Each runs once, and the group watches. */
const whole = (): Promise<void> =>
  eventually(async () => {
    const { services, groups } = await place.status()
    expect(Object.values(services).map(({ state }) => state)).toEqual(['healthy', 'healthy', 'healthy'])
    expect(groups['backend']?.state).toBe('watching')
    const marked = await markedProcesses(stateIdOf(place.stateDir))
    expect(new Set(marked.map(({ service, incarnation }) => `${service} ${incarnation}`)).size).toBe(3)
  }, 20_000)

test(
  'kill -9 while the members are held, while they are let go, and after it gave up: what should run runs, once',
  { timeout: 120_000 },
  async () => {
    let up = await place.up()
    await crash('a')
    await seen('c', 'terminating', 'holding')
    await place.kill(up)
    up = await place.up()
    await whole()

    writeFileSync(join(place.cwd, 'slow'), '')
    await crash('a')
    await seen('b', 'probing', 'releasing')
    await place.kill(up)
    rmSync(join(place.cwd, 'slow'))
    up = await place.up()
    await whole()

    writeFileSync(join(place.cwd, 'broken'), '')
    await crash('b')
    await reach('failed')
    const { reason } = (await group()) ?? {}
    await place.kill(up)
    up = await place.up()
    expect(await group()).toMatchObject({ state: 'failed', reason })
    rmSync(join(place.cwd, 'broken'))
    expect((await place.run('start', 'backend')).code).toBe(0)
    await whole()
  },
)
