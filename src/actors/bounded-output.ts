import type { Readable } from 'node:stream'

/** The end of what a program wrote to one stream. */
export interface Kept {
  readonly text: string
  /** Its beginning is left out. */
  readonly truncated: boolean
}

/** Reads a stream to its end, whatever its length, and keeps its last bytes. */
export function keepLast(stream: Readable, most: number): () => Kept {
  let chunks: Buffer[] = []
  let size = 0
  let all = 0
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    all += chunk.length
    // Many small chunks must not cost more than what they hold.
    if (chunks.length > 1_024 || size > 2 * most) {
      const rest = Buffer.concat(chunks)
      chunks = [Buffer.from(rest.subarray(Math.max(0, rest.length - most)))]
      size = chunks[0]?.length ?? 0
    }
  })
  stream.on('error', () => undefined)
  return () => {
    const whole = Buffer.concat(chunks)
    let start = Math.max(0, whole.length - most)
    // Not in the middle of a character.
    if (start > 0) for (let n = 0; n < 3 && ((whole[start] ?? 0) & 0xc0) === 0x80; n++) start++
    const left = all - (whole.length - start)
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole.subarray(start))
    return left === 0 ? { text, truncated: false } : { text: `[${left} bytes left out]\n${text}`, truncated: true }
  }
}
