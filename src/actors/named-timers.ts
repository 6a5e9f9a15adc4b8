/** Timers by their names: a new one takes the place of an earlier one of the same name. */
export function namedTimers() {
  const timers = new Map<string, NodeJS.Timeout>()
  return {
    start(name: string, ms: number | undefined, ring: () => void): void {
      clearTimeout(timers.get(name))
      const timer = setTimeout(() => {
        timers.delete(name)
        ring()
      }, ms)
      timers.set(name, timer)
    },
    clear(): void {
      for (const timer of timers.values()) clearTimeout(timer)
      timers.clear()
    },
  }
}
