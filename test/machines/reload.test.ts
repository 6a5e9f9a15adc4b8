import { createActor } from 'xstate'
import { beforeEach, describe, expect, test } from 'vitest'
import { reloadMachine, type ChangeoverInput, type ReloadInput, type SourceInput } from '../../src/machines/reload.ts'
import type { Statement } from '../../src/protocol/facts.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { ReloadAnswer } from '../../src/protocol/reload.ts'
import { fake, type Fake } from '../support/fake.ts'
import { specOf } from '../support/specs.ts'

type Nothing<T extends string> = { readonly type: T }
let source: Fake<Nothing<'source.none'>, SourceInput>
let changeover: Fake<Nothing<'changeover.none'>, ChangeoverInput>
let facts: Statement[]

beforeEach(() => {
  source = fake()
  changeover = fake()
  facts = []
})

const read = { path: '/etc/hyphae.yaml', services: [specOf()] }
const answer: ReloadAnswer = {
  config: read.path,
  dry_run: false,
  changes: [{ service: 'web', change: 'added', fields: [] }],
  groups: [],
  unchanged: 0,
  because: '1 new',
  env_files: [],
  warnings: [],
}
const refusal = { code: 'invalid_params', message: 'hyphae.yaml:3:1: is no field', data: { problems: ['x'] } } as const

function reload(input: Partial<ReloadInput> = {}) {
  const machine = reloadMachine.provide({
    actors: { source: source.logic, changeover: changeover.logic },
    actions: { state: (_, statement) => void facts.push(statement) },
  })
  const actor = createActor(machine, { input: { id: 'r1', by: 'me', configPath: null, dryRun: false, ...input } })
  actor.start()
  return actor
}

describe('a reload', () => {
  test('reads, goes over to it, and says so once every service was told', () => {
    const actor = reload({ configPath: 'other.yaml' })
    expect(source.inputs).toEqual([{ address: 'reload.r1', configPath: 'other.yaml', dryRun: false }])
    source.emit({ type: 'config.read', read, answer })
    expect(actor.getSnapshot().value).toBe('applying')
    expect(changeover.inputs).toEqual([{ read }])
    expect(facts).toEqual([])
    changeover.emit({ type: 'changeover.told', answer })
    expect(actor.getSnapshot()).toMatchObject({ value: 'done', output: { answer, refusal: null } })
    expect(facts).toEqual([
      {
        type: 'system.reloaded',
        about: 'supervisor.root',
        because: '1 new',
        by: 'me',
        data: { config: read.path, added: ['web'], changed: [], removed: [] },
      },
    ])
  })

  test('a dry run tells nobody and states nothing', () => {
    const actor = reload({ dryRun: true })
    source.emit({ type: 'config.read', read, answer })
    expect(actor.getSnapshot()).toMatchObject({ value: 'done', output: { answer, refusal: null } })
    expect(changeover.inputs).toEqual([])
    expect(facts).toEqual([])
  })

  test('a config that is wrong changes nothing, and that is stated with the first problem', () => {
    const actor = reload()
    source.emit({ type: 'reload.refused', refusal })
    expect(actor.getSnapshot()).toMatchObject({ value: 'refused', output: { answer: null, refusal } })
    expect(changeover.inputs).toEqual([])
    expect(facts).toEqual([
      { type: 'system.reloadRefused', about: 'supervisor.root', because: 'hyphae.yaml:3:1: is no field', by: 'me' },
    ])
  })

  test.each([
    ['of a dry run', { dryRun: true }, refusal],
    ['while another one is at it', {}, { code: 'busy', message: 'no', data: {} }],
  ])('a refusal %s is nothing to be written down', (_, input, why) => {
    const actor = reload(input)
    source.emit({ type: 'reload.refused', refusal: why })
    expect(actor.getSnapshot()).toMatchObject({ value: 'refused', output: { refusal: why } })
    expect(facts).toEqual([])
  })

  test('what stops while it tells refuses it, without an answer', () => {
    const actor = reload()
    source.emit({ type: 'config.read', read, answer })
    changeover.emit({ type: 'reload.refused', refusal: { code: 'shutting_down', message: 'stopping', data: {} } })
    expect(actor.getSnapshot()).toMatchObject({ value: 'refused', output: { answer: null, refusal: { code: 'shutting_down' } } })
  })

  test('ports that nobody filled refuse it', () => {
    const actor = createActor(reloadMachine, { input: { id: 'r1', by: 'me', configPath: null, dryRun: false } })
    actor.start()
    expect(actor.getSnapshot()).toMatchObject({ value: 'refused', output: { refusal: { code: 'internal' } } })
  })

  test('of very many changes its fact names the first', () => {
    reload()
    source.emit({ type: 'config.read', read, answer })
    const changes = Array.from({ length: limits.reloadNames + 1 }, (_, n) => ({
      service: `s${n}`,
      change: 'removed' as const,
      fields: [],
    }))
    changeover.emit({ type: 'changeover.told', answer: { ...answer, changes } })
    expect(facts[0]?.data?.['removed']).toHaveLength(limits.reloadNames)
  })
})
