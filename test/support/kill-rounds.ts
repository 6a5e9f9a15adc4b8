import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type Client } from '../../src/client/index.ts'
import { isAlive } from '../../src/actors/proc.ts'
import { markedProcesses, type Marked } from '../../src/actors/scan.ts'
import { findControlSocket } from '../../src/control-socket.ts'
import { HyphaeError, messageOf } from '../../src/protocol/errors.ts'
import type { ServiceStatus } from '../../src/protocol/service.ts'
import { stateIdOf } from '../../src/state-dir.ts'
import { chance } from './chance.ts'
import { eventually } from './eventually.ts'

/**
 * Kills a whole orchestrator with SIGKILL at random moments while it is being driven with commands, starts it again and
 * compares what it promised with what is there.
 */

export interface KillRounds {
  readonly rounds: number
  readonly seed: number
  /** What runs `hyphae`: the program and its first arguments. */
  readonly hyphae: readonly [string, ...string[]]
  readonly told?: (text: string) => void
}

export interface KillFigures {
  readonly rounds: number
  readonly acknowledged: number
  /** From the start of the process to `running`, ms, one a round. */
  readonly readyAfter: readonly number[]
  /** What was wrong, in words. */
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  readonly unsupervised: readonly string[]
  readonly forgotten: readonly string[]
}

/** A command that was refused or failed is answered; anything else is a fault of this test. */
const refusedOnly = (error: unknown): void => {
  if (!(error instanceof HyphaeError) || !['failed', 'timeout', 'busy'].includes(error.code)) throw error
}

const ask = (client: Client, verb: Verb, input: object): Promise<unknown> =>
  (client.call as (name: string, input: object) => Promise<unknown>)(`service.${verb}`, input)

/** How long it may take until the death of an adopted process is noticed, ms. */
const patience = 1_000

const names = ['plain', 'ready', 'slow', 'child', 'needy'] as const
type Name = (typeof names)[number]

const sleeper = { command: '/bin/sleep', args: ['100000'] }
const shell = (script: string) => ({ command: '/bin/sh', args: ['-c', script] })

/** One service of each temper; `turn` changes one of them, for reloads. */
const config = (turn: number) => ({
  supervisor: {
    restart: { delay: 50, jitter: 0, max_restarts: 'unlimited' },
    services: {
      plain: { ...sleeper },
      ready: { ...shell('echo ready; exec sleep 100000'), readiness: { log: 'ready' } },
      slow: { ...shell('trap "sleep 0.1; exit 0" TERM; while :; do sleep 0.05; done'), stop_grace: 5 },
      child: { ...shell(`sleep 100000 & exec sleep 100000 # ${turn}`) },
      needy: { ...sleeper, depends_on: { ready: 'healthy' } },
      once: { ...shell('echo run >> runs.txt'), one_shot: true },
    },
  },
})

type Verb = 'start' | 'stop' | 'restart' | 'custom_restart'

/** `plain` is only ever restarted, so that its generations can be counted; a start of `needy` would start what it needs. */
const verbsOf: Readonly<Record<Name, readonly Verb[]>> = {
  plain: ['restart'],
  ready: ['start', 'stop', 'restart', 'restart'],
  slow: ['start', 'stop', 'restart', 'restart'],
  child: ['start', 'stop', 'restart', 'custom_restart', 'custom_restart'],
  needy: ['stop', 'restart'],
}

/** Every other custom restart brings arguments of its own. */
const inputOf = (name: Name, verb: Verb, id: string): object =>
  verb === 'custom_restart'
    ? { service: name, ...(id.length % 2 === 0 ? { args: ['-c', `sleep 100000 & exec sleep 100000 # ${id}`] } : {}) }
    : { services: [name] }

interface Lane {
  /** What was acknowledged last, and what was asked when the kill came. */
  desired: 'run' | 'stop'
  open: 'run' | 'stop' | null
  restarts: number
  acknowledged: number
}

