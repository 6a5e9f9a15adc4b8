import { fork, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { tmpdir } from 'node:os'
import { median, most, share, type Row } from './measure.ts'

/** Resident memory of a process, MB. */
const rss = (pid: number): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

interface Host {
  readonly pid: number
  /** ms from START to the end of the flood. */
  flood(): Promise<number>
  end(): Promise<void>
}

async function host(megabytes: number): Promise<Host> {
  const child = fork(join(import.meta.dirname, 'host.ts'), [String(megabytes)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const heard = (): Promise<unknown> => new Promise((resolve) => child.once('message', resolve))
  await heard()
  return {
    pid: child.pid ?? 0,
    async flood() {
      const answer = heard()
      child.send('flood')
      return Number(await answer)
    },
    async end() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.send('end')
      await gone
    },
  }
}

/** The command line as a user starts it, with so many sleeping services. */
export async function memory(): Promise<Row[]> {
  const rows: Row[] = []
  for (const count of [0, 100, 500]) {
    const folder = mkdtempSync(join(tmpdir(), 'hyphae-memory-'))
    const services = Array.from({ length: count }, (_, i) => `    s${i}: { command: /bin/sleep, args: ["1000"] }\n`).join('')
    writeFileSync(join(folder, 'hyphae.yaml'), `supervisor:\n  services:${count === 0 ? ' {}' : ''}\n${services}`)
    const child = spawn(join(import.meta.dirname, '../bin/hyphae.js'), ['up'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ready = new Promise<void>((resolve) => {
      let text = ''
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if ((text.match(/  ready/g) ?? []).length > count) resolve()
      })
    })
    await ready
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    rows.push(most(`memory with ${count} services`, rss(child.pid ?? 0), 90, 'MB'))
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await gone
    rmSync(folder, { recursive: true, force: true })
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
    const one = await host(megabytes)
    // The first one warms up our code, as the bench's own is after its first round.
    await one.flood()
    const before = rss(one.pid)
    ours.push(megabytes / ((await one.flood()) / 1_000))
    grown = Math.max(grown, rss(one.pid) - before)
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
