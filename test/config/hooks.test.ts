import { describe, expect, test } from 'vitest'
import { configOf, problemsOf } from './parse.ts'

const services =
  'services: { web: { command: x }, db: { command: x, instances: 2 } }, groups: { both: { strategy: one_for_all, services: [web, db] } }'
const text = (hooks: string): string => `supervisor: { ${services}, on_event: [${hooks}] }`

describe('a hook in full', () => {
  test('with nothing but what it needs', () => {
    expect(configOf(text('{ events: [crashed, crashed], exec: [./tell, 007] }')).hooks).toEqual([
      {
        name: 'hook-1',
        events: ['crashed'],
        services: null,
        groups: null,
        target: { type: 'exec', argv: ['./tell', '007'] },
        timeout: 10_000,
        retries: 3,
        delay: 1_000,
      },
    ])
  })

  test('with everything; names mean services, instances and members of groups', () => {
    const hook = `{ name: pager, events: [ready], services: [db, both], webhook: "https://x.example/\${KEY}", headers: { X-A: 01 }, secret: "\${S}", timeout: 2, retries: 0, delay: 5s }`
    expect(configOf(text(hook), { KEY: 'k', S: '0x1' }).hooks).toEqual([
      {
        name: 'pager',
        events: ['ready'],
        services: ['db-1', 'db-2', 'web'],
        groups: ['both'],
        target: { type: 'webhook', url: 'https://x.example/k', headers: { 'X-A': '01' }, secret: '0x1' },
        timeout: 2_000,
        retries: 0,
        delay: 5_000,
      },
    ])
  })

  test('what fills in its secrets does not reach the programs that are run', () => {
    const hook =
      'webhook: "https://x.example/${KEY}", headers: { Authorization: "Bearer ${TICKET}" }, secret: "${S}", events: [ready]'
    const { secretVariables } = configOf(text(`{ ${hook} }, { exec: ["\${HOME}/tell"], events: [ready] }`), {
      KEY: 'k',
      S: 's',
      TICKET: 't',
      HOME: '/',
    })
    expect([...secretVariables].sort()).toEqual(['KEY', 'S', 'TICKET'])
  })
})

test.each([
  ['{ exec: [x] }', /on_event\[0\]\.events: is required/],
  ['{ events: [], exec: [x] }', /events: expected a list with at least one event/],
  ['{ events: [crashd], exec: [x] }', /events\[0\]: .*crashed/],
  ['{ events: [ready] }', /on_event\[0\]: expected exec or webhook$/],
  ['{ events: [ready], exec: [x], webhook: "http://x" }', /expected exec or webhook, and has both/],
  ['{ events: [ready], exec: x }', /exec: expected .*list/],
  ['{ events: [ready], exec: [] }', /exec: expected a list with a program/],
  ['{ events: [ready], webhook: "ftp://x" }', /webhook: expected a URL that begins with http/],
  ['{ events: [ready], exec: [x], secret: s }', /secret: belongs to a webhook/],
  ['{ events: [ready], exec: [x], headers: { a: b } }', /headers: belongs to a webhook/],
  ['{ events: [ready], webhook: "http://x", headers: { X-Hyphae-Event: b } }', /X-Hyphae-Event: is said by Hyphae itself/],
  ['{ events: [ready], webhook: "http://x", secret: "" }', /secret: expected a text that is not empty/],
  ['{ events: [ready], exec: [x], services: [wbe] }', /there is no service or group "wbe" \(web\?\)/],
  ['{ events: [ready], exec: [x], name: a }, { events: [ready], exec: [x], name: a }', /another hook is called "a" already/],
  ['{ events: [ready], exec: [x], name: "a b" }', /name: expected a letter/],
  ['{ events: [ready], exec: [x], retries: 99 }', /retries: expected a whole number from 0 to 20/],
  ['{ events: [ready], exec: [x], delay: 1h }', /delay: expected a duration of at most/],
  ['{ events: [ready], exec: [x], url: y }', /url/],
])('what is wrong with %s is told by its field', (hook, expected) => {
  expect(problemsOf(text(hook)).join('\n')).toMatch(expected)
})