export async function killRounds({ rounds, seed, hyphae, told = () => {} }: KillRounds): Promise<KillFigures> {
  const random = chance(seed)
  const folder = mkdtempSync(join(tmpdir(), 'hyphae-kill-'))
  const stateDir = join(folder, '.hyphae')
  const stateId = stateIdOf(stateDir)
  const file = join(folder, 'hyphae.yaml')
  const wrong = { lost: [] as string[], doubled: [] as string[], unsupervised: [] as string[], forgotten: [] as string[] }
  const readyAfter: number[] = []
  const lanes = new Map<Name, Lane>(names.map((name) => [name, { desired: 'run', open: null, restarts: 0, acknowledged: 0 }]))
  let turn = 0
  let acknowledged = 0
  let up: ChildProcess | undefined
  let lastWords = ''

  const write = (): void => writeFileSync(file, JSON.stringify(config(turn)))
  const launch = (): ChildProcess => {
    const [program, ...args] = hyphae
    lastWords = ''
    const child = spawn(program, [...args, 'up'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(-4_000)))
    }
    return child
  }
  const reach = (): Promise<Client> => connect({ socket: findControlSocket(stateDir), timeout: 1_000 })
  /** The orchestrator of this process, once it says `running`. */
  const running = (child: ChildProcess): Promise<Client> =>
    eventually(async () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`up ended: ${lastWords}`)
      const client = await reach()
      const { supervisor } = await client.call('system.status', { services: [] }, { timeout: 5_000 })
      if (supervisor.pid === child.pid && supervisor.status === 'running') return client
      client.close()
      throw new Error(`it is ${supervisor.status}`)
    }, 20_000)
  const statusOf = async (client: Client): Promise<Record<string, ServiceStatus>> =>
    (await client.call('system.status', {}, { timeout: 10_000 })).services
  /** Nothing is on its way any more. */
  const settled = (client: Client): Promise<Record<string, ServiceStatus>> =>
    eventually(async () => {
      const services = await statusOf(client)
      const moving = Object.entries(services).filter(
        ([, { state, desired }]) =>
          !['healthy', 'stopped', 'completed', 'failed'].includes(state) || (desired === 'run' && state === 'stopped'),
      )
      // What needs something that was stopped waits for it, and may.
      const stuck = moving.filter(([name, { state }]) => !(name === 'needy' && state === 'gate'))
      if (stuck.length > 0) throw new Error(stuck.map(([name, { state, reason }]) => `${name} is ${state}: ${reason}`).join('; '))
      return services
    }, 20_000)
  const kill = async (child: ChildProcess): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await ended
  }

  /** Commands in one lane, one after the other, until the kill takes the connection away. */
  const drive = async (name: Name, client: Client): Promise<void> => {
    const lane = lanes.get(name)
    if (lane === undefined) return
    for (;;) {
      const verbs = verbsOf[name]
      const verb = verbs[Math.floor(random() * verbs.length)] ?? 'restart'
      const desired = verb === 'stop' ? 'stop' : 'run'
      const id = `${name}-${acknowledged}-${random()}`
      lane.open = desired
      if (verb === 'restart') lane.restarts++
      try {
        await ask(client, verb, { ...inputOf(name, verb, id), wait: name === 'plain' || random() < 0.5, request_id: id })
      } catch (error) {
        // What the kill takes away is no answer; a failure is one, and what was asked stays asked.
        if (!(error instanceof HyphaeError) || error.code === 'unavailable') {
          retry.push({ name, verb, id })
          return
        }
        refusedOnly(error)
      }
      lane.desired = desired
      lane.open = null
      lane.acknowledged++
      acknowledged++
    }
  }
  /** What got no answer. */
  let retry: Array<{ readonly name: Name; readonly verb: Verb; readonly id: string }> = []

  try {
    write()
    up = launch()
    let client = await running(up)
    let before = await settled(client)
    for (let round = 0; round < rounds; round++) {
      retry = []
      const driven = names.map((name) => drive(name, client))
      // Every third round the kill comes while it reads its config again.
      if (round % 3 === 2) {
        turn++
        write()
        const [reloaded, reached, bySignal] = [up, client, random() < 0.5]
        setTimeout(() => {
          if (bySignal) reloaded.kill('SIGHUP')
          else reached.call('system.reload', { request_id: `reload-${turn}` }).catch(() => undefined)
        }, random() * 100)
      }
      await sleep(random() * 300)
      const child = up
      await kill(child)
      client.close()
      await Promise.all(driven)
      const survivors = await markedProcesses(stateId)

      // Now and then the next one is killed too, before it is up.
      if (round % 4 === 1) {
        const early = launch()
        await sleep(random() * 400)
        await kill(early)
      }
      const begun = performance.now()
      up = launch()
      client = await running(up)
      readyAfter.push(performance.now() - begun)
      // Whoever got no answer asks again, under the same id.
      for (const { name, verb, id } of retry) {
        const lane = lanes.get(name)
        await ask(client, verb, { ...inputOf(name, verb, id), request_id: id, wait: false }).catch(refusedOnly)
        if (lane === undefined) continue
        lane.desired = verb === 'stop' ? 'stop' : 'run'
        lane.open = null
      }
      let after = await settled(client)
      let found = await compare(before, after, survivors)
      // Whoever was told to end just before the kill ends just after it, and that may be noticed within a second.
      for (const end = performance.now() + patience; found.length > 0 && performance.now() < end;) {
        await sleep(100)
        after = await settled(client)
        found = await compare(before, after, survivors)
      }
      for (const { what, text } of found) wrong[what].push(`round ${round}: ${text}`)
      before = after
      told(`round ${round + 1} of ${rounds}: ${acknowledged} acknowledged, ready after ${readyAfter.at(-1)?.toFixed(0)} ms`)
    }
    client.close()
  } catch (error) {
    throw new Error(`${messageOf(error)}\n${lastWords}`, { cause: error })
  } finally {
    if (up !== undefined) {
      const ended = new Promise((resolve) => up?.once('exit', resolve))
      up.kill('SIGTERM')
      if (up.exitCode === null && up.signalCode === null) await ended
    }
    for (const { pid } of await markedProcesses(stateId)) process.kill(pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  return { rounds, acknowledged, readyAfter, ...wrong }

  async function compare(
    before: Record<string, ServiceStatus>,
    after: Record<string, ServiceStatus>,
    survivors: readonly Marked[],
  ): Promise<Array<{ readonly what: keyof typeof wrong; readonly text: string }>> {
    const found: Array<{ readonly what: keyof typeof wrong; readonly text: string }> = []
    const say = (what: keyof typeof wrong, text: string): void => void found.push({ what, text })
    const marked = await markedProcesses(stateId)
    for (const name of names) {
      const lane = lanes.get(name)
      const now = after[name]
      if (lane === undefined || now === undefined) {
        say('lost', `${name} is not known`)
        continue
      }
      const leaders = marked.filter((one) => one.service === name && one.pid === one.group && isAlive(one))
      if (now.desired !== lane.desired) say('forgotten', `${name} is to ${now.desired}, ${lane.desired} was acknowledged`)
      if (now.desired === 'run' && now.state === 'healthy') {
        if (leaders.length === 0) say('lost', `${name} has no process`)
        if (leaders.length > 1) say('doubled', `${name} has ${leaders.map(({ pid }) => pid).join(' and ')}`)
        if (leaders.length === 1 && leaders[0]?.pid !== now.pid)
          say('unsupervised', `${name} runs as ${leaders[0]?.pid}, shown is ${now.pid}`)
      } else if (leaders.length > 0) {
        say('unsupervised', `${name} is ${now.state}, and ${leaders.map(({ pid }) => pid).join(' and ')} run`)
      }
      if (now.restart_count < (before[name]?.restart_count ?? 0)) say('forgotten', `${name} counts fewer restarts than before`)
      // Who survived and was not asked to go is still there.
      const old = survivors.find((one) => one.service === name && one.pid === before[name]?.pid)
      if (old !== undefined && now.generation === before[name]?.generation && now.desired === 'run' && !isAlive(old)) {
        say('lost', `${name} survived the kill as ${old.pid} and was ended afterwards: ${now.reason}`)
      }
    }
    const plain = after['plain']
    const asked = lanes.get('plain')
    if (plain !== undefined && asked !== undefined && plain.generation !== 1 + asked.restarts) {
      say('forgotten', `plain was restarted ${asked.restarts} times on request and is of generation ${plain.generation}`)
    }
    const runs = readFileSync(join(folder, 'runs.txt'), 'utf8').trim().split('\n').length
    if (runs !== 1) say('doubled', `the one-shot ran ${runs} times`)
    return found
  }
}
