import { expect, test } from 'vitest'
import { plain } from '../../src/cli/render/paint.ts'
import { createStepLines } from '../../src/cli/workflow-steps.ts'
import type { Fact, FactType } from '../../src/protocol/facts.ts'

/** Which lines facts of workflows make. */

const fact = (type: FactType, about: string, because: string, data: Fact['data']): Fact => ({
  seq: 1,
  time: '2026-01-01T00:00:00.000Z',
  type,
  about,
  because,
  by: 'test',
  data,
})
const step = (about: string, name: string, outcome: string, why = '') =>
  fact('workflow.step', about, `${name}: ${outcome}${why}`, { step: name, outcome })

test('one line a step, of the workflow of this service alone', () => {
  const steps = createStepLines('web')
  for (const one of [
    step('restart.0', 'stop', 'done'),
    fact('workflow.started', 'restart.1', 'restart of db', { service: 'db' }),
    fact('workflow.started', 'restart.2', 'restart of web', { service: 'web' }),
    fact('workflow.started', 'restart.3', 'restart of web', { service: 'web' }),
    fact('program.finished', 'restart.2', 'make clean: exited with code 0', {}),
    step('restart.2', 'pre 1 of 1', 'done'),
    step('restart.1', 'stop', 'done'),
    step('restart.2', 'stop', 'done'),
    step('restart.2', 'verify', 'failed', ', it did not get ready'),
    step('restart.3', 'stop', 'done'),
  ])
    steps.hear(one)
  expect(steps.lines({ width: Infinity, paint: plain })).toEqual([
    'done      pre 1 of 1: make clean: exited with code 0',
    'done      stop',
    'failed    verify: it did not get ready',
  ])
})
