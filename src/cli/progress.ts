import process from 'node:process'
import { cut } from './render/text.ts'
import { screenOn, spinnerAt } from './screen.ts'
import { err } from './terminal.ts'

/** Silence until then, ms: most work is done by then. */
const patience = 1_000
/** How often one looks again while waiting, ms. */
const lookEvery = 500
/** How often a line is written where none can be drawn again, ms: one that says something new, and one that says the same. */
const lineEvery = 5_000
const sameEvery = 30_000

/**
 * Waits for work and tells on stderr, while it takes longer than a moment, what is still under way; never with
 * HYPHAE_PROGRESS=off. `ended`: lines of what has come to its end already, shown above it on a terminal.
 */
export async function withProgress<T>(
  work: Promise<T>,
  look: () => Promise<string>,
  ended: () => readonly string[] = () => [],
): Promise<T> {
  if (process.env['HYPHAE_PROGRESS'] === 'off') return work
  const screen = screenOn(err)
  const started = performance.now()
  let text = ''
  let asking = false
  let asked = -Infinity
  let said = started + patience - sameEvery
  let last = ''

  const ask = async (): Promise<void> => {
    asking = true
    asked = performance.now()
    // What cannot be asked now is not worth failing for: the work itself will tell.
    text = await look().catch(() => text)
    asking = false
  }
  const tick = (): void => {
    const now = performance.now()
    const steps = ended()
    if (now - started < patience && steps.length === 0) return
    if (!asking && now - asked >= lookEvery) void ask()
    if (text === '' && steps.length === 0) return
    if (err.live) {
      const { width, paint } = err.look()
      screen.draw([...steps, `${paint('cyan', spinnerAt(now))} ${cut(text, width - 2)}`])
    } else if (now - said >= (text === last ? sameEvery : lineEvery)) {
      said = now
      last = text
      void err.lines([text])
    }
  }
  const timer = setInterval(tick, 100)
  try {
    return await work
  } finally {
    clearInterval(timer)
    if (err.live) screen.clear()
  }
}
