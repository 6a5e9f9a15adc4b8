/** The only place that names Node's SQLite: its interface is young and may be renamed. */
export { DatabaseSync } from 'node:sqlite'

const codes = { full: 13, cantOpen: 14, permission: 3, busy: 5, noMemory: 7, readOnly: 8, io: 10, locked: 6, interrupted: 9 }
/** Reading behind the end of the file, a checksum of the disk, a file system that says it is corrupt. */
const damagedReads = new Set([522, 8202, 8458])
const surroundings: ReadonlySet<number> = new Set(Object.values(codes))

/** SQLite's own number of an error, extended; undefined when it comes from elsewhere. */
const numberOf = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined

/** True when the file is at fault; false when it is the disk, the folder or memory, which may be well again later. */
export function isDamage(error: unknown): boolean {
  const number = numberOf(error)
  // Not from SQLite: a row that is no row of ours, or a number too large for one; a system error has a code of its own.
  if (number === undefined) return !(error instanceof Error && 'syscall' in error)
  return damagedReads.has(number) || !surroundings.has(number & 0xff)
}

/** Nothing is wrong with the open file, there is only no room. */
export const isFull = (error: unknown): boolean => ((numberOf(error) ?? 0) & 0xff) === codes.full

export const isBusy = (error: unknown): boolean => [codes.busy, codes.locked].includes((numberOf(error) ?? 0) & 0xff)
