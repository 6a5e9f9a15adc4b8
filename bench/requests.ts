import { connect as dial, createServer } from 'node:net'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { findControlSocket } from '../src/control-socket.ts'
import { type Row } from './measure.ts'
import { start } from './running.ts'

/** How many questions a second a running orchestrator answers, one client with eight of them under way at a time. */

const inFlight = 8

/** Answers per second of whoever listens at a path. The answers are counted by their line ends, not read. */
async function rate(path: string, request: string, ms: number): Promise<number> {
  const socket = dial(path)
  let answered = 0
  socket.on('data', (chunk) => {
    let lines = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
    answered += lines
    if (lines > 0) socket.write(request.repeat(lines))
  })
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.write(request.repeat(inFlight))
  // The first answers warm up what is compiled while it runs.
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const before = answered
  const since = performance.now()
  await new Promise((resolve) => setTimeout(resolve, ms))
  const found = ((answered - before) * 1_000) / (performance.now() - since)
  socket.destroy()
  return found
}

/** A server that answers each line with a fixed one of this many bytes: what the sockets alone cost. */
async function floor(request: string, bytes: number): Promise<number> {
  const path = join(tmpdir(), `hyphae-bench-${process.pid}.sock`)
  const answer = `${'x'.repeat(bytes)}\n`
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      let lines = 0
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
      for (let i = 0; i < lines; i++) socket.write(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  try {
    return await rate(path, request, 2_000)
  } finally {
    server.close()
    rmSync(path, { force: true })
  }
}

const statusOf = (services: readonly string[] | null): string =>
  `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'system.status', params: services === null ? {} : { services } })}\n`

const row = (what: string, found: number, base: number, least: number): Row => ({
  what,
  value: `${found.toFixed(0)}/s (${(found / base).toFixed(2)} × of an echo's ${base.toFixed(0)}/s)`,
  target: `≥ ${least}/s`,
  met: found >= least,
})

export async function requests(): Promise<Row[]> {
  const names = Array.from({ length: 100 }, (_, i) => `s${i}`)
  const fleet = await start(Object.fromEntries(names.map((name) => [name, { command: 'sleep', args: ['1000'] }])))
  try {
    const path = findControlSocket(fleet.stateDir)
    const one = statusOf(['s50'])
    const all = statusOf(null)
    return [
      row('status of one service, 8 under way', await rate(path, one, 4_000), await floor(one, 900), 15_000),
      row('status of 100 services, 8 under way', await rate(path, all, 4_000), await floor(all, 40_000), 3_000),
    ]
  } finally {
    await fleet.end()
  }
}
