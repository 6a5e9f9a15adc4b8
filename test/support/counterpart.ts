import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { eventually } from './eventually.ts'

const folder = join(import.meta.dirname, '../counterparts')

export interface Counterpart {
  /** What it has printed, line by line. */
  readonly lines: Array<Record<string, unknown>>
  readonly child: ChildProcess
  say(message: unknown): void
  /** The first line like this one, once there is one. */
  told(like: (line: Record<string, unknown>) => boolean, patience?: number): Promise<Record<string, unknown>>
  end(): Promise<void>
}

/** A script of one of the private workspaces, which has packages of its own. */
export function counterpart(script: string, ...args: readonly string[]): Counterpart {
  const child = spawn(process.execPath, [join(folder, script), ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  const lines: Array<Record<string, unknown>> = []
  let trouble = ''
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Record<string, unknown>))
  child.stderr.on('data', (text: Buffer) => {
    trouble += text.toString()
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    lines,
    child,
    say: (message) => void child.stdin.write(`${JSON.stringify(message)}\n`),
    async told(like, patience = 20_000) {
      const found = await eventually(() => {
        const one = lines.find(like)
        if (one === undefined && child.exitCode === null)
          throw new Error(`${script} has not told that; ${trouble}; ${JSON.stringify(lines.slice(-5))}`)
        return one
      }, patience)
      if (found === undefined) throw new Error(`${script} has ended: ${trouble}`)
      return found
    },
    async end() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
