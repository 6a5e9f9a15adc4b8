import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { setImmediate as breath } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Container } from '../../src/actors/containment.ts'
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

test('in the background each is measured once in an interval, and never many at a time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const looks = new Map<string, number>()
    let busiest = 0
    let burst = 0
    let now = 0
    const meter = createMeter(() => now)
    const memory = { procs: null, limited: () => null, kills: () => 0 }
    const track = (name: string): void => {
      const pids = (): number[] => {
        looks.set(name, (looks.get(name) ?? 0) + 1)
        burst++
        return []
      }
      const container: Container = {
        kind: 'cgroup',
        dir: '/',
        procs: '/',
        memory,
        pids,
        limitMemory: () => false,
        kill() {},
        cpu: () => null,
        remove: () => true,
      }
      meter.track(name, { pid: 2 ** 22, start: -1 }, container)
    }
    const pass = async (ms: number): Promise<void> => {
      for (const end = now + ms; now < end;) {
        now += limits.metricsTick
        burst = 0
        await vi.advanceTimersByTimeAsync(limits.metricsTick)
        // On a busy machine a share is taken in several turns.
        await breath()
        busiest = Math.max(busiest, burst)
      }
    }
    for (let index = 0; index < 1_000; index++) track(`web-${index}`)
    meter.start()
    await pass(limits.metricsInterval)
    expect(looks.size).toBe(1_000)
    expect(Math.max(...looks.values())).toBe(1)
    expect(busiest).toBeLessThanOrEqual(40)

    // One that joins is among them, and one that left is not asked any more.
    track('late')
    meter.untrack('web-0')
    await pass(limits.metricsInterval)
    expect(looks.get('late')).toBe(1)
    expect(looks.get('web-0')).toBe(1)
    expect(looks.get('web-999')).toBe(2)
    expect(busiest).toBeLessThanOrEqual(40)

    meter.stop()
    await pass(limits.metricsInterval)
    expect(looks.get('web-999')).toBe(2)
  } finally {
    vi.useRealTimers()
  }
})
