import { describe, expect, test } from 'vitest'
import { configOf, problemsOf } from './parse.ts'

const services = (...lines: string[]): string => ['supervisor:', '  services:', ...lines.map((line) => `    ${line}`)].join('\n')
const problems = (...lines: string[]): string[] =>
  problemsOf(services(...lines)).map((line) => line.replace('supervisor.services.', ''))
const targets = [
  'plain: { command: x }',
  'probed: { command: x, readiness: { tcp: 80 } }',
  'checked: { command: x, health_check_url: "http://a/" }',
  'once: { command: x, one_shot: true }',
  'both: { command: x, one_shot: true, readiness: { log: up } }',
]
const dependsOn = (written: string): unknown =>
  configOf(services(...targets, `web: { command: x, depends_on: ${written} }`)).services.at(-1)?.dependsOn

describe('a condition', () => {
  const natural = [
    { service: 'plain', condition: 'started' },
    { service: 'probed', condition: 'healthy' },
    { service: 'checked', condition: 'healthy' },
    { service: 'once', condition: 'completed' },
    { service: 'both', condition: 'completed' },
  ]
  test('that is left out is what the service can fulfil', () => {
    expect(dependsOn('[plain, probed, checked, once, both]')).toEqual(natural)
    expect(dependsOn('{ plain: , probed: {}, checked: { condition: }, once: , both: }')).toEqual(natural)
  })

  test('can be given', () => {
    expect(dependsOn('{ probed: started, checked: { condition: healthy }, once: completed }')).toEqual([
      { service: 'probed', condition: 'started' },
      { service: 'checked', condition: 'healthy' },
      { service: 'once', condition: 'completed' },
    ])
  })

  test('that can never come true is an error', () => {
    expect(problems(...targets, 'web: { command: x, depends_on: { plain: healthy, probed: { condition: completed } } }')).toEqual(
      [
        '8:45 web.depends_on.plain: "plain" has no readiness probe, so it can never be said to be healthy; use started',
        '8:75 web.depends_on.probed.condition: "probed" is no one_shot, so it never completes; use started or healthy',
      ],
    )
  })
})

test('a service that does not exist is named, with the one that was meant', () => {
  expect(problems('web: { command: x, depends_on: [dv] }', 'db: { command: x, depends_on: { nothing: started } }')).toEqual([
    '3:37 web.depends_on[0]: there is no service "dv" (db?)',
    '4:37 db.depends_on.nothing: there is no service "nothing"',
  ])
})

test('a service can depend neither on itself nor twice on another', () => {
  expect(problems('web: { command: x, depends_on: [web, db, db] }', 'db: { command: x }')).toEqual([
    '3:37 web.depends_on[0]: "web" depends on itself',
    '3:46 web.depends_on[2]: "db" is named twice',
  ])
})

test('a cycle is shown from where it begins in the file, once (process-compose: TestComposeCircular)', () => {
  expect(
    problems(
      'first: { command: x, depends_on: [b] }',
      'a: { command: x, depends_on: [last, b] }',
      'b: { command: x, depends_on: { c: started } }',
      'c: { command: x, depends_on: [a] }',
      'last: { command: x }',
    ),
  ).toEqual(['4:41 a.depends_on[1]: dependency cycle: a -> b -> c -> a'])
})

test('cycles that share nothing are all shown', () => {
  expect(
    problems(
      'a: { command: x, depends_on: [b] }',
      'b: { command: x, depends_on: [a] }',
      'c: { command: x, depends_on: [d] }',
      'd: { command: x, depends_on: [c, a] }',
    ),
  ).toEqual(['3:35 a.depends_on[0]: dependency cycle: a -> b -> a', '5:35 c.depends_on[0]: dependency cycle: c -> d -> c'])
})

test('a service with an error of its own still counts, and its dependencies are still checked', () => {
  expect(problems('web: { command: x, depends_on: { db: healthy } }', 'db: { command: 5, depends_on: [wbe] }')).toEqual([
    '4:20 db.command: expected a text; got 5',
    '4:36 db.depends_on[0]: there is no service "wbe" (web?)',
  ])
})

test('a chain of thousands of services is no trouble', () => {
  const chain = Array.from({ length: 3_000 }, (_, i) => `s${i}: { command: x${i === 0 ? '' : `, depends_on: [s${i - 1}]`} }`)
  expect(configOf(services(...chain)).services).toHaveLength(3_000)
})
