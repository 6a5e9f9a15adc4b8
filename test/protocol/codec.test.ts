import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lines } from '../../src/protocol/codec.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('lines are the same at whatever points the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ' '))),
      fc.array(fc.nat(50)),
      (texts, cuts) => {
        const whole = bytes(texts.map((text) => `${text}\n`).join(''))
        const codec = lines()
        const heard: string[] = []
        let from = 0
        for (const cut of cuts) {
          heard.push(...codec.push(whole.subarray(from, from + cut)))
          from += cut
        }
        heard.push(...codec.push(whole.subarray(from)), ...codec.end())
        expect(heard).toEqual(texts)
      },
    ),
  )
})

test('CRLF is taken, a last line without an end too, and empty lines are kept', () => {
  const codec = lines()
  expect(codec.push(bytes('a\r\n\nb'))).toEqual(['a', ''])
  expect(codec.end()).toEqual(['b'])
  expect(codec.end()).toEqual([])
})

test('a line that is too long is refused with the bound named, also when it never ends', () => {
  const codec = lines(10)
  expect(codec.push(bytes('0123456789\n'))).toEqual(['0123456789'])
  expect(() => codec.push(bytes('0123456789a'))).toThrow('a line may have at most 10 bytes')
})

test('what was pushed may be used again by its owner', () => {
  const codec = lines()
  const chunk = bytes('abc')
  codec.push(chunk)
  chunk.fill(0)
  expect(codec.push(bytes('\n'))).toEqual(['abc'])
})

test('bytes that are no UTF-8 become replacement characters', () => {
  expect(lines().push(Uint8Array.from([0x61, 0xff, 0x0a]))).toEqual(['a\uFFFD'])
})
