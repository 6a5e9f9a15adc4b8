import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { magictunnel, type MagicTunnelState } from '../../src/dialects/magictunnel.ts'
import type { Effect, Heard } from '../../src/protocol/dialect.ts'
import { HyphaeError, messageOf } from '../../src/protocol/errors.ts'
import { limits } from '../../src/protocol/limits.ts'

/** The control port from its bytes on: what telnet sends, what is no line of ours, and chunks that end anywhere. */

const dialect = magictunnel({ now: () => 'now', defaultService: () => 'web', isAllowed: () => true })

/** As a conversation does it: bytes to messages to effects. */
function converse(chunks: ReadonlyArray<Uint8Array | string>, end = true): Effect[] {
  const codec = dialect.codec()
  let state: MagicTunnelState = dialect.initial
  const effects: Effect[] = []
  let deaf = false
  const hear = (heard: Heard): void => {
    const [next, more] = dialect.fold(state, heard)
    state = next
    effects.push(...more)
  }
  const read = (cut: () => string[]): void => {
    if (deaf) return
    try {
      for (const text of cut()) hear({ type: 'message', text })
    } catch (error) {
      if (!(error instanceof HyphaeError)) throw error
      deaf = true
      hear({ type: 'malformed', code: 'parse_error', because: messageOf(error) })
    }
  }
  for (const chunk of chunks) read(() => codec.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
  if (end) {
    read(() => codec.end())
    hear({ type: 'ended' })
  }
  return effects
}
const invoked = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) => (effect.type === 'invoke' ? [effect.command] : []))
const messages = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) => (effect.type === 'write' ? [(JSON.parse(effect.text) as { message: string }).message] : []))
const kinds = (effects: readonly Effect[]): string[] => effects.map(({ type }) => type).filter((type) => type !== 'timer')
const bytes = (...list: number[]): Buffer => Buffer.from(list)

describe('lines', () => {
  test.each([
    ['LF', ['status\n']],
    ['CRLF', ['status\r\n']],
    ['byte by byte', 'status\r\n'.split('')],
    ['the last line without its end', ['status']],
    ['what telnet says before', [bytes(0xff, 0xfd, 0x03, 0xff, 0xfb, 0x18), 'status\r\n']],
    ['what telnet says within, cut anywhere', ['sta', bytes(0xff), bytes(0xfd), bytes(0x00), 'tus\r\n']],
    ['a subnegotiation', ['st', bytes(0xff, 0xfa, 0x18, 0x00, 0x0a, 0xff), bytes(0xff, 0xff, 0xf0), 'atus\n']],
    ['an interrupt', [bytes(0xff, 0xf4, 0xff, 0xfd, 0x06), 'status\n']],
  ])('%s', (_, chunks) => {
    expect(invoked(converse(chunks))).toEqual(['system.status'])
  })

  test('an empty line is answered as the original answers it', () => {
    expect(messages(converse(['\r\n']))).toEqual(['Invalid command format: EOF while parsing a value at line 2 column 0'])
  })

  test('a connection without a byte is closed without a word', () => {
    expect(kinds(converse([]))).toEqual(['close'])
  })

  test('a line that is not finished asks for nothing', () => {
    expect(invoked(converse(['"Status"'], false))).toEqual([])
    expect(dialect.codec().partial()).toBe(false)
    const codec = dialect.codec()
    codec.push(bytes(0xff))
    expect(codec.partial()).toBe(true)
  })

  test('a line, and a negotiation, have a length', () => {
    const long = converse(['x'.repeat(limits.controlLineBytes), 'x'])
    expect(messages(long)).toEqual([`Invalid command format: a line may have at most ${limits.controlLineBytes} bytes`])
    expect(kinds(long)).toEqual(['write', 'close'])
    expect(messages(converse([bytes(0xff, 0xfa), Buffer.alloc(limits.telnetBytes + 1, 1), '\nstatus\n']))).toEqual([
      `Invalid command format: a negotiation of telnet may have at most ${limits.telnetBytes} bytes`,
    ])
  })
})

