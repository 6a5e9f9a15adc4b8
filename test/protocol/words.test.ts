import { expect, test } from 'vitest'
import { splitWords } from '../../src/protocol/words.ts'

test.each([
  ['make clean', ['make', 'clean']],
  ['  a\t b ', ['a', 'b']],
  ['', []],
  [String.raw`echo 'a  b' "c d" e\ f`, ['echo', 'a  b', 'c d', 'e f']],
  [`echo '; touch x' "| b" '$(c)'`, ['echo', '; touch x', '| b', '$(c)']],
  [String.raw`echo \; \$x "\$x" "a\"b" "a\nb"`, ['echo', ';', '$x', '$x', 'a"b', String.raw`a\nb`]],
  [`a''b "" c`, ['ab', '', 'c']],
  ['--config=production.yaml --n=1', ['--config=production.yaml', '--n=1']],
  ["'A=b' c", ['A=b', 'c']],
])('%j is %j, and needs no shell', (line, words) => {
  expect(splitWords(line)).toEqual({ words, needsShell: false })
})

test.each([
  'a; b',
  'a && b',
  'a | b',
  'a > f',
  'a < f',
  'a $x',
  'a $(b)',
  'a `b`',
  'a "$(b)"',
  'a "`b`"',
  'a *',
  'a ?',
  'a [b]',
  'a {b,c}',
  'a ~',
  'a #b',
  'a\nb',
  'a\rb',
  'a \\\nb',
  'X=1 a',
  '! a',
  '(a)',
])('%j needs a shell', (line) => {
  expect(splitWords(line)).toMatchObject({ needsShell: true })
})

test.each([`a 'b`, `a "b`, 'a b\\', `a "b\\"`])('%j cannot be read', (line) => {
  expect(splitWords(line)).toMatchObject({ flaw: expect.any(String) as string })
})
