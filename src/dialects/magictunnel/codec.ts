import { lines, type Codec } from '../../protocol/codec.ts'
import { HyphaeError } from '../../protocol/errors.ts'
import { limits } from '../../protocol/limits.ts'

/**
 * Lines, each with its line end as serde saw it; a last one without it has none. What telnet negotiates is dropped. TLS
 * and binary are refused with their first bytes: nothing of them is a line.
 */

const iac = 0xff
const subnegotiation = 0xfa
const subnegotiationEnd = 0xf0
/** WILL, WONT, DO and DONT: an option follows. */
const isNegotiation = (byte: number): boolean => byte >= 0xfb && byte <= 0xfe

const refuse = (what: string): never => {
  throw new HyphaeError('parse_error', `this port speaks lines of text and JSON, not ${what}`)
}

export function telnetLines(): Codec {
  const inner = lines(limits.controlLineBytes)
  /** Within telnet's own language: after IAC, before an option, within a subnegotiation, after IAC within one. */
  let within: 'text' | 'command' | 'option' | 'sub' | 'subCommand' = 'text'
  let skipped = 0
  let bytes = 0
  let first = 0

  function looksLikeTls(chunk: Uint8Array): boolean {
    const at = bytes
    bytes += chunk.length
    if (at === 0) first = chunk[0] ?? 0
    const second = at === 0 ? chunk[1] : at === 1 ? chunk[0] : undefined
    return first === 0x16 && second === 0x03
  }

  function withoutTelnet(chunk: Uint8Array): Uint8Array {
    if (within === 'text' && !chunk.includes(iac)) return chunk
    const text: number[] = []
    for (const byte of chunk) {
      switch (within) {
        case 'text':
          if (byte === iac) within = 'command'
          else text.push(byte)
          break
        case 'command':
          // Twice is the byte itself.
          if (byte === iac) text.push(byte)
          if (byte === subnegotiation) skipped = 0
          within = byte === subnegotiation ? 'sub' : isNegotiation(byte) ? 'option' : 'text'
          break
        case 'option':
          within = 'text'
          break
        case 'sub':
          if (++skipped > limits.telnetBytes) {
            throw new HyphaeError('too_large', `a negotiation of telnet may have at most ${limits.telnetBytes} bytes`)
          }
          if (byte === iac) within = 'subCommand'
          break
        case 'subCommand':
          within = byte === subnegotiationEnd ? 'text' : 'sub'
      }
    }
    return Uint8Array.from(text)
  }

  return {
    push(chunk) {
      if (chunk.length > 0 && bytes < 2 && looksLikeTls(chunk)) refuse('TLS')
      const text = withoutTelnet(chunk)
      if (text.includes(0)) refuse('binary')
      return inner.push(text).map((line) => `${line}\n`)
    },
    partial: () => inner.partial() || within !== 'text',
    end: () => inner.end(),
    encode: inner.encode,
  }
}
