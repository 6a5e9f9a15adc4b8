import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { admin, fleet, facts, spec } from './fleet.ts'
import { median, most, ratio, watchLoop, type Row } from './measure.ts'

/** Many at once: ours from START to the last one spawned, against as many bare spawns, in turns. */
export async function spawnMany(count: number, rounds = 5): Promise<Row[]> {
  const ours: number[] = []
  const floor: number[] = []
  let deaf = 0
  const names = Array.from({ length: count }, (_, i) => `s${i}`)
  for (let round = 0; round < rounds; round++) {
    floor.push(await bare(count))
    const many = await fleet(names.map((name) => spec({ name })))
    await new Promise((resolve) => setTimeout(resolve, 200))
    const all = facts(many, 'service.spawned', count)
    const loop = watchLoop()
    const since = performance.now()
    await many.gateway.invoke(admin, 'service.start', { services: names, wait: false })
    await all
    ours.push(performance.now() - since)
    deaf = Math.max(deaf, loop())
    await many.end()
  }
  return [
    ratio(`${count} services spawned`, median(ours), median(floor), 1.3),
    most(`${count} services: longest time the loop was deaf`, deaf, 50, 'ms'),
  ]
}

/** As many spawns, each with a log file of its own, and a breath between them as any program that serves must take. */
async function bare(count: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'hyphae-bare-'))
  const children: ChildProcess[] = []
  const since = performance.now()
  for (let i = 0; i < count; i++) {
    const log = openSync(join(folder, `${i}.log`), 'a', 0o600)
    children.push(spawn('/bin/sleep', ['1000'], { detached: true, stdio: ['ignore', log, log], env: process.env }))
    closeSync(log)
    if (i % 4 === 3) await new Promise((resolve) => setImmediate(resolve))
  }
  const took = performance.now() - since
  await Promise.all(
    children.map(
      (child) =>
        new Promise((resolve) => {
          child.once('exit', resolve)
          child.kill('SIGKILL')
        }),
    ),
  )
  rmSync(folder, { recursive: true, force: true })
  return took
}
