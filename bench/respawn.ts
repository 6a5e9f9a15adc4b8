import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { admin, fleet, facts, spec } from './fleet.ts'
import { median, ratio, type Row } from './measure.ts'

/** From the kill of a settled child to the next one: ours against a bare spawn in an exit listener, in turns. */
export async function respawn(rounds = 60): Promise<Row[]> {
  const ours: number[] = []
  const floor: number[] = []
  const one = await fleet([spec({ name: 'web' })])
  await one.gateway.invoke(admin, 'service.start', { services: ['web'] })
  const path = join(one.stateDir, 'bare.log')
  const bare = (): ChildProcess => {
    const log = openSync(path, 'a', 0o600)
    const child = spawn('/bin/sleep', ['1000'], { detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    return child
  }
  let child = bare()
  for (let round = 0; round < rounds; round++) {
    floor.push(
      await new Promise<number>((resolve) => {
        const since = performance.now()
        child.once('exit', () => {
          child = bare()
          resolve(performance.now() - since)
        })
        process.kill(child.pid ?? 0, 'SIGKILL')
      }),
    )
    const again = facts(one, 'service.spawned', 1)
    const since = performance.now()
    process.kill(one.view.service('web')?.pid ?? 0, 'SIGKILL')
    await again
    ours.push(performance.now() - since)
  }
  child.kill('SIGKILL')
  await one.end()
  return [ratio('respawn of a settled child, kill to spawned', median(ours), median(floor), 1.5)]
}
