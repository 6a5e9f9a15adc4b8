import { readdirSync, readFileSync } from 'node:fs'
import { connect as dial, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../src/client/index.ts'
import { findControlSocket } from '../src/control-socket.ts'
import { hostAndPort } from '../src/protocol/endpoint.ts'
import { most, type Row } from './measure.ts'
import { start, type Running } from './running.ts'

/** Connections that are opened and never used, and what they cost those who use theirs. */

const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024
const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length

/** Opens so many connections, half to each port, and says nothing on them. */
async function hold(ports: readonly string[], count: number): Promise<Socket[]> {
  const held: Socket[] = []
  for (let i = 0; i < count; i++) {
    const socket = dial(hostAndPort(`tcp:${ports[i % ports.length] ?? ''}`))
    socket.on('error', () => {})
    held.push(socket)
    if (i % 50 === 49) await sleep(10)
  }
  return held
}

/** How long a mutation takes that is acknowledged once it is on the disk; each on a connection of its own. */
async function mutations(fleet: Running, count: number): Promise<{ readonly p99: number; readonly missed: number }> {
  const socket = findControlSocket(fleet.stateDir)
  const taken: number[] = []
  let missed = 0
  for (let i = 0; i < count; i++) {
    const since = performance.now()
    try {
      const client = await connect({ socket, timeout: 2_000 })
      await client.call('service.start', { services: ['web'], wait: false }, { timeout: 2_000 })
      client.close()
      taken.push(performance.now() - since)
    } catch {
      missed++
    }
  }
  return { p99: taken.toSorted((a, b) => a - b)[Math.floor(taken.length * 0.99)] ?? Number.NaN, missed }
}

export async function halfOpen(): Promise<Row[]> {
  const fleet = await start({ web: { command: 'sleep', args: ['1000'] } })
  try {
    const pid = fleet.child.pid ?? 0
    const { listeners } = await fleet.client.call('system.status')
    const ports = listeners.flatMap(({ name, address }) => (name === 'control' || address === null ? [] : [address]))
    await mutations(fleet, 500)
    const before = { memory: memoryOf(pid), descriptors: descriptorsOf(pid) }
    const alone = await mutations(fleet, 500)
    const rows: Row[] = []
    for (const count of [500, 2_000]) {
      const held = await hold(ports, count)
      const beside = await mutations(fleet, 500)
      const memory = memoryOf(pid) - before.memory
      for (const socket of held) socket.destroy()
      const since = performance.now()
      while (descriptorsOf(pid) > before.descriptors + 5 && performance.now() - since < 20_000) await sleep(50)
      rows.push(
        most(`mutation p99 beside ${count} half-open (alone ${alone.p99.toFixed(1)})`, beside.p99, 25, 'ms'),
        most(`mutations missed beside ${count} half-open`, beside.missed, 0, 'of 500'),
        most(`descriptors are back after ${count} half-open`, (performance.now() - since) / 1_000, 10, 's'),
      )
      if (count === 500) rows.push(most('memory for 500 half-open', memory, 16, 'MB'))
    }
    return rows
  } finally {
    await fleet.end()
  }
}
