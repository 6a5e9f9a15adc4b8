import process from 'node:process'
import type { WriteStream } from 'node:tty'
import { systemCode } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { offerTo, type Offer } from './patient-terminal.ts'
import { coloured, plain } from './render/paint.ts'
import type { Look } from './render/table.ts'

/** Where we write to: what it can show, and writing that waits for a slow reader. */
export interface Output {
  /** Can the cursor be moved in it? */
  readonly live: boolean
  /** Is it a terminal? */
  readonly terminal: boolean
  coloured(): boolean
  /** Width and colours as they are now; without a terminal nothing is cut. */
  look(): Look
  /** Lines that fit on the screen. */
  rows(): number
  write(text: string): Promise<void>
  /** Writes at once or not at all; false while it still has not taken what was offered before. */
  offer(text: string): boolean
  /** Has so much piled up for a slow reader that more would cost too much? */
  full(): boolean
  lines(lines: readonly string[]): Promise<void>
  json(value: unknown): Promise<void>
  /** Calls back when the window changes. */
  onResize(listener: () => void): void
}

/** https://no-color.org: present and not empty. */
const noColour = (): boolean => (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb'

/** Refusals of a disk, not of whoever reads. */
const tooFull: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
/** Whoever reads has gone (`| head`), or the terminal was closed: there is nobody left to tell. */
const readerGone = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'])
let outlives = false

/** From now on nothing ends us that only keeps us from talking: a file on a full disk, say. */
export const outliveOutput = (): void => void (outlives = true)

function outputOf(stream: WriteStream & { readonly fd: number }): Output {
  let gone = false
  stream.on('error', (error) => {
    const code = systemCode(error) ?? ''
    // What does not fit on a disk that is full is lost; what comes later may fit again.
    if (tooFull.has(code)) return
    if (!outlives && !readerGone.has(code)) throw error
    gone = true
  })
  const terminal = stream.isTTY
  const hasColours = (): boolean => terminal && !noColour()
  const write = (text: string): Promise<void> =>
    new Promise((resolve) => {
      if (gone) {
        resolve()
        return
      }
      stream.write(text, () => resolve())
    })
  const whenIdle: Offer = (text) => {
    if (stream.writableLength > 0) return false
    stream.write(text)
    return true
  }
  let offer: Offer | undefined
  return {
    terminal,
    live: terminal && process.env['TERM'] !== 'dumb',
    coloured: hasColours,
    look: () => ({ width: terminal ? stream.columns || 80 : Infinity, paint: hasColours() ? coloured : plain }),
    rows: () => stream.rows || 24,
    write,
    offer(text) {
      if (gone) return true
      offer ??= (terminal ? offerTo(stream.fd) : undefined) ?? whenIdle
      return offer(text)
    },
    full: () => stream.writableLength > limits.outboundBytes,
    lines: (lines) => (lines.length === 0 ? Promise.resolve() : write(`${lines.join('\n')}\n`)),
    json: (value) => write(`${JSON.stringify(value, null, 2)}\n`),
    onResize: (listener) => void stream.on('resize', listener),
  }
}

export const out = outputOf(process.stdout)
export const err = outputOf(process.stderr)

/** Calls back once nobody reads what we print any more. */
export const onReaderGone = (listener: () => void): void => void process.stdout.once('error', listener)
