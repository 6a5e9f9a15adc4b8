import { describe, expect, test } from 'vitest'
import type { Entry } from '../src/directory.ts'
import { eventOf, isTold } from '../src/hook-payload.ts'
import type { Fact } from '../src/protocol/facts.ts'
import type { HookEvent, HookSpec } from '../src/protocol/hook.ts'

const fact = (type: string, data: Fact['data'] = {}): Fact => ({
  seq: 1,
  time: '2031-03-01T00:00:00.000Z',
  type: type as Fact['type'],
  about: 'service.web',
  because: null,
  by: null,
  data,
})
const directory = {
  lastRestart: () => '2031-03-01T00:00:00.000Z',
  entry: () => ({ snapshot: { context: { spec: { successCodes: [0, 7] } } } }) as unknown as Entry,
}

test.each<[string, Fact['data'], HookEvent | null]>([
  ['service.exited', { planned: false, exit: { kind: 'exited', code: 1 } }, 'crashed'],
  ['service.exited', { planned: false, exit: { kind: 'signalled', signal: 'SIGSEGV' } }, 'crashed'],
  ['service.exited', { planned: false, exit: { kind: 'unspawnable', because: 'x', passing: false } }, 'crashed'],
  ['service.exited', { planned: false, exit: { kind: 'unseen' } }, 'crashed'],
  ['service.exited', { planned: false, exit: { kind: 'exited', code: 0 } }, null],
  ['service.exited', { planned: false, exit: { kind: 'exited', code: 7 } }, null],
  ['service.exited', { planned: true, exit: { kind: 'signalled', signal: 'SIGKILL' } }, null],
  ['service.exited', { planned: false, exit: { kind: 'left' } }, null],
  ['service.spawned', {}, 'restarted'],
  ['service.gaveUp', {}, 'gave_up'],
  ['group.gaveUp', {}, 'gave_up'],
  ['system.fault', {}, 'fault'],
  ['system.mended', {}, 'mended'],
  ['system.lockdown', { on: true }, 'lockdown'],
  ['hook.failed', {}, null],
  ['command.accepted', {}, null],
])('%s with %j is the event %s', (type, data, event) => {
  expect(eventOf(fact(type, data), directory)).toBe(event)
})

test('a first spawn is no restart', () => {
  expect(eventOf(fact('service.spawned'), { ...directory, lastRestart: () => null })).toBeNull()
})

describe('who is told', () => {
  const all = { events: ['gave_up', 'fault'], services: null, groups: null } as unknown as HookSpec
  const some: HookSpec = { ...all, services: ['web'], groups: ['pair'] }
  test.each<[HookSpec, HookEvent, string, boolean]>([
    [all, 'gave_up', 'service.web', true],
    [all, 'crashed', 'service.web', false],
    [all, 'gave_up', 'group.other', true],
    [some, 'gave_up', 'service.web', true],
    [some, 'gave_up', 'service.db', false],
    [some, 'gave_up', 'group.pair', true],
    [some, 'gave_up', 'group.other', false],
    [some, 'fault', 'supervisor.root', true],
  ])('%#: %j of %s about %s: %s', (spec, event, about, told) => {
    expect(isTold(spec, event, about)).toBe(told)
  })
})
