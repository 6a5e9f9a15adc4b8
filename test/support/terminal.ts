import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import process from 'node:process'
import { cli } from './cli.ts'

/** util-linux's, which gives a program a terminal of its own. */
export const script = '/usr/bin/script'
export const noTerminal = !existsSync(script)

export interface TerminalPlace {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  readonly rows?: number
  readonly columns?: number
  /** What runs there instead, as a shell takes it. */
  readonly command?: string
}

/** A command line with a terminal of its own. What is typed goes to stdin. */
export function inTerminal(args: string, { cwd, env = {}, rows = 24, columns = 100, command: other }: TerminalPlace) {
  const { NO_COLOR: _, ...inherited } = process.env
  const command = `stty rows ${rows} cols ${columns}; exec ${other ?? `"${process.execPath}" "${cli}" ${args}`}`
  const child = spawn(script, ['-qec', command, '/dev/null'], { cwd, env: { ...inherited, TERM: 'xterm', ...env } })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve)
  })
  /** Of the program itself, not of `script`. */
  const pid = (): number => {
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')
    return Number(children[0])
  }
  return {
    ended,
    pid,
    type: (keys: string) => child.stdin.write(keys),
    /** It goes on after it was stopped; `script` stops with it. */
    resume(): void {
      child.kill('SIGCONT')
      process.kill(pid(), 'SIGCONT')
    },
    /** The terminal is gone, and with it what ran there. */
    end: () => child.kill('SIGKILL'),
    /** Gives the window another size. */
    resize(newRows: number, newColumns: number): void {
      spawnSync('stty', ['-F', readlinkSync(`/proc/${pid()}/fd/0`), 'rows', String(newRows), 'cols', String(newColumns)])
    },
    /** Everything that came since the last time. */
    taken(): string {
      const text = out
      out = ''
      return text
    },
    get out() {
      return out
    },
  }
}
