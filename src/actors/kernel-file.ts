import { closeSync, openSync, readSync } from 'node:fs'

/**
 * Reads a file that the kernel makes up (/proc, cgroups). Such files say that they are empty, so `readFileSync` takes
 * 64 KiB anew for each of them; a thousand looks would leave that much garbage outside the heap. Here one block serves all.
 */
let block = Buffer.allocUnsafeSlow(16 * 1024)

/** The bytes are good until the next read. Throws what `open` and `read` throw. */
export function readKernelBytes(path: string): Buffer {
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
