import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatBytes, parseBytes } from '../../src/protocol/bytes.ts'
import { formatDuration, parseDuration } from '../../src/protocol/duration.ts'
import { isServiceName } from '../../src/protocol/ids.ts'
import { depthOf, parseJson } from '../../src/protocol/json.ts'
import { limits } from '../../src/protocol/limits.ts'
import { nearest } from '../../src/protocol/nearest.ts'

test.each([
  [0, '0 ms'],
  [750, '750 ms'],
  [999.6, '1 s'],
  [1_000, '1 s'],
  [1_500, '1.5 s'],
  [4_000, '4 s'],
  [59_999, '1 min'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [7_200_000 + 5_000, '2 h'],
  [90_000_000, '1 d 1 h'],
])('%d ms reads %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

test.each([
  ['500ms', 500],
  ['10s', 10_000],
  ['1.5 h', 5_400_000],
  ['2m', 120_000],
  ['1d', 86_400_000],
  ['10', undefined],
  ['-1s', undefined],
  ['1s2', undefined],
  ['', undefined],
])('%j is %s ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

test.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_536, '1.5 KB'],
  [1024 ** 2, '1 MB'],
  [1024 ** 3, '1 GB'],
])('%d bytes read %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

test.each([
  ['500B', 500],
  ['1.5 KB', 1_536],
  ['32MB', 32 * 1024 ** 2],
  ['1GB', 1024 ** 3],
  ['32mb', undefined],
  ['-1MB', undefined],
  ['32', undefined],
  ['', undefined],
])('%j is %s bytes', (text, bytes) => expect(parseBytes(text)).toBe(bytes))

test('depth is counted outside strings, and the parser refuses what is deeper', () => {
  expect(depthOf('{"a":["[[[","\\"["]}', 100)).toBe(2)
  const deep = '['.repeat(limits.jsonDepth) + ']'.repeat(limits.jsonDepth)
  expect(parseJson(deep)).toBeDefined()
  expect(() => parseJson(`[${deep}]`)).toThrow(`at most ${limits.jsonDepth} levels`)
  expect(() => parseJson('['.repeat(5_000_000))).toThrow('at most')
})

test('JSON goes through unaltered, but for __proto__ keys', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 10 }), (value) => {
      const text = JSON.stringify(value).replaceAll('__proto__', 'x')
      expect(parseJson(text)).toEqual(JSON.parse(text))
    }),
  )
  expect(Object.keys(parseJson('{"__proto__":1,"a":2}') as object)).toEqual(['a'])
})

test.each(['web', 'a', '_x', 'my-service.2', '0'])('%s is a name', (name) => expect(isServiceName(name)).toBe(true))
test.each(['', '-x', '../x', 'a/b', 'a b', 'a..b', 'é', 'x'.repeat(65), '.x', 'a\n'])('%j is no name', (name) =>
  expect(isServiceName(name)).toBe(false),
)

test('the nearest name is offered only when it is near', () => {
  expect(nearest('wbe', ['web', 'worker'])).toBe('web')
  expect(nearest('wroker', ['web', 'worker'])).toBe('worker')
  expect(nearest('database', ['web', 'worker'])).toBeUndefined()
})
