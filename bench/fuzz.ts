import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findControlSocket } from '../src/control-socket.ts'
import { hostAndPort } from '../src/protocol/endpoint.ts'
import { fuzz, httpPort, tcpPort, unixPort, webSocketPort, type FuzzPort } from '../test/support/fuzz.ts'
import { median, most, type Row } from './measure.ts'
import { start } from './running.ts'

/** 100,000 spoilt inputs for each port, always the same ones: none may crash it, hang it, or make it grow. */

const inputs = 100_000
const slices = 10

const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024

export async function fuzzing(): Promise<Row[]> {
  const rows: Row[] = []
  for (const name of ['control', 'supervisor', 'http', 'websocket']) {
    const fleet = await start({ web: { command: 'sleep', args: ['1000'] } })
    try {
      const pid = fleet.child.pid ?? 0
      const { listeners } = await fleet.client.call('system.status')
      const bound = listeners.find((one) => one.name === (name === 'websocket' ? 'http' : name))?.address ?? ''
      const { host, port } = hostAndPort(`tcp:${bound}`)
      const target: FuzzPort =
        name === 'control'
          ? unixPort(findControlSocket(fleet.stateDir))
          : { supervisor: tcpPort, http: httpPort, websocket: webSocketPort }[name as 'http'](host, port)
      const first = memoryOf(pid)
      const sizes: number[] = []
      let hung = 0
      let leaks = 0
      const since = performance.now()
      for (let slice = 0; slice < slices; slice++) {
        const result = await fuzz(target, slice + 1, inputs / slices)
        hung += result.hung
        leaks += result.leaks.length
        sizes.push(memoryOf(pid))
      }
      const seconds = (performance.now() - since) / 1_000
      const log = readFileSync(join(fleet.stateDir, 'supervisor.log'), 'utf8')
      const defects = log.split('\n').filter((line) => /"level":(50|60)/.test(line)).length
      const alive = (await fleet.client.call('system.status', { services: [] })).supervisor.pid === pid
      const half = sizes.slice(slices / 2 - 1)
      // What a line through the second half's sizes rises by, so that one collection more or less does not decide.
      const growth = median(half.slice(-3)) - median(half.slice(0, 3))
      rows.push(
        most(`${name}: dead after ${inputs} spoilt inputs`, alive ? 0 : 1, 0, ''),
        most(`${name}: connections that hung`, hung, 0, ''),
        most(`${name}: answers with a path or a stack trace`, leaks, 0, ''),
        most(`${name}: defects in the log`, defects, 0, ''),
        most(`${name}: most memory more than before`, Math.max(...sizes) - first, 32, 'MB'),
        most(`${name}: growth in the second half`, growth, 2, 'MB'),
        {
          what: `${name}: inputs a second`,
          value: `${(inputs / seconds).toFixed(0)}/s`,
          target: '≥ 5000/s',
          met: inputs / seconds >= 5_000,
        },
      )
    } finally {
      await fleet.end()
    }
  }
  return rows
}
