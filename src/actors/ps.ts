import { spawnSync } from 'node:child_process'
import process from 'node:process'
import type { ProcessStat } from './proc.ts'

/** What ps(1) tells where there is no /proc. It counts start times in whole seconds, which is the best there is. */

const line = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S)\S*\s+(\d+)\s+([\d:.-]+)\s+(.+?)\s*$/

/** `[[dd-]hh:]mm:ss[.cc]` in ms. */
function cpuTime(text: string): number {
  const [days, clock] = text.includes('-') ? text.split('-', 2) : ['0', text]
  const seconds = (clock ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return (Number(days) * 86_400 + seconds) * 1000
}

export function parsePs(text: string): ProcessStat[] {
  return text.split('\n').flatMap((row) => {
    const match = line.exec(row)
    if (match === null) return []
    const [, pid, ppid, group, state, memory, cpu, started] = match
    return {
      pid: Number(pid),
      ppid: Number(ppid),
      group: Number(group),
      state: state ?? '?',
      memory: Number(memory) * 1024,
      cpu: cpuTime(cpu ?? ''),
      start: Math.floor(Date.parse(started ?? '') / 1000),
    }
  })
}

function ps(selection: readonly string[]): ProcessStat[] {
  const answer = spawnSync('ps', ['-o', 'pid=,ppid=,pgid=,state=,rss=,time=,lstart=', ...selection], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: process.env['TZ'] },
  })
  return answer.status === 0 ? parsePs(answer.stdout) : []
}

export const statByPs = (pid: number): ProcessStat | null => ps(['-p', String(pid)])[0] ?? null

export const listByPs = (): ProcessStat[] => ps(['-A'])

/** Where there is no /proc: macOS names each boot. */
export function bootByPs(): string {
  const answer = spawnSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' })
  return answer.status === 0 ? answer.stdout.trim() : ''
}
