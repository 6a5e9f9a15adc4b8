import { spawn } from 'node:child_process'
import process from 'node:process'
import { messageOf } from '../../protocol/errors.ts'
import { limits } from '../../protocol/limits.ts'

/**
 * Talks to the service manager that started us, by sd_notify(3). Node has no datagram sockets of unix, so systemd-notify(1)
 * does it: one at a time, and what comes meanwhile is said together by the next one. It is never waited for.
 */
export interface ServiceManager {
  /** Each assignment takes the place of an earlier one of that name that has not been said yet. */
  tell(state: Readonly<Record<string, string>>): void
  /** How often it wants to hear of us, ms; null: it does not. */
  readonly watchdog: number | null
  /** Resolves when all is said, or can't be said in time. */
  settled(): Promise<void>
}

export interface ServiceManagerOptions {
  readonly env: NodeJS.ProcessEnv
  readonly pid?: number
  /** Told once of each reason why nothing could be said. */
  failed(because: string): void
}

/** null: nobody wants to be told. */
export function serviceManagerOf({ env, pid = process.pid, failed }: ServiceManagerOptions): ServiceManager | null {
  const { NOTIFY_SOCKET: socket = '' } = env
  if (socket === '') return null
  const pending = new Map<string, string>()
  let speaking: Promise<void> | undefined
  let lastFailure: string | undefined

  const say = (words: readonly string[]): Promise<string | null> =>
    new Promise((resolve) => {
      let said = ''
      const child = spawn('systemd-notify', words, {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { PATH: env['PATH'], NOTIFY_SOCKET: socket },
        timeout: limits.notifyTime,
        killSignal: 'SIGKILL',
      })
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        if (said.length < limits.quotedText) said += text
      })
      child.once('error', (error) => resolve(messageOf(error)))
      child.once('close', (code, signal) => {
        resolve(code === 0 ? null : `systemd-notify ended with ${code ?? signal}: ${said.trim().slice(0, limits.quotedText)}`)
      })
    })
  const speak = async (): Promise<void> => {
    while (pending.size > 0) {
      const words = Array.from(pending, ([name, value]) => `${name}=${value}`)
      pending.clear()
      const because = await say(words).catch(messageOf)
      if (because !== null && because !== lastFailure) failed(because)
      lastFailure = because ?? undefined
    }
    speaking = undefined
  }
  return {
    watchdog: watchdogOf(env, pid),
    tell(state) {
      for (const [name, value] of Object.entries(state)) {
        // Of READY, RELOADING and STOPPING the last one counts, so the order in which they were said must stay.
        pending.delete(name)
        pending.set(name, value.replaceAll(/[\r\n]+/g, ' ').slice(0, limits.notifyText))
      }
      speaking ??= speak()
    },
    settled: () => speaking ?? Promise.resolve(),
  }
}

/** Half of the time after which we count as hung. Another process may be meant: whoever started us, say. */
function watchdogOf({ WATCHDOG_USEC: time, WATCHDOG_PID: meant = '' }: NodeJS.ProcessEnv, pid: number): number | null {
  const every = Number(time) / 1000 / 2
  return !(every >= 1) || every > limits.duration || (meant !== '' && Number(meant) !== pid) ? null : every
}
