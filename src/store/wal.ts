import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { endianness } from 'node:os'

/**
 * SQLite ends its write-ahead log, without a word, at the first frame whose checksum is wrong: after a crash that is a write
 * cut short. After a flipped bit it is the loss of every later commit, so we look for ourselves before SQLite does.
 */
export interface WalTail {
  /** Commits stand behind a frame that is damaged: SQLite would drop them. */
  readonly cut: boolean
  /** Offset of what SQLite does not see, bytes; what stands there may be older, too. */
  readonly from: number
}

const headerBytes = 32
const frameHeaderBytes = 24
/** Room that one frame may take: SQLite's largest page. */
const mostBytes = 64 * 1024
const littleEndian = endianness() === 'LE'

/** undefined: there is no write-ahead log, or an empty one. */
export function walTail(path: string): WalTail | undefined {
  if (!existsSync(path)) return undefined
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    return size === 0 ? undefined : tailOf(file, size)
  } finally {
    closeSync(file)
  }
}

function tailOf(file: number, size: number): WalTail {
  const header = Buffer.alloc(headerBytes)
  readSync(file, header, 0, headerBytes, 0)
  const pageBytes = header.readUInt32BE(8)
  // Either of SQLite's two marks; the lower bit says in which byte order the sums were made.
  const swapped = header.readUInt32BE(0) === 0x377f0682 ? !littleEndian : littleEndian
  let sums = sum(header.subarray(0, 24), [0, 0], swapped)
  if (!agrees(header, 24, sums) || pageBytes === 0 || pageBytes > mostBytes) {
    // Zeros are a file that was made longer just before the power went.
    return { cut: size > headerBytes && header.some((byte) => byte !== 0), from: 0 }
  }

  const salts = header.subarray(16, 24)
  const frame = Buffer.alloc(frameHeaderBytes + pageBytes)
  const isOurs = (): boolean => frame.subarray(8, 16).equals(salts)
  const isCommit = (): boolean => frame.readUInt32BE(4) !== 0
  let at = headerBytes
  const read = (): boolean => readSync(file, frame, 0, frame.length, at) === frame.length

  /** SQLite goes back to the end of the last commit that is whole. */
  let from = at
  for (; read(); at += frame.length) {
    const next = sum(frame.subarray(frameHeaderBytes), sum(frame.subarray(0, 8), sums, swapped), swapped)
    if (!isOurs() || !agrees(frame, 16, next)) break
    sums = next
    if (isCommit()) from = at + frame.length
  }
  for (at += frame.length; read(); at += frame.length) if (isOurs() && isCommit()) return { cut: true, from }
  return { cut: false, from }
}

type Sums = readonly [number, number]

const agrees = (bytes: Buffer, at: number, [a, b]: Sums): boolean =>
  bytes.readUInt32BE(at) === a >>> 0 && bytes.readUInt32BE(at + 4) === b >>> 0

/** SQLite's own checksum of its write-ahead log. */
function sum(bytes: Buffer, [first, second]: Sums, swapped: boolean): Sums {
  let a = first
  let b = second
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    a = (a + (swapped === littleEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + b) | 0
    b = (b + (swapped === littleEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + a) | 0
  }
  return [a, b]
}
