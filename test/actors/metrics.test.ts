import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createMeter } from '../../src/actors/metrics.ts'
import { monotonic } from '../../src/actors/proc.ts'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'
import { createStage, fixture, modes, type Stage } from '../support/programs.ts'

let stage: Stage
beforeEach(() => {
  stage = createStage()
})
afterEach(() => stage.clear())

for (const containment of modes) {
  test(`${containment}: memory and CPU are those of the whole group, the child included`, async () => {
    // The shell is small and idle; its child is neither.
    const program = 'globalThis.held = Buffer.alloc(100e6, 1); console.log("ready"); for (;;);'
    writeFileSync(`${stage.dir}/busy.mjs`, program)
    const args = ['-c', '"$0" "$1" & wait', process.execPath, `${stage.dir}/busy.mjs`]
    const child = stage.run({ command: '/bin/sh', args, containment })
    const { pid, start } = await child.fact('child.spawned')
    const container = containment === 'cgroup' ? stage.containers.open('web') : null
    let ahead = 0
    const meter = createMeter(() => monotonic() + ahead)
    expect(meter.read('web')).toEqual({ memoryMb: 0, cpuPercent: 0 })
    meter.track('web', { pid, start }, container)
    await eventually(async () => expect(await stage.text('web.log')).toBe('ready\n'))
    await meter.measure(['web', 'unknown'])
    const first = meter.read('web')
    expect(first.memoryMb).toBeGreaterThan(95)
    expect(first.memoryMb).toBeLessThan(400)
    expect(first.cpuPercent).toBeGreaterThan(1)

    // A young sample is not taken again.
    await meter.measure(['web'])
    expect(meter.read('web')).toBe(first)
    ahead = limits.metricsAge
    await meter.measure(['web'])
    expect(meter.read('web')).not.toBe(first)
    expect(Math.round(first.cpuPercent * 10) / 10).toBe(first.cpuPercent)

    meter.untrack('web')
    expect(meter.read('web')).toEqual({ memoryMb: 0, cpuPercent: 0 })
  })

  test(`${containment}: CPU is that of the time between two samples`, async () => {
    const child = stage.run({ command: process.execPath, args: ['-e', 'for (;;);'], containment })
    const { pid, start } = await child.fact('child.spawned')
    const meter = createMeter()
    meter.track('web', { pid, start }, containment === 'cgroup' ? stage.containers.open('web') : null)
    await meter.measure(['web'])
    await new Promise((resolve) => void setTimeout(resolve, limits.metricsAge + 50))
    child.send({ type: 'child.signal', signal: 'SIGSTOP' })
    await meter.measure(['web'])
    const busy = meter.read('web').cpuPercent
    // The machine may be busy with more than this.
    expect(busy).toBeGreaterThan(15)
    expect(busy).toBeLessThan(150)
    await new Promise((resolve) => void setTimeout(resolve, limits.metricsAge + 50))
    await meter.measure(['web'])
    expect(meter.read('web').cpuPercent).toBeLessThan(busy / 5)
  })
}

test('a program that is gone, or whose pid is another one by now, uses nothing', async () => {
  const child = stage.run({ command: fixture('never-ready.sh'), containment: 'mark' })
  const { pid, start } = await child.fact('child.spawned')
  const meter = createMeter()
  meter.track('web', { pid, start: start - 1 }, null)
  await meter.measure(['web'])
  expect(meter.read('web')).toEqual({ memoryMb: 0, cpuPercent: 0 })
})
