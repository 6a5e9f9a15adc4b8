import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again and again until it does not throw; then answers what it answered, else throws the last error. */
export async function eventually<T>(ask: () => T | Promise<T>, patience: number = 10_000): Promise<T> {
  const end = performance.now() + patience
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > end) throw error
    }
    await sleep(10)
  }
}
