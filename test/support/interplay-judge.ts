import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { isAlive } from '../../src/actors/proc.ts'
import { markedProcesses } from '../../src/actors/scan.ts'
import type { Client } from '../../src/client/index.ts'
import { parseConfig } from '../../src/config/load.ts'
import { messageOf } from '../../src/protocol/errors.ts'
import { modeVariable } from '../../src/protocol/mode.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import type { FleetStatus } from '../../src/protocol/status.ts'
import { ControlClient } from './control-port.ts'
import { eventually } from './eventually.ts'

/** Compares a fleet that is quiet with its config in the mode in force, with its processes, and its surfaces with each other. */

export interface Judged {
  readonly client: Client
  readonly file: string
  readonly stateId: string
  readonly env: NodeJS.ProcessEnv
  say(text: string): void
}

/** Whoever is restarted by hand has it. */
export const byHand = 'BY_HAND'

const workflows = /^(switch|restart|reload|rolling|hook|program)\./

/** Nothing is on its way any more. */
export const settled = (client: Client): Promise<FleetStatus> =>
  eventually(async () => {
    const status = await client.call('system.status', {}, { timeout: 10_000 })
    const moving = Object.entries(status.services).filter(
      ([, { state, desired }]) => !['completed', 'failed', desired === 'run' ? 'healthy' : 'stopped'].includes(state),
    )
    if (moving.length > 0) throw new Error(moving.map(([name, { state, reason }]) => `${name} is ${state}: ${reason}`).join('; '))
    const { actors } = await client.call('actor.list', {})
    const busy = actors.filter(({ live, address }) => live && workflows.test(address))
    if (busy.length > 0) throw new Error(`not over: ${busy.map(({ address, state }) => `${address} is ${state}`).join('; ')}`)
    return status
  }, 40_000)

function variablesOf(pid: number): Record<string, string> {
  const all = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  return Object.fromEntries(
    all.flatMap((one) => {
      const at = one.indexOf('=')
      return at < 0 ? [] : [[one.slice(0, at), one.slice(at + 1)]]
    }),
  )
}

