import { createActor } from 'xstate'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { PlanInput, StepInput } from '../../src/machines/switch-vocabulary.ts'
import { switchMachine } from '../../src/machines/switch.ts'
import type { Statement } from '../../src/protocol/facts.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { SwitchPlan } from '../../src/protocol/mode.ts'
import { fake, type Fake } from '../support/fake.ts'

type Nothing<T extends string> = { readonly type: T }
let plan: Fake<Nothing<'plan.none'>, PlanInput>
let step: Fake<Nothing<'step.none'>, StepInput>
let facts: Statement[]

beforeEach(() => {
  plan = fake()
  step = fake()
  facts = []
})

const wanted: SwitchPlan = { from: 'proxy', mode: 'advanced', stops: ['old'], restarts: ['web'], starts: ['new'] }

function begun({ made = true, from = wanted.from }: { made?: boolean; from?: string | null } = {}) {
  const machine = switchMachine.provide({
    actors: { plan: plan.logic, step: step.logic },
    actions: { state: (_, statement) => void facts.push(statement) },
  })
  const actor = createActor(machine, { input: { id: 's1', mode: 'advanced', by: 'me', at: 100 } })
  actor.start()
  if (made) plan.emit({ type: 'plan.made', plan: { ...wanted, from }, same: false, at: 110 })
  return actor
}
const done = (at = 120): void => step.emit({ type: 'step.done', services: [], at })
const fail = (because: string, at = 130): void => step.emit({ type: 'step.failed', because, at })
const taken = (): string[] => step.inputs.map(({ step: which, way }) => `${which} ${way}`)
const said = (): Array<string | null | undefined> => facts.map(({ because }) => because)

describe('a switch', () => {
  test('takes one step after the other, says each, and is done when everything is ready', () => {
    const actor = begun()
    expect(plan.inputs).toEqual([{ address: 'switch.s1', mode: 'advanced', by: 'me' }])
    expect(actor.getSnapshot()).toMatchObject({ value: 'stopping', context: { because: 'to advanced: stopping old' } })
    done()
    expect(actor.getSnapshot()).toMatchObject({
      value: 'changing',
      context: { because: 'to advanced: restarting web, starting new' },
    })
    done()
    expect(actor.getSnapshot().value).toBe('verifying')
    done(350)
    expect(actor.getSnapshot()).toMatchObject({
      value: 'done',
      output: { outcome: 'done', because: null, plan: wanted, rolledBack: false, elapsed: 250, refusal: null },
    })
    expect(taken()).toEqual(['stopping there', 'changing there', 'verifying there'])
    expect(said()).toEqual([
      'switch to the mode advanced',
      'to advanced: stopping old: done',
      'to advanced: restarting web, starting new: done',
      'to advanced: waiting until every service is ready: done',
      'the mode is advanced now',
      'switch to the mode advanced: done',
    ])
    expect(facts.at(-2)).toMatchObject({ type: 'system.modeSwitched', about: 'supervisor.root', by: 'me' })
  })

  test('to the mode in force is done at once, and nothing is told', () => {
    const actor = begun({ made: false })
    plan.emit({ type: 'plan.made', plan: wanted, same: true, at: 110 })
    expect(actor.getSnapshot()).toMatchObject({ value: 'done', output: { outcome: 'done', because: null } })
    expect([facts, step.inputs]).toEqual([[], []])
  })

  test.each([
    ['busy', 'busy'],
    ['invalid_params', 'failed'],
  ])('that is refused as %s touches nothing', (code, outcome) => {
    const actor = begun({ made: false })
    plan.emit({ type: 'plan.refused', refusal: { code, message: 'no', data: {} }, at: 110 })
    expect(actor.getSnapshot()).toMatchObject({ value: 'done', output: { outcome, because: 'no', refusal: { code } } })
    expect([facts, step.inputs]).toEqual([[], []])
  })

  test.each([0, 1, 2])('goes back where a step fails, whichever it is (%i)', (before) => {
    const actor = begun()
    for (let n = 0; n < before; n++) done()
    fail('new failed: exited with code 1')
    expect(actor.getSnapshot()).toMatchObject({
      value: { rollingBack: 'stopping' },
      context: { because: 'back to proxy: stopping new' },
    })
    done()
    expect(actor.getSnapshot().context.because).toBe('back to proxy: restarting web, starting old')
    done()
    done(400)
    expect(actor.getSnapshot()).toMatchObject({
      value: 'done',
      output: {
        outcome: 'failed',
        because: 'new failed: exited with code 1; in the mode proxy again',
        rolledBack: true,
        elapsed: 300,
      },
    })
    expect(taken().slice(-3)).toEqual(['stopping back', 'changing back', 'verifying back'])
    expect(facts.some(({ type }) => type === 'system.modeSwitched')).toBe(false)
  })

  test.each([0, 1, 2])('that fails on the way back too says both (%i)', (before) => {
    const actor = begun({ from: null })
    fail('new failed')
    for (let n = 0; n < before; n++) done()
    fail('web failed')
    expect(actor.getSnapshot()).toMatchObject({
      value: 'done',
      output: { outcome: 'failed', because: 'new failed; and without a mode again, where web failed', rolledBack: false },
    })
  })

  test.each([0, 1, 2, 3, 4, 5])('ends where the orchestrator does, in any step (%i)', (before) => {
    const actor = begun()
    for (let n = 0; n < before; n++) {
      if (n === 2) fail('x')
      else done()
    }
    step.emit({ type: 'step.cancelled', because: 'the orchestrator is stopping', at: 140 })
    expect(actor.getSnapshot()).toMatchObject({
      value: 'done',
      output: { outcome: 'cancelled', because: 'the orchestrator is stopping', rolledBack: false },
    })
    expect(step.alive).toBe(0)
  })

  test('does not wait for ever, on either way', () => {
    vi.useFakeTimers()
    try {
      const actor = begun()
      vi.advanceTimersByTime(limits.switchStepTime)
      expect(actor.getSnapshot().value).toEqual({ rollingBack: 'stopping' })
      vi.advanceTimersByTime(limits.switchStepTime)
      expect(actor.getSnapshot().output).toMatchObject({
        outcome: 'failed',
        because: 'stopping took too long; and in the mode proxy again, where stopping took too long',
      })
    } finally {
      vi.useRealTimers()
    }
  })

  test('ports that nobody filled fail it', () => {
    const actor = createActor(switchMachine, { input: { id: 's1', mode: 'advanced', by: 'me', at: 0 } })
    actor.start()
    expect(actor.getSnapshot()).toMatchObject({ value: 'done', output: { outcome: 'failed', refusal: { code: 'internal' } } })
  })

  test('of very many services the first are named', () => {
    const machine = switchMachine.provide({ actors: { plan: plan.logic, step: step.logic } })
    const actor = createActor(machine, { input: { id: 's1', mode: 'advanced', by: 'me', at: 0 } })
    actor.start()
    const stops = Array.from({ length: 1_000 }, (_, n) => `s${n}`)
    plan.emit({ type: 'plan.made', plan: { ...wanted, stops }, same: false, at: 1 })
    expect(actor.getSnapshot().context.because.split(',')).toHaveLength(limits.switchNames + 1)
  })
})
