import { Worker } from 'node:worker_threads'
import { messageOf } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import type { FromThread, ToThread } from './messages.ts'

/** The journal's thread as seen from outside. */
export interface Thread {
  say(message: ToThread): void
  /** An idle thread does not keep the process alive; one with work under way does. */
  keepAlive(busy: boolean): void
  /** Asks it to end, and waits for it, though not for ever. */
  end(): Promise<void>
}

export interface ThreadEvents {
  hear(message: FromThread): void
  /** It has ended, unasked. Comes once. */
  died(because: string): void
}

/** MB. SQLite's own memory is not in it; a read of 10,000 facts and a salvage of 10,000 records are. */
const resourceLimits = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 }

export function startThread({ hear, died }: ThreadEvents): Thread {
  const url = new URL(import.meta.url.endsWith('.ts') ? './journal-worker.ts' : './journal-worker.js', import.meta.url)
  const worker = new Worker(url, { resourceLimits, env: {}, argv: [], execArgv: ['--disable-warning=ExperimentalWarning'] })
  let over = false
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const die = (because: string): void => {
    if (over) return
    over = true
    died(because)
  }
  worker.on('message', (message: FromThread) => hear(message))
  worker.on('error', (error) => die(messageOf(error)))
  worker.on('exit', (code) => die(`it ended with code ${code}`))

  return {
    say: (message) => worker.postMessage(message, []),
    keepAlive: (busy) => (busy ? worker.ref() : worker.unref()),
    async end() {
      over = true
      worker.ref()
      worker.postMessage({ is: 'close' } satisfies ToThread, [])
      let timer: NodeJS.Timeout | undefined
      const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, limits.journalCloseTime)))
      await Promise.race([ended, patience])
      clearTimeout(timer)
      worker.unref()
      void worker.terminate()
    },
  }
}
