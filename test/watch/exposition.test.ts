import { expect, test } from 'vitest'
import { limits } from '../../src/protocol/limits.ts'
import { createCounter, createHistogram } from '../../src/watch/counting.ts'
import { exposition } from '../../src/watch/exposition.ts'
import { lint, readExposition } from '../support/exposition.ts'

test('what is hard to write comes back as it was', () => {
  const service = 'a "b"\\n\nc, d} 1'
  const text = exposition([
    {
      name: 'x_up',
      help: 'One\nline \\ of it.',
      type: 'gauge',
      samples: [{ labels: { service, other: '' }, value: 0.5 }, { value: Infinity }],
    },
    { name: 'nothing_total', help: 'Empty.', type: 'counter', samples: [] },
  ])
  expect(text).toBe(
    '# HELP x_up One\\nline \\\\ of it.\n# TYPE x_up gauge\nx_up{service="a \\"b\\"\\\\n\\nc, d} 1",other=""} 0.5\nx_up +Inf\n',
  )
  expect(readExposition(text).get('x_up')?.samples).toEqual([
    { name: 'x_up', labels: { service, other: '' }, value: 0.5 },
    { name: 'x_up', labels: {}, value: Infinity },
  ])
})

test('a histogram adds up', () => {
  const histogram = createHistogram([0.1, 1])
  for (const seconds of [0.05, 0.1, 0.5, 7]) histogram.observe(seconds, { command: 'a' })
  const text = exposition([{ name: 'took_seconds', help: 'Time.', type: 'histogram', samples: histogram.samples() }])
  expect(text.split('\n').slice(2, -1)).toEqual([
    'took_seconds_bucket{command="a",le="0.1"} 2',
    'took_seconds_bucket{command="a",le="1"} 3',
    'took_seconds_bucket{command="a",le="+Inf"} 4',
    'took_seconds_sum{command="a"} 7.65',
    'took_seconds_count{command="a"} 4',
  ])
  expect(lint(readExposition(text))).toEqual([])
})

test('strangers cannot make a scrape grow for ever; what is gone is forgotten', () => {
  const counter = createCounter()
  for (let index = 0; index < 2 * limits.metricSeries; index++) counter.add({ name: `${index}` })
  expect(counter.samples()).toHaveLength(limits.metricSeries)
  counter.forget(({ name }) => name !== '7')
  counter.add({ name: '7' })
  expect(counter.samples()).toEqual([{ labels: { name: '7' }, value: 2 }])
})

test('the linter of the tests finds what promtool finds', () => {
  const bad = exposition([
    { name: 'a_count', help: '', type: 'gauge', samples: [{ labels: { le: '1' }, value: 1 }] },
    { name: 'b_milliseconds', help: 'B.', type: 'counter', samples: [{ value: 1 }] },
    { name: 'c_total', help: 'C.', type: 'gauge', samples: [{ value: 1 }] },
    { name: 'd_gauge_kb', help: 'D.', type: 'gauge', samples: [{ value: 1 }] },
  ])
  expect(lint(readExposition(bad))).toHaveLength(8)
  for (const text of [
    'a 1',
    'a 1\n',
    '# TYPE a gauge\na 1\n',
    '# HELP a A.\n# TYPE a gauge\na 1\na 2\n',
    '# HELP a A.\n# TYPE a gauge\nb 1\n',
  ])
    expect(() => readExposition(text), text).toThrow(/\w/)
})
