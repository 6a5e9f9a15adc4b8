import { HyphaeError } from './errors.ts'
import { limits } from './limits.ts'

/** Cuts bytes into messages, and makes bytes of one. One codec serves one direction of one link. */
export interface Codec {
  /** The messages that became whole. Throws a HyphaeError when the bytes can't be read any further. */
  push(chunk: Uint8Array): string[]
  /** Is a message begun and not whole? */
  partial(): boolean
  /** What is left when the other side has sent its last byte. */
  end(): string[]
  encode(text: string): string
}

const newline = 0x0a

/** For links that have cut already: each chunk is one message. */
export function whole(): Codec {
  const decoder = new TextDecoder('utf-8')
  return { push: (chunk) => [decoder.decode(chunk)], partial: () => false, end: () => [], encode: (text) => text }
}

/** One message a line. CR before LF is dropped; a last line without LF counts; empty lines are kept. */
export function lines(maxBytes: number = limits.lineBytes): Codec {
  let parts: Uint8Array[] = []
  let size = 0
  // One decoder for whole lines only: a character cut by a chunk border is whole again here.
  const decoder = new TextDecoder('utf-8')

  const hold = (part: Uint8Array): void => {
    size += part.length
    if (size > maxBytes) {
      parts = []
      throw new HyphaeError('too_large', `a line may have at most ${maxBytes} bytes`)
    }
    // A copy: chunks are views of pooled memory that is used again.
    if (part.length > 0) parts.push(Uint8Array.from(part))
  }
  const take = (): string => {
    const only = parts.length === 1 ? parts[0] : undefined
    let whole = only
    if (whole === undefined) {
      whole = new Uint8Array(size)
      let offset = 0
      for (const part of parts) {
        whole.set(part, offset)
        offset += part.length
      }
    }
    parts = []
    size = 0
    const text = decoder.decode(whole)
    return text.endsWith('\r') ? text.slice(0, -1) : text
  }

  return {
    push(chunk) {
      const messages: string[] = []
      let start = 0
      for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, start)) {
        hold(chunk.subarray(start, at))
        messages.push(take())
        start = at + 1
      }
      hold(chunk.subarray(start))
      return messages
    },
    partial: () => size > 0,
    end() {
      return size === 0 ? [] : [take()]
    },
    encode: (text) => `${text}\n`,
  }
}
