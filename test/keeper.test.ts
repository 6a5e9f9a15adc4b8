import { expect, test } from 'vitest'
import { createActor } from 'xstate'
import { createDirectory } from '../src/directory.ts'
import { inspectInto } from '../src/inspection.ts'
import { createKeeper } from '../src/keeper.ts'
import { groupMachine } from '../src/machines/group.ts'
import type { Journal } from '../src/protocol/journal.ts'
import { fake } from './support/fake.ts'
import { groupOf } from './support/specs.ts'

test('of groups that are gone, or begin anew, nothing is kept', async () => {
  const directory = createDirectory()
  const inspect = inspectInto(directory, (error) => {
    throw error
  })
  const said: string[] = []
  const journal = {
    put: ({ key }: { readonly key: string }) => said.push(`put ${key}`),
    remove: (_: string, key: string) => said.push(`remove ${key}`),
  } as unknown as Journal
  const gaveUp = {
    outcome: 'failed' as const,
    because: 'gave up',
    restartCount: 3,
    history: { restarts: [], streak: 0 },
  }
  const machine = groupMachine.provide({ actors: { members: fake<never, never>().logic as never } })
  const begin = (name: string, restored?: typeof gaveUp) =>
    createActor(machine, { input: { spec: { ...groupOf({}), name }, restored }, inspect }).start()
  const actors = [begin('restored', gaveUp), begin('anew')]
  await Promise.resolve()
  createKeeper({ directory, journal, boot: 'boot', groups: ['restored', 'anew', 'gone'] }).begin()
  expect(said).toEqual(['put restored', 'remove anew', 'remove gone'])
  for (const actor of actors) actor.stop()
})
