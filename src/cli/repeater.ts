import { HyphaeError } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'

/** Work that is asked for at any time, and done one after the other. */
export interface Repeater {
  ask(): void
  stop(): void
}

/**
 * Does the work whenever it is asked for. However often that is while it is under way, it is done once more afterwards: what
 * was asked last is never lost. Somebody else who is at it (`busy`) is waited for.
 */
export function createRepeater(work: () => Promise<void>): Repeater {
  let wanted = false
  let running = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  const run = async (): Promise<void> => {
    if (running) return
    running = true
    while (wanted) {
      wanted = false
      try {
        await work()
      } catch (error) {
        if (!(error instanceof HyphaeError && error.code === 'busy')) throw error
        timer = setTimeout(ask, limits.configSettle)
        break
      }
    }
    running = false
  }
  const ask = (): void => {
    wanted = !stopped
    void run()
  }
  return {
    ask,
    stop() {
      stopped = true
      wanted = false
      clearTimeout(timer)
    },
  }
}
