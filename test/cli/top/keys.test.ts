import { describe, expect, test } from 'vitest'
import { readKeys } from '../../../src/cli/top/keys.ts'

const keysOf = (...chunks: string[]): string[] => {
  const keys = readKeys(10)
  return chunks.flatMap((chunk) => keys.read(chunk)).map((typed) => (typed.type === 'key' ? typed.key : `pasted ${typed.text}`))
}

describe('keys', () => {
  test('by name, by character, and several at once', () => {
    expect(keysOf('\u001B[A\u001BOB\u001B[5~q\r\u007Fé日\u0003')).toEqual([
      'up',
      'down',
      'pageup',
      'q',
      'enter',
      'backspace',
      'é',
      '日',
      'ctrl-c',
    ])
  })

  test('a sequence may come in pieces; a lone escape is one when nothing more comes', () => {
    expect(keysOf('\u001B', '[', 'B')).toEqual(['down'])
    const keys = readKeys(10)
    expect(keys.read('\u001B')).toEqual([])
    expect(keys.waiting()).toBe(true)
    expect(keys.flush()).toEqual([{ type: 'key', key: 'escape' }])
    expect(keys.waiting()).toBe(false)
  })

  test('what is unknown is no command', () => {
    expect(keysOf('\u001B[31;5u', '\u001B[1;5A')).toEqual(['unknown', 'unknown'])
  })

  test('pasted text is one thing, bounded, wherever it is cut', () => {
    expect(keysOf('\u001B[200~xq\u001B[201~q')).toEqual(['pasted xq', 'q'])
    expect(keysOf('\u001B[200~a', 'b\u001B[20', '1~j')).toEqual(['pasted ab', 'j'])
    expect(keysOf(`\u001B[200~${'x'.repeat(50)}`, `${'y'.repeat(50)}\u001B[201~`)).toEqual([`pasted ${'x'.repeat(10)}`])
  })
})
