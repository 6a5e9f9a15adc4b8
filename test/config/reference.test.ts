import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { problemsOf } from './parse.ts'

const text = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
const examples = Array.from(text.matchAll(/^```yaml\n(.*?)^```$/gms), (match) => match[1] ?? '')

test.each(examples)('an example of the reference loads: %s', (example) => {
  expect(problemsOf(example, { SUPERVISOR_TOKEN: 'hush' })).toEqual([])
})
