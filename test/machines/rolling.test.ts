import { createActor } from 'xstate'
import { expect, test } from 'vitest'
import { rollingMachine, type TurnCommand } from '../../src/machines/rolling.ts'
import type { Statement } from '../../src/protocol/facts.ts'
import type { TurnResult } from '../../src/protocol/rolling.ts'
import { fake } from '../support/fake.ts'

const turns = ['a', 'b', 'c'].map((id, n) => ({ service: `web-${n + 1}`, id }))

function rolling() {
  const port = fake<TurnCommand, { readonly by: string; readonly request?: string | undefined }>()
  const facts: Statement[] = []
  const machine = rollingMachine.provide({
    actors: { turns: port.logic },
    actions: { state: (_, statement) => void facts.push(statement) },
  })
  const actor = createActor(machine, { input: { id: 'r1', family: 'web', turns, by: 'me', request: 'q1' } })
  actor.start()
  const end = (result: Partial<TurnResult>): void =>
    port.emit({
      type: 'turn.ended',
      result: { service: 'web-1', workflow: 'restart.a', outcome: 'done', because: null, ...result },
    })
  return { actor, port, facts, end, taken: () => port.commands.map(({ turn }) => turn.service) }
}

test('one after the other: the next begins when the one before is done', () => {
  const { actor, port, end, taken, facts } = rolling()
  expect(port.inputs).toEqual([{ by: 'me', request: 'q1' }])
  expect(taken()).toEqual(['web-1'])
  expect(actor.getSnapshot().context.because).toBe('asked for by me; web-1 is 1 of 3')
  end({})
  expect(taken()).toEqual(['web-1', 'web-2'])
  end({ service: 'web-2' })
  end({ service: 'web-3' })
  expect(actor.getSnapshot().output?.turns.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done'])
  expect(facts.map(({ because }) => because)).toEqual([
    'restart of web, one after the other',
    'restart of web, one after the other: done',
  ])
})

test.each(['failed', 'busy', 'cancelled'] as const)('one that is %s leaves the rest alone, and they say why', (outcome) => {
  const { actor, end, taken, facts } = rolling()
  end({})
  end({ service: 'web-2', outcome, because: 'exited with code 1' })
  expect(taken()).toEqual(['web-1', 'web-2'])
  expect(actor.getSnapshot().output?.turns).toEqual([
    { service: 'web-1', workflow: 'restart.a', outcome: 'done', because: null },
    { service: 'web-2', workflow: 'restart.a', outcome, because: 'exited with code 1' },
    { service: 'web-3', workflow: null, outcome: 'cancelled', because: 'left alone, because web-2 was not restarted' },
  ])
  expect(facts.at(-1)?.because).toBe(`restart of web, one after the other: web-2 ${outcome}, exited with code 1; 1 left alone`)
})
