import process from 'node:process'
import type { Items } from '../client/items.ts'
import { onReaderGone, out } from './terminal.ts'

/** Prints each item of a stream as a line, until Ctrl-C or until nobody reads it any more. */
export async function follow<T>(items: Items<T>, render: (item: T) => string): Promise<void> {
  const stop = (): void => void items.return()
  process.once('SIGINT', stop)
  onReaderGone(stop)
  try {
    for await (const item of items) await out.write(`${render(item)}\n`)
  } finally {
    process.off('SIGINT', stop)
  }
}
