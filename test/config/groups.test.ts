import { describe, expect, test } from 'vitest'
import { configOf, problemsOf, warningsOf } from './parse.ts'

const config = (
  groups: readonly string[],
  services: readonly string[] = ['db: { command: x }', 'web: { command: x }'],
  more = '',
): string =>
  [
    'supervisor:',
    ...(more === '' ? [] : [`  ${more}`]),
    '  services:',
    ...services.map((line) => `    ${line}`),
    '  groups:',
    ...groups.map((line) => `    ${line}`),
  ].join('\n')
const problems = (...[groups, services]: Parameters<typeof config>): string[] =>
  problemsOf(config(groups, services)).map((line) => line.replace('supervisor.groups.', ''))

describe('a group', () => {
  test("takes what it does not say from the supervisor's restart block", () => {
    const text = config(
      ['backend: { strategy: rest_for_one, services: [db, web] }'],
      undefined,
      'restart: { delay: 1s, max_delay: 30s, max_restarts: 3, window: 1m, jitter: 0 }',
    )
    expect(configOf(text).groups).toEqual([
      {
        name: 'backend',
        strategy: 'rest_for_one',
        services: ['db', 'web'],
        restart: { delay: 1_000, maxDelay: 30_000, factor: 2, jitter: 0, maxRestarts: 3, window: 60_000, stableUptime: 10_000 },
      },
    ])
  })

  test('says the rest itself', () => {
    const own =
      'max_restarts: unlimited, window: 2m, restart: { delay: 10, max_delay: 20, backoff: 1, jitter: 0.5, stable_uptime: 1 }'
    expect(configOf(config([`every: { strategy: one_for_all, services: [web], ${own} }`])).groups[0]?.restart).toEqual({
      delay: 10,
      maxDelay: 20,
      factor: 1,
      jitter: 0.5,
      maxRestarts: null,
      window: 120_000,
      stableUptime: 1_000,
    })
  })

  test('is none where the file has none', () => {
    expect(configOf('supervisor: { services: { web: { command: x } } }').groups).toEqual([])
  })
})

describe('what is wrong with it is told with its place', () => {
  test('names: of nobody, twice, of two groups, none at all', () => {
    expect(
      problems([
        'one: { strategy: one_for_all, services: [db, wen, db] }',
        'two: { strategy: one_for_all, services: [web, db] }',
      ]),
    ).toEqual([
      '6:50 one.services[1]: there is no service "wen" (web?)',
      '6:55 one.services[2]: "db" is named twice',
      '7:51 two.services[1]: "db" is in the group "one" already; a service is in one group at most',
    ])
    expect(problems(['one: { strategy: one_for_all, services: [] }'])).toEqual([
      '6:45 one.services: expected a list with at least one service; got an empty list',
    ])
  })

  test('its own name: that of a service, or none for an address, or all of them', () => {
    expect(problems(['all: { strategy: one_for_one, services: [db] }'])).toEqual([
      '6:5 all: "all" means every service; a group needs a name of its own',
    ])
    expect(problems(['db: { strategy: one_for_one, services: [db] }', '-x: { strategy: one_for_one, services: [web] }'])).toEqual(
      [
        '6:5 db: there is a service "db" too; a group needs a name of its own',
        '7:5 -x: is no name for a group: a letter, digit or underscore, then letters, digits, "_", "-" or ".", at most 64 characters',
      ],
    )
  })

  test('its strategy and its fields', () => {
    expect(problems(['one: { strategy: one_for_al, services: [db] }'])).toEqual([
      '6:22 one.strategy: expected one of one_for_one, one_for_all, rest_for_one; got "one_for_al" (one_for_all?)',
    ])
    expect(problems(['one: { services: [db], stratgy: one_for_all }'])).toEqual([
      '6:5 one.strategy: is required',
      '6:28 one.stratgy: is no field of this block (strategy?)',
    ])
  })

  test('an order that runs against depends_on, also over others: it could never start again', () => {
    const services = ['db: { command: x }', 'cache: { command: x, depends_on: [db] }', 'web: { command: x, depends_on: [cache] }']
    expect(problems(['one: { strategy: rest_for_one, services: [web, db] }'], services)).toEqual([
      '7:47 one.services[0]: "web" depends on "db" (web -> cache -> db), which stands behind it: neither could be started again; list "db" first',
    ])
    expect(problems(['one: { strategy: one_for_all, services: [cache, db] }'], services)).toEqual([
      '7:46 one.services[0]: "cache" depends on "db", which stands behind it: neither could be started again; list "db" first',
    ])
    expect(problems(['one: { strategy: one_for_all, services: [db, cache, web] }'], services)).toEqual([])
  })

  // With a look at every way there is this would take minutes.
  test('an order of thousands that need one another is checked all the same', () => {
    const names = Array.from({ length: 3_000 }, (_, index) => `s${index}`)
    const services = names.map((name, index) =>
      index === 0 ? `${name}: { command: x }` : `${name}: { command: x, depends_on: [s${index - 1}] }`,
    )
    expect(problems([`one: { strategy: one_for_all, services: [${names.join(', ')}] }`], services)).toEqual([])
  })

  test('a delay above its cap', () => {
    expect(problems(['one: { strategy: one_for_all, services: [db], restart: { delay: 2m } }'])).toEqual([
      '6:69 one.restart.delay: max_delay (1 min) is below delay (2 min)',
    ])
  })
})

test('what has no effect with one_for_one is a warning', () => {
  expect(warningsOf(config(['one: { strategy: one_for_one, services: [db], max_restarts: 3 }']))).toEqual([
    '6:51 supervisor.groups.one.max_restarts: has no effect with one_for_one, where each service counts its own restarts: say it there',
  ])
})
