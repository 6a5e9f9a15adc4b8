import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { openJournal } from '../src/store/journal.ts'
import { chance } from '../test/support/chance.ts'
import { killRounds } from '../test/support/kill-rounds.ts'
import { most, type Row } from './measure.ts'

const rounds = 100
const seed = 20_261_121

const none = (what: string, wrong: readonly string[]): Row => ({
  what,
  value: wrong.length === 0 ? '0' : `${wrong.length}: ${wrong.slice(0, 3).join('; ')}`,
  target: '0',
  met: wrong.length === 0,
})

/** kill -9 of the whole orchestrator at random moments of starts, stops, restarts and reloads. */
export async function survive(): Promise<Row[]> {
  const hyphae = [process.execPath, join(import.meta.dirname, '../bin/hyphae.js')] as const
  const told = (text: string): void => void (process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`))
  const { lost, doubled, unsupervised, forgotten, readyAfter, acknowledged } = await killRounds({ rounds, seed, hyphae, told })
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  const sorted = readyAfter.toSorted((a, b) => a - b)
  const [middle = 0, last = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
  const of = `over ${rounds} kills and ${acknowledged} acknowledged commands`
  return [
    none(`services lost, ${of}`, lost),
    none('services doubled', doubled),
    none('processes unsupervised', unsupervised),
    none('acknowledged commands forgotten or done twice', forgotten),
    most('ready again with 6 services, median', middle, 1_000, 'ms'),
    most('ready again with 6 services, worst', last, 1_000, 'ms'),
  ]
}

/** kill -9 of a process that writes to the journal as fast as it is acknowledged. */
export async function durable(): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), 'hyphae-bench-'))
  const writer = join(import.meta.dirname, '../test/fixtures/journal-writer.ts')
  const random = chance(seed)
  const wrong: string[] = []
  let acknowledged = 0
  for (let round = 0; round < rounds; round++) {
    const child = spawn(process.execPath, [writer, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    const open = new Promise((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (said.includes('open')) resolve(undefined)
      })
    })
    const ended = new Promise((resolve) => child.once('close', resolve))
    await open
    await sleep(20 + random() * 200)
    child.kill('SIGKILL')
    await ended
    const last = Number(Array.from(said.matchAll(/^synced (\d+)$/gm)).at(-1)?.[1] ?? 0)
    acknowledged += last
    const { journal, records, lastSeq, damage } = await openJournal({ dir, retention: { maxAge: 1e10, maxBytes: 1e8 } })
    if (damage !== null) wrong.push(`round ${round}: ${damage.because}`)
    const found = new Map(records.map(({ key, value }) => [key, (value as { n: number }).n]))
    // Each key had its turn within the last twenty.
    for (let n = Math.max(1, last - 19); n <= last; n++) {
      if ((found.get(`k${n % 20}`) ?? 0) < n) wrong.push(`round ${round}: write ${n} of ${last} is lost`)
    }
    if (lastSeq < last) wrong.push(`round ${round}: facts end at ${lastSeq} of ${last}`)
    await journal.close()
    rmSync(dir, { recursive: true })
  }
  return [none(`writes lost or altered, over ${rounds} kills and ${acknowledged} acknowledged writes`, wrong)]
}
