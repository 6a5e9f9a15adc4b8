/** Lets so many pass at once; the others wait in order. */
export interface Semaphore {
  /** Resolves when it is one's turn; the answer gives the place back. Rejects when the signal says it is not wanted any more. */
  acquire(signal: AbortSignal): Promise<() => void>
}

export function createSemaphore(places: number): Semaphore {
  let free = places
  const waiting = new Set<() => void>()

  const release = (): void => {
    free++
    for (const next of waiting) {
      waiting.delete(next)
      next()
      return
    }
  }
  const enter = (): (() => void) => {
    free--
    let held = true
    return () => {
      if (held) release()
      held = false
    }
  }

  return {
    acquire(signal) {
      if (signal.aborted) return Promise.reject(signal.reason)
      if (free > 0) return Promise.resolve(enter())
      return new Promise((resolve, reject) => {
        const next = (): void => {
          signal.removeEventListener('abort', abort)
          resolve(enter())
        }
        const abort = (): void => {
          waiting.delete(next)
          reject(signal.reason)
        }
        waiting.add(next)
        signal.addEventListener('abort', abort, { once: true })
      })
    },
  }
}