/** Once it is the program itself: it joins its cgroup first. */
const argsOf = (pid: number): Promise<readonly string[]> =>
  eventually(() => {
    const [, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
    if (args[1]?.includes('could not join') === true) throw new Error('it has not joined yet')
    return args
  })

/** The process of one service. */
async function judgeProcess(spec: ServiceSpec, pid: number, { say }: Judged): Promise<void> {
  const has = variablesOf(pid)
  if (byHand in has) return
  const wanted: Record<string, string | undefined> = { LEVEL: undefined, ...spec.env }
  for (const [name, value] of Object.entries(wanted))
    if (has[name] !== value) say(`${spec.name} (pid ${pid}) has ${name}=${has[name]}, wanted is ${value}`)
  const args = await argsOf(pid)
  if (args.join(' ') !== spec.args.join(' ')) say(`${spec.name} has ${args.join(' ')}, wanted is ${spec.args.join(' ')}`)
}

async function judgeProcesses(status: FleetStatus, judged: Judged): Promise<void> {
  const { file, stateId, env, say } = judged
  const { mode } = status.supervisor
  const text = readFileSync(file, 'utf8')
  const { services } = parseConfig(text, { path: file, env, ...(mode === null ? {} : { switched: mode }) })
  const wanted = services.map(({ name }) => name).toSorted()
  const shown = Object.keys(status.services).toSorted()
  if (wanted.join() !== shown.join()) say(`in the mode ${mode} there should be ${wanted.join()}, there are ${shown.join()}`)
  const leaders = (await markedProcesses(stateId)).filter((one) => one.pid === one.group && isAlive(one))
  for (const { service, pid } of leaders) if (!shown.includes(service)) say(`${service} runs as ${pid}, and nobody wants it`)
  for (const spec of services) {
    const now = status.services[spec.name]
    const pids = leaders.filter(({ service }) => service === spec.name).map(({ pid }) => pid)
    const expected = now?.state === 'healthy' ? [now.pid] : []
    if (pids.join() !== expected.join()) say(`${spec.name} is ${now?.state} as ${expected.join()}, and ${pids.join()} run`)
    else if (pids[0] !== undefined) await judgeProcess(spec, pids[0], judged)
  }
}

/** What is started now has the mode of now. */
async function judgeInherited(mode: string | null, { client, say }: Judged): Promise<void> {
  await client.call('service.start', { services: ['same'] })
  await client.call('service.restart', { services: ['same'] })
  const { pid = null } = (await client.call('system.status', { services: ['same'] })).services['same'] ?? {}
  if (pid === null) return say('same has no process after a restart')
  const has = variablesOf(pid)
  if (!(byHand in has) && has[modeVariable] !== (mode ?? undefined))
    say(`same was started in the mode ${mode} and has ${has[modeVariable]}`)
}

const dashboardMode = z.object({ runtime_mode: z.string() })
const dashboardServices = z.object({ total_services: z.number() })
const shownMode = z.object({ mode: z.string().nullable() })
const shownBanner = z.object({ text: z.string() })

/** Every way to ask gives the same answer. */
async function judgeSurfaces({ services, supervisor: { mode }, listeners }: FleetStatus, { client, say }: Judged): Promise<void> {
  const addressOf = (listener: string): string => listeners.find(({ name }) => name === listener)?.address ?? ''
  const get = (path: string): Promise<Response> => fetch(`http://${addressOf('http')}${path}`)
  const read = async <T>(path: string, shape: z.ZodType<T>): Promise<T> => shape.parse(await (await get(path)).json())
  const broken = Object.entries(services).filter(([, { desired, state }]) => desired === 'run' && state === 'failed')

  const health = await client.call('system.health', {})
  const ready = await get('/readyz')
  if (health.ready !== (broken.length === 0)) say(`health says ${JSON.stringify(health)}`)
  if (ready.ok !== health.ready) say(`/readyz says ${ready.status}, system.health ${health.ready}`)
  // What has just ended is over after a while.
  await eventually(async () => {
    const { text } = await read('/dashboard/api/banner', shownBanner)
    const expected = broken.length > 0 ? /failed/ : mode === null ? /running/ : new RegExp(`^Running in ${mode}`, 'i')
    if (!expected.test(text)) throw new Error(`in the mode ${mode} the banner says ${text}`)
  }).catch((error: unknown) => say(messageOf(error)))

  const modes = [
    (await client.call('system.mode', {})).mode,
    (await read('/api/v1/system/mode', shownMode)).mode,
    (await read('/dashboard/api/mode', dashboardMode)).runtime_mode,
  ]
  if (modes.some((one) => one !== mode)) say(`the mode is ${mode}, and ${modes.join(', ')}`)
  const { total_services: total } = await read('/dashboard/api/system/services/status', dashboardServices)
  if (total !== Object.keys(services).length) say(`the dashboard has ${total} services`)
  const metrics = await (await get('/metrics')).text()
  for (const [name, { pid, restart_count: restarts }] of Object.entries(services)) {
    for (const line of [
      `hyphae_service_up{service="${name}"} ${pid === null ? 0 : 1}`,
      `hyphae_service_restarts_total{service="${name}"} ${restarts}`,
    ])
      if (!metrics.includes(`${line}\n`)) say(`metrics lack ${line}`)
  }
  const control = new ControlClient(addressOf('supervisor'))
  const { data } = await control.say('"Status"\n').answer()
  control.socket.destroy()
  const { pid } = services['magictunnel'] ?? {}
  if (data?.['pid'] !== pid) say(`the control port says pid ${String(data?.['pid'])}, it is ${pid}`)
}

export async function judge(judged: Judged): Promise<FleetStatus> {
  const { client } = judged
  const before = await settled(client)
  await judgeProcesses(before, judged)
  await judgeInherited(before.supervisor.mode, judged)
  const status = await settled(client)
  await judgeSurfaces(status, judged)
  return status
}

/** After an end in which nothing was under way: the same mode, the same processes. */
export function judgeReturn(before: FleetStatus, after: FleetStatus, say: (text: string) => void): void {
  const [{ mode: old }, { mode }] = [before.supervisor, after.supervisor]
  if (mode !== old) say(`the mode was ${old} and is ${mode}`)
  for (const [name, { pid, desired }] of Object.entries(before.services)) {
    const now = after.services[name]
    if (now?.pid !== pid) say(`${name} ran as ${pid} and runs as ${now?.pid}: ${now?.reason}`)
    if (now?.desired !== desired) say(`${name} was to ${desired} and is to ${now?.desired}`)
  }
}
