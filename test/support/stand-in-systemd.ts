import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'

/** Stands in for systemd where it is told of us: a file, and a systemd-notify that writes to it. */
export function standInSystemd() {
  const dir = mkdtempSync(join(tmpdir(), 'hyphae-systemd-'))
  const socket = join(dir, 'notified')
  const messages = (): string[][] => {
    try {
      const lines = readFileSync(socket, 'utf8').split('\n').slice(0, -1)
      return lines.map((line) => line.split('|').slice(0, -1))
    } catch {
      return []
    }
  }
  return {
    env: { PATH: `${resolve(import.meta.dirname, '../fixtures/service-manager')}:${process.env['PATH']}`, NOTIFY_SOCKET: socket },
    /** The assignments of each message so far. */
    messages,
    /** How often this was said. */
    count: (assignment: string): number => messages().filter((words) => words.includes(assignment)).length,
    end: () => rmSync(dir, { recursive: true, force: true }),
  }
}
