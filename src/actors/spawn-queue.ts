import { limits } from '../protocol/limits.ts'
import { monotonic } from './proc.ts'

/**
 * Spawning keeps the event loop for milliseconds each time. One is run at once; many are cut into slices with a turn of the
 * loop between them, so that starting hundreds never makes us deaf.
 */
export interface SpawnQueue {
  /** Runs the task now if this turn still has time for it, otherwise in a later turn. The answer takes it out again. */
  run(task: () => void): () => void
}

const nothing = (): void => undefined

export function createSpawnQueue(clock: () => number = monotonic): SpawnQueue {
  // An object each, because the same function may be queued twice.
  const waiting = new Set<{ readonly task: () => void }>()
  let spent = 0
  let turning = false

  const perform = (task: () => void): void => {
    const since = clock()
    try {
      task()
    } finally {
      spent += clock() - since
      turn()
    }
  }
  const turn = (): void => {
    if (turning) return
    turning = true
    setImmediate(() => {
      turning = false
      spent = 0
      for (const entry of waiting) {
        if (spent >= limits.spawnSlice) break
        waiting.delete(entry)
        perform(entry.task)
      }
    })
  }

  return {
    run(task) {
      if (waiting.size === 0 && spent < limits.spawnSlice) {
        perform(task)
        return nothing
      }
      const entry = { task }
      waiting.add(entry)
      return () => {
        waiting.delete(entry)
      }
    },
  }
}
