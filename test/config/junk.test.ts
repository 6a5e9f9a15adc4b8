import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { faultsOf } from './parse.ts'

/** Either a config, or problems that all have a place in the file. Anything else that is thrown fails the test. */
function expectJudged(text: string): void {
  const lines = text.split('\n').length
  for (const { line, column, message } of faultsOf(text, { SET: 'x' })) {
    expect(message).not.toBe('')
    expect(line).toBeGreaterThanOrEqual(1)
    expect(line).toBeLessThanOrEqual(lines)
    expect(column).toBeGreaterThanOrEqual(1)
  }
}

const words = [
  'supervisor',
  'services',
  'web',
  'command',
  'args',
  'env',
  'restart',
  'delay',
  'max_delay',
  'readiness',
  'liveness',
  'http',
  'tcp',
  'exec',
  'log',
  'journal',
  'depends_on',
  'condition',
  'healthy',
  'one_shot',
  'restart_policy',
  'state',
  'security',
  'authentication',
  'token',
  'host',
  'port',
  '__proto__',
  'constructor',
  '<<',
  'window',
  'stop_signal',
  'health_check_url',
  'http://a',
  '10s',
  '${SET}',
  '${NOPE}',
  '${',
  '007',
  '-1',
  '.nan',
]
const scalar = fc.oneof(fc.constantFrom(...words), fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null))
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...words), fc.string()), tie('value'), { maxKeys: 6 }),
  ),
}))

test('any text is judged', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), expectJudged), { numRuns: 500 })
})

test('any text of the signs that mean something to YAML is judged', () => {
  const signs = fc.constantFrom(
    ...'{}[]:,-?&*!|>\'"#%@ \n\t\r$a0.~=<'.split(''),
    'supervisor: ',
    '\n  ',
    '&a ',
    '*a',
    '<<: ',
    '---\n',
    '${SET}',
  )
  fc.assert(
    fc.property(
      fc.array(signs, { maxLength: 60 }).map((parts) => parts.join('')),
      expectJudged,
    ),
    { numRuns: 1_500 },
  )
})

test('any JSON is judged', () => {
  fc.assert(fc.property(fc.json(), expectJudged), { numRuns: 300 })
})

test('any value in any place of a config is judged', () => {
  const texts = fc.tuple(value, value).chain(([service, block]) => {
    const supervisor = { services: { web: service }, restart: block, security: block }
    return fc.constantFrom(
      stringify({ supervisor, log: block, http: service }),
      JSON.stringify({ supervisor: service, state: block }),
    )
  })
  fc.assert(fc.property(texts, expectJudged), { numRuns: 400 })
})

test('any value in any field of a service is judged', () => {
  const fields = [
    'args',
    'env',
    'readiness',
    'liveness',
    'depends_on',
    'restart',
    'health_check',
    'stop_signal',
    'max_restarts',
    'command',
  ]
  const texts = fc.dictionary(fc.constantFrom(...fields), value).map((service) => {
    const web = { command: 'x', ...service }
    return stringify({ supervisor: { services: { web, db: { command: 'x', depends_on: ['web'] } } } })
  })
  fc.assert(fc.property(texts, expectJudged), { numRuns: 400 })
})
