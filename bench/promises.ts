import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { markedProcesses } from '../src/actors/scan.ts'
import { connect, type Client } from '../src/client/index.ts'
import { findControlSocket } from '../src/control-socket.ts'
import { stateIdOf } from '../src/state-dir.ts'
import { eventually } from '../test/support/eventually.ts'
import { most, type Row } from './measure.ts'
import { start, type Written } from './running.ts'

/** What is promised of a whole orchestrator under load, as its clients see it. */

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN

const exactly = (what: string, value: number, wanted: number): Row => ({
  what,
  value: String(value),
  target: String(wanted),
  met: value === wanted,
})

/** User and system time of a process so far, ms. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

async function pings(client: Client, time: number): Promise<number[]> {
  const taken: number[] = []
  const end = performance.now() + time
  while (performance.now() < end) {
    const since = performance.now()
    await client.call('system.status', { services: [] })
    taken.push(performance.now() - since)
    await sleep(10)
  }
  return taken
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** Fifty services that crash again and again, beside fifty that don't. */
async function crashLoops(): Promise<Row[]> {
  const calm = range(50).map((i) => `calm${i}`)
  const services: Record<string, Written> = {}
  for (const i of range(50)) services[`loop${i}`] = { command: '/bin/sh', args: ['-c', 'exit 1'] }
  for (const name of calm) services[name] = { command: '/bin/sleep', args: ['1000'] }
  const fleet = await start(services, { restart: { delay: 1_000 } })
  const pidsOf = async (): Promise<string> => {
    const { services: now } = await fleet.client.call('system.status')
    const pids = calm.map((name) => now[name]?.pid ?? null)
    if (pids.includes(null)) throw new Error('not all of them run yet')
    return pids.join()
  }
  const before = await eventually(pidsOf)
  const [cpu, since] = [cpuOf(fleet.child.pid ?? 0), performance.now()]
  const taken = await pings(fleet.client, 10_000)
  const share = ((cpuOf(fleet.child.pid ?? 0) - cpu) * 100) / (performance.now() - since)
  const same = (await pidsOf()) === before
  await fleet.end()
  return [
    most('50 crash loops: answer to a client, p99', percentile(taken, 0.99), 50, 'ms'),
    most('50 crash loops: our CPU', share, 15, '%'),
    exactly('50 crash loops: siblings that changed their pid', same ? 0 : 1, 0),
  ]
}

/** Programs that ignore the stop signal. */
async function stubborn(count: number): Promise<Row> {
  const script = "trap '' TERM; while :; do sleep 1; done"
  const grace = 2
  const services = range(count).map((i) => [`s${i}`, { command: '/bin/sh', args: ['-c', script], stop_grace: grace }] as const)
  const fleet = await start(Object.fromEntries(services))
  await sleep(1_000)
  const since = performance.now()
  await fleet.end()
  return most(`shutdown of ${count} that ignore SIGTERM, beyond their grace`, (performance.now() - since) / 1000 - grace, 1, 's')
}

/** A thousand commands at once to one service. */
async function together(): Promise<Row[]> {
  const fleet = await start({ web: { command: '/bin/sleep', args: ['1000'] } })
  const clients = await Promise.all(range(20).map(() => connect({ socket: findControlSocket(fleet.stateDir) })))
  const verbs = ['service.start', 'service.stop', 'service.restart'] as const
  const taken = await Promise.all(
    range(1_000).map(async (i) => {
      const since = performance.now()
      const client = clients[i % clients.length]
      // A refusal (busy) is an answer too.
      await client?.call(verbs[i % 3] ?? 'service.start', { services: ['web'], wait: false }).catch(() => {})
      return performance.now() - since
    }),
  )
  await fleet.client.call('service.start', { services: ['web'] })
  await eventually(async () => {
    const { services } = await fleet.client.call('system.status')
    if (services['web']?.state !== 'healthy') throw new Error(`it is ${services['web']?.state}`)
  })
  const { length } = await markedProcesses(stateIdOf(fleet.stateDir))
  for (const client of clients) client.close()
  await fleet.end()
  return [
    most('1,000 commands at once: the last answer', Math.max(...taken) / 1000, 2, 's'),
    exactly('1,000 commands at once: processes of the service afterwards', length, 1),
  ]
}

export async function promises(): Promise<Row[]> {
  return [...(await crashLoops()), await stubborn(20), await stubborn(200), ...(await together())]
}
