import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { afterEach, expect, test } from 'vitest'
import { warnOfOrphans } from '../../src/cli/up/first-process.ts'
import { eventually } from '../support/eventually.ts'
import { siege, type Siege } from '../support/up.ts'

const inside = ['--pid', '--fork', '--mount-proc', '--kill-child']
const possible = spawnSync('unshare', [...inside, 'true']).status === 0
if (!possible) process.stderr.write('not tested: up as process 1, because no pid namespace can be made here\n')

let world: Siege | undefined
afterEach(() => world?.end())

test('nobody else is warned', async () => {
  const said: string[] = []
  await warnOfOrphans({ warn: (_, message) => void said.push(message) }, 42)
  expect(said).toEqual([])
})

test.skipIf(!possible)('as process 1 up says that it collects no orphans, and what to do', async () => {
  world = siege({ services: {} })
  const up = world.launch({ before: ['unshare', ...inside] })
  await eventually(() => expect(up.words()).toMatch(/^warning: running as process 1: .*tini -- hyphae up/m))
  await eventually(() => expect(up.words()).toContain('ready'))
})