describe('what is no line of ours', () => {
  test.each([
    ['a hello of TLS', [bytes(0x16, 0x03, 0x01, 0x02, 0x00, 0x01), '\nstatus\n']],
    ['a hello of TLS in two parts', [bytes(0x16), bytes(0x03), '\nstatus\n"Stop"\n']],
    [
      'a page that posts',
      ['POST / HTTP/1.1\r\nHost: localhost:8081\r\nContent-Type: text/plain\r\n\r\n"Stop"\nstop\n{"Restart":{}}\n'],
    ],
    ['a page that posts, slowly', ['POST / HT', 'TP/1.1\r', '\n', '"Stop"\n', 'stop\n']],
    ['HTTP/2', ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'stop\n']],
    ['binary', [bytes(0x00, 0x01, 0x00, 0x08), '\nstatus\n']],
    ['binary within a line', ['stat', bytes(0), 'us\nstatus\n']],
  ])('%s is refused at once, and nothing after it is taken', (_, chunks) => {
    const effects = converse(chunks)
    expect(kinds(effects)).toEqual(['write', 'close'])
    expect(messages(effects)[0]).toMatch(
      /^Invalid command format: this port speaks lines of text and JSON, not (TLS|HTTP|binary)/,
    )
  })
})

test.each([
  ['TLS', bytes(0x16, 0x03)],
  ['binary', bytes(0x41, 0x00)],
])('%s is refused with its first bytes, before any line ends', (_, chunk) => {
  expect(kinds(converse([chunk], false))).toEqual(['write', 'close'])
})

describe('any bytes', () => {
  const pieces = fc.oneof(
    fc.uint8Array({ maxLength: 12 }).map((one) => Buffer.from(one)),
    fc
      .constantFrom('"Status"', '"Stop"', '{"Restart":{}}', 'stop', 'restart web', '\n', '\r\n', '{', '"', 'GET / HTTP/1.1')
      .map((one) => Buffer.from(one)),
    fc.constantFrom(bytes(0xff, 0xfd, 0x01), bytes(0xff), bytes(0xff, 0xfa), bytes(0xff, 0xf0), bytes(0), bytes(0x16, 0x03)),
  )
  const chunked = (whole: Buffer, cuts: readonly number[]): Buffer[] => {
    const at = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b)
    return [...at, whole.length].map((to, i) => whole.subarray(at[i - 1] ?? 0, to))
  }
  /** Every command that the pieces can make, found by other means than the dialect's. */
  const commands = (whole: Buffer): number =>
    whole
      .toString('latin1')
      .split('\n')
      .filter((one) => /stop|restart|status/i.test(one)).length

  test('it never throws, and asks for nothing unless a whole command stood on a line', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), fc.array(fc.nat(200), { maxLength: 8 }), (parts, cuts) => {
        const whole = Buffer.concat(parts)
        const effects = converse(chunked(whole, cuts))
        expect(invoked(effects).length).toBeLessThanOrEqual(commands(whole))
        expect(effects.filter(({ type }) => type === 'close').length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 500 },
    )
  })

  test('random bytes ask for nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (chunks) => {
        expect(invoked(converse(chunks))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('where chunks end makes no difference', () => {
    const words = fc.constantFrom(
      'status',
      '"Status"',
      'stop web',
      'é',
      '\n',
      '\r\n',
      ' ',
      'help',
      '\u00ff',
      '{"Restart":{"args":["é"]}}',
    )
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), fc.array(fc.nat(200), { maxLength: 8 }), (parts, cuts) => {
        const whole = Buffer.from(parts.join(''))
        expect(converse(chunked(whole, cuts))).toEqual(converse([whole]))
      }),
    )
  })

  test('a spoilt command is not run, or run as unsafe as it was marked', () => {
    const text = '{"ExecuteCommand":{"command":{"command_type":"Make","command":"build","is_safe":false}}}\n'
    for (let i = 0; i < text.length; i++) {
      for (const between of ['', '\u0001', '"', '}', 'x', '\\']) {
        const spoilt = text.slice(0, i) + between + text.slice(i + 1)
        const safe = converse([spoilt]).flatMap((effect) => (effect.type === 'invoke' ? [JSON.stringify(effect.input)] : []))
        for (const input of safe) expect(input).toContain('"is_safe":false')
      }
    }
  })
})
