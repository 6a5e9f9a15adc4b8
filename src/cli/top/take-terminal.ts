import process from 'node:process'
import { onReaderGone, type Output } from '../terminal.ts'
import { displayOn, type Display } from './display.ts'
import { readKeys, type Typed } from './keys.ts'

/** The terminal in our hands: its screen, its keys and its signals. However we end, it is given back as it was. */
export interface Terminal {
  readonly display: Display
  /** Into the background, as Ctrl-Z does it; returns once we are back. */
  suspend(): void
  /** Gives it back; where a signal ended us, we end by it. */
  release(): Promise<void>
}

export interface TerminalParts {
  readonly output: Output
  /** Longest text that is pasted, characters. */
  readonly most: number
  typed(typed: Typed): void
  /** Its size, or what it shows, is another. */
  changed(): void
  /** Nobody looks any more, or somebody wants us to end. */
  end(): void
}

/** How long the rest of a key may take, ms: a slow line cuts what one key sends. */
const keyTime = 50
const endings = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

export function takeTerminal({ output, most, typed, changed, end }: TerminalParts): Terminal {
  const display = displayOn(output)
  const { stdin } = process
  const keys = readKeys(most)
  let timer: NodeJS.Timeout | undefined
  let signal: NodeJS.Signals | undefined
  let released = false

  const raw = (on: boolean): void => {
    try {
      stdin.setRawMode(on)
    } catch {
      // The terminal has gone.
    }
  }
  const enter = (): void => {
    raw(true)
    display.enter()
  }
  const leave = (): void => {
    display.leave()
    raw(false)
  }
  const read = (text: string): void => {
    clearTimeout(timer)
    keys.read(text).forEach(typed)
    if (keys.waiting()) timer = setTimeout(() => keys.flush().forEach(typed), keyTime)
  }
  const onEnding = (name: NodeJS.Signals): void => {
    signal = name
    end()
  }
  const resized = (): void => {
    display.forget()
    changed()
  }
  /** Somebody stopped us without asking: the shell may have used the terminal meanwhile. */
  const continued = (): void => {
    if (released) return
    display.leave()
    enter()
    changed()
  }
  function suspend(): void {
    process.off('SIGTSTP', suspend)
    leave()
    // All of our job, as the terminal would do it. Where no shell could bring us back it has no effect.
    process.kill(0, 'SIGTSTP')
    process.on('SIGTSTP', suspend)
    enter()
    changed()
  }

  stdin.setEncoding('utf8')
  stdin.on('data', read).on('end', end).on('error', end)
  onReaderGone(end)
  output.onResize(resized)
  for (const name of endings) process.on(name, onEnding)
  process.on('SIGTSTP', suspend).on('SIGCONT', continued)
  // A defect of ours is told where it can be read.
  process.on('uncaughtExceptionMonitor', leave).on('exit', leave)
  enter()
  stdin.resume()

  return {
    display,
    suspend,
    async release() {
      released = true
      clearTimeout(timer)
      leave()
      stdin.off('data', read).pause()
      await display.settled()
      for (const name of endings) process.off(name, onEnding)
      process.off('SIGTSTP', suspend).off('SIGCONT', continued)
      process.off('uncaughtExceptionMonitor', leave).off('exit', leave)
      // Whoever sent it waits for exactly this end. Ctrl-C is how one leaves.
      if (signal !== undefined && signal !== 'SIGINT') process.kill(process.pid, signal)
    },
  }
}
