import { closeSync, openSync, readSync } from 'node:fs'
import { systemCode } from '../protocol/errors.ts'

/**
 * Reads a file that the kernel makes up (/proc, cgroups). Such files say that they are empty, so `readFileSync` takes
 * 64 KiB anew for each of them; a thousand looks would leave that much garbage outside the heap. Here one block serves all.
 */
let block = Buffer.allocUnsafeSlow(16 * 1024)

/** Kept for the day when none is left: who lives and who has died must be seen then, too. */
let spare: number | undefined

const keepSpare = (): void => {
  try {
    spare ??= openSync('/dev/null', 'r')
  } catch {
    // None is left now; the next read tries again.
  }
}

/** Does what takes one descriptor and gives it back, also when there is none: then it takes the spare one. */
export function withDescriptor<T>(work: () => T): T {
  keepSpare()
  try {
    return work()
  } catch (error) {
    if (spare === undefined || !['EMFILE', 'ENFILE'].includes(systemCode(error) ?? '')) throw error
    closeSync(spare)
    spare = undefined
  }
  try {
    return work()
  } finally {
    keepSpare()
  }
}

/** The bytes are good until the next read. Throws what `open` and `read` throw. */
export const readKernelBytes = (path: string): Buffer => withDescriptor(() => read(path))

function read(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    let size = 0
    for (;;) {
      if (size === block.length) {
        const larger = Buffer.allocUnsafeSlow(block.length * 2)
        block.copy(larger)
        block = larger
      }
      const count = readSync(file, block, size, block.length - size, null)
      if (count === 0) return block.subarray(0, size)
      size += count
    }
  } finally {
    closeSync(file)
  }
}

/** The same as text, a character a byte. */
export const readKernelText = (path: string): string => readKernelBytes(path).toString('latin1')
