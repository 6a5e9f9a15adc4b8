import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fact } from '../src/protocol/facts.ts'
import type { Journal } from '../src/protocol/journal.ts'
import { openJournal } from '../src/store/journal.ts'
import { most, type Row } from './measure.ts'

const writes = 1_500
const factsInAll = 50_000
const retention = { maxAge: 30 * 86_400_000, maxBytes: 256 * 1024 * 1024 }

const least = (what: string, value: number, floor: number, limit: number): Row => ({
  what,
  value: `${value.toFixed(0)}/s (${(value / floor).toFixed(2)} × ${floor.toFixed(0)}/s of a bare file)`,
  target: `≥ ${limit}/s`,
  met: value >= limit,
})

/** What it costs that an acknowledged write is on the disk, against a bare write and fdatasync of the same bytes. */
export async function journal(): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), 'hyphae-bench-'))
  const { journal } = await openJournal({ dir: join(dir, 'state'), retention })
  const text = 'x'.repeat(200)
  const put = async (n: number): Promise<number> => {
    const since = performance.now()
    journal.put({ kind: 'service', key: `s${n % 50}`, value: { n, text } })
    await journal.sync()
    return performance.now() - since
  }
  for (let n = 0; n < 100; n++) await put(n)

  const [bare, ours]: [number[], number[]] = [[], []]
  const file = openSync(join(dir, 'bare'), 'a')
  // In turns, so that whatever else the disk does meets both.
  for (let n = 0; n < writes; n += 100) {
    for (let i = 0; i < 100; i++) bare.push(bareWrite(file, `${JSON.stringify({ n: n + i, text })}\n`))
    for (let i = 0; i < 100; i++) ours.push(await put(n + i))
  }
  closeSync(file)
  const floor = perSecond(bare)
  const [with16, with64] = [await together(16, put), await together(64, put)]
  await journal.close()
  const opened = await openTime(join(dir, 'facts'))
  rmSync(dir, { recursive: true })
  return [
    most(`put and sync, one after another: p50`, at(ours, 0.5), 5, `ms (bare ${at(bare, 0.5).toFixed(2)})`),
    most(`put and sync, one after another: p99`, at(ours, 0.99), 10, `ms (bare ${at(bare, 0.99).toFixed(2)})`),
    least('put and sync, one after another', perSecond(ours), floor, 500),
    least('put and sync, 16 at once', with16, floor, 2_000),
    least('put and sync, 64 at once', with64, floor, 2_000),
    most(`opening a journal with ${factsInAll} facts`, opened, 300, 'ms'),
  ]
}

function bareWrite(file: number, text: string): number {
  const since = performance.now()
  writeSync(file, text)
  fdatasyncSync(file)
  return performance.now() - since
}

const perSecond = (times: readonly number[]): number => (times.length * 1_000) / times.reduce((sum, time) => sum + time, 0)
const at = (times: readonly number[], part: number): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length * part)] ?? Number.NaN

async function together(writers: number, put: (n: number) => Promise<number>): Promise<number> {
  const since = performance.now()
  const each = Math.ceil((writes * 2) / writers)
  const writer = async (one: number): Promise<void> => {
    for (let n = 0; n < each; n++) await put(one + n * writers)
  }
  await Promise.all(Array.from({ length: writers }, (_, one) => writer(one)))
  return (each * writers * 1_000) / (performance.now() - since)
}

async function openTime(dir: string): Promise<number> {
  const { journal } = await openJournal({ dir, retention })
  await fill(journal)
  await journal.close()
  if (statSync(join(dir, 'journal.db')).size < factsInAll * 100) throw new Error('the facts are not there')
  const since = performance.now()
  const again = await openJournal({ dir, retention })
  const took = performance.now() - since
  await again.journal.close()
  return took
}

async function fill(journal: Journal): Promise<void> {
  for (let seq = 1; seq <= factsInAll; seq++) {
    const fact: Fact = {
      seq,
      time: new Date().toISOString(),
      type: 'service.ready',
      about: `service.web${seq % 50}`,
      because: 'the readiness probe answered 200 within 12 ms',
      by: null,
      data: { pid: seq, incarnation: 3, after: 1_234 },
    }
    journal.append(fact)
    if (seq % 1_000 === 0) await journal.sync()
  }
}
