import { expect, test } from 'vitest'
import { changesOf } from '../../src/machines/changes.ts'
import { reconcile } from '../../src/machines/reconcile.ts'
import type { Observed } from '../../src/protocol/observed.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { probe, specOf } from '../support/specs.ts'

const supervised = (spec: ServiceSpec, leaving = false): Observed => ({
  incarnations: [],
  contained: [],
  exits: [],
  supervised: spec,
  leaving,
})

function changes(now: ReadonlyArray<ServiceSpec | Observed>, next: readonly ServiceSpec[]) {
  const observed = new Map(
    now.map((one): [string, Observed] => {
      const seen = 'incarnations' in one ? one : supervised(one)
      return [seen.supervised?.name ?? '', seen]
    }),
  )
  const steps = reconcile({ specs: next, records: new Map(), fresh: false, boot: 'b', seal: (one) => ({ ...one }) }, observed)
  return changesOf(steps, observed)
}
const web = specOf({ name: 'web', env: { A: '1', B: '2' } })

test('the same, in another order of its keys, is no change', () => {
  const { name, ...rest } = web
  expect(changes([web], [{ ...rest, name, env: { B: '2', A: '1' } }])).toEqual([])
})

test.each<readonly [string, Partial<ServiceSpec>, readonly string[]]>([
  ['one field', { args: ['x'] }, ['args']],
  ['an override that the config does not have', { env: {} }, ['env']],
  [
    'names as the config has them',
    { workingDir: '/tmp', dependsOn: [{ service: 'db', condition: 'started' }] },
    ['working_dir', 'depends_on'],
  ],
  ['a field within a block', { restart: { ...web.restart, delay: 7 } }, ['restart']],
  ['its labels', { category: 'advanced', kind: 'mcp' }, ['category', 'kind']],
  ['a probe where there was none', { readiness: probe }, ['readiness']],
])('a changed service says in what: %s', (_, more, fields) => {
  expect(changes([web], [{ ...web, ...more }])).toEqual([{ service: 'web', change: 'changed', fields }])
})

test('new ones, and those that are gone', () => {
  expect(changes([web], [specOf({ name: 'new' })])).toEqual([
    { service: 'new', change: 'added', fields: [] },
    { service: 'web', change: 'removed', fields: [] },
  ])
})

test('one that goes already is not removed again, and when it is wanted again it is new', () => {
  expect(changes([supervised(web, true)], [])).toEqual([])
  expect(changes([supervised(web, true)], [web])).toEqual([{ service: 'web', change: 'added', fields: [] }])
})
