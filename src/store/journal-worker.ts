import { setImmediate as breath } from 'node:timers/promises'
import process from 'node:process'
import { parentPort } from 'node:worker_threads'
import { createKeeper, type Keeper } from './keeper.ts'
import type { FromThread, ToThread } from './messages.ts'

/** The journal's thread: SQLite answers only when the disk has, and nobody else must wait for that. */
const port = parentPort
if (!port) throw new Error('this is a thread of the journal, not a program')
const say = (message: FromThread): void => port.postMessage(message)
let keeper: Keeper | undefined

async function hear(message: ToThread): Promise<void> {
  switch (message.is) {
    case 'open':
      keeper = createKeeper(message, (damage) => say({ is: 'damaged', damage }))
      return say(keeper.begin())
    case 'batch':
      say({ is: 'done', fault: keeper?.commit(message) ?? null })
      // The answer is on its way before the next write to the disk begins.
      await breath()
      return keeper?.tidy()
    case 'read':
      return say({ is: 'facts', id: message.id, facts: (await keeper?.read(message.query)) ?? [] })
    case 'kept':
      return say({ is: 'kept', id: message.id, kept: keeper?.kept() ?? null })
    case 'close':
      keeper?.close()
      return process.exit(0)
  }
}
port.on('message', (message: ToThread) => void hear(message))
