import { fork, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { closeSync, openSync, rmSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { median, most, share, type Row } from './measure.ts'

/** Resident memory of a process, MB. */
const rss = (pid: number): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

async function host(
  kind: string,
  count: number,
): Promise<{ child: ChildProcess; say(message: string): Promise<void>; end(): Promise<void> }> {
  const child = fork(join(import.meta.dirname, 'host.ts'), [kind, String(count)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const heard = (): Promise<unknown> => new Promise((resolve) => child.once('message', resolve))
  await heard()
  return {
    child,
    async say(message) {
      const answer = heard()
      child.send(message)
      await answer
    },
    async end() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.send('end')
      await gone
    },
  }
}

export async function memory(): Promise<Row[]> {
  const rows: Row[] = []
  for (const [count, limit] of [
    [0, 90],
    [100, 90],
    [500, 90],
  ] as const) {
    const one = await host('sleep', count)
    await one.say('start')
    // Once everything has settled; the collector has had its chance.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    rows.push(most(`memory with ${count} services`, rss(one.child.pid ?? 0), limit, 'MB'))
    await one.end()
  }
  return rows
}

const megabytes = 200

/** A child that writes as fast as it can: its speed and our memory. */
export async function flood(rounds = 5): Promise<Row[]> {
  const ours: number[] = []
  const floor: number[] = []
  let grown = 0
  for (let round = 0; round < rounds; round++) {
    floor.push(megabytes / (await bareFlood()))
    const one = await host('flood', megabytes)
    const before = rss(one.child.pid ?? 0)
    const since = performance.now()
    await one.say('flood')
    ours.push(megabytes / ((performance.now() - since) / 1_000))
    grown = Math.max(grown, rss(one.child.pid ?? 0) - before)
    await one.end()
  }
  return [
    share(`a flood of ${megabytes} MB, against a bare > file`, median(ours), median(floor), 0.9),
    most('our memory grown by it', grown, 5, 'MB'),
  ]
}

/** Seconds for the same bytes without us. */
async function bareFlood(): Promise<number> {
  const path = join(tmpdir(), `hyphae-flood-${process.pid}`)
  const log = openSync(path, 'a', 0o600)
  const since = performance.now()
  await new Promise((resolve) =>
    spawn('/bin/sh', ['-c', `exec head -c ${megabytes * 1024 * 1024} /dev/zero`], {
      detached: true,
      stdio: ['ignore', log, log],
    }).once('exit', resolve),
  )
  const took = (performance.now() - since) / 1_000
  closeSync(log)
  rmSync(path)
  return took
}
