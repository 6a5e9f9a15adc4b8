import process from 'node:process'
import type { Log } from '../../options.ts'
import { err } from '../terminal.ts'

/** Whoever is process 1 gets every orphan, and has to collect it when it ends; Node does not. */
export async function warnOfOrphans(log: Pick<Log, 'warn'>, pid: number = process.pid): Promise<void> {
  if (pid !== 1) return
  const message =
    'running as process 1: what ends without a parent is never collected and stays as a zombie; put an init before it: tini -- hyphae up, or docker run --init'
  log.warn({}, message)
  await err.lines([`warning: ${message}`])
}
