import { bounds } from './bounds.ts'

/** Runs something at most once a frame, and also where no frame comes. */
export function oncePerFrame(act: () => void): () => void {
  let frame: number | null = null
  let timer: ReturnType<typeof setTimeout> | null = null
  const run = (): void => {
    if (frame !== null) cancelAnimationFrame(frame)
    if (timer !== null) clearTimeout(timer)
    frame = null
    timer = null
    act()
  }
  return () => {
    if (frame !== null) return
    frame = requestAnimationFrame(run)
    timer = setTimeout(run, bounds.frame)
  }
}

/** Runs something at most once in so many ms: the first time at once. */
export function atMostEvery(ms: number, act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null
  let again = false
  const run = (): void => {
    again = false
    timer = setTimeout(() => {
      timer = null
      if (again) run()
    }, ms)
    act()
  }
  return () => {
    if (timer === null) run()
    else again = true
  }
}
