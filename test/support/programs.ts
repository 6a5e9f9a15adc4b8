import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { randomUUID } from 'node:crypto'
import { createChildProcess, type ChildDependencies } from '../../src/actors/child-process.ts'
import { type Containers, createContainers } from '../../src/actors/containment.ts'
import { exitPathOf } from '../../src/actors/exit-record.ts'
import { readStat, send } from '../../src/actors/proc.ts'
import { markedProcesses } from '../../src/actors/scan.ts'
import { createSpawnQueue } from '../../src/actors/spawn-queue.ts'
import type { ChildCommand, ChildFact, ChildInput, Containment, ProcessIdentity } from '../../src/protocol/process.ts'
import { usualLogRules } from '../../src/protocol/log-rules.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { eventually } from './eventually.ts'
import { invoke, type Invoked } from './invoked.ts'

/** Why there are no cgroups here, for tests that can't do without. */
export const noCgroup = ((): string | null => {
  const containers = createContainers({ stateId: `probe-${process.pid}` })
  const reason = containers.unavailable()
  containers.removeAll()
  return reason
})()
/** The ways of keeping processes together that this machine has. */
export const modes: readonly Containment[] = noCgroup === null ? ['cgroup', 'mark'] : ['mark']

export const fixture = (name: string): string => join(import.meta.dirname, '../fixtures', name)

export function specOf(changes: Partial<ServiceSpec> = {}): ServiceSpec {
  return {
    name: 'web',
    family: null,
    command: fixture('never-ready.sh'),
    args: [],
    workingDir: tmpdir(),
    env: {},
    oneShot: false,
    autostart: true,
    dependsOn: [],
    restart: {
      policy: 'always',
      delay: 1000,
      maxDelay: 60_000,
      factor: 2,
      jitter: 0,
      maxRestarts: null,
      window: null,
      stableUptime: 10_000,
      onUnhealthy: true,
    },
    successCodes: [0],
    readiness: null,
    liveness: null,
    startTimeout: 60_000,
    stopSignal: 'SIGTERM',
    stopGrace: 10_000,
    containment: 'auto',
    user: null,
    group: null,
    nice: null,
    memoryLimit: null,
    schedule: null,
    description: '',
    category: 'core',
    kind: 'plain',
    logs: usualLogRules,
    ...changes,
  }
}

export type Child = Invoked<ChildCommand, ChildFact>

/** A place to run programs in, which leaves nothing behind. */
export interface Stage {
  readonly dir: string
  readonly stateId: string
  readonly containers: Containers
  readonly logic: ReturnType<typeof createChildProcess>
  run(changes?: Partial<ServiceSpec>, input?: Partial<ChildInput>): Child
  /** The pid that a fixture wrote to a file here. */
  written(file: string): Promise<number>
  text(file: string): Promise<string>
  clear(): Promise<void>
}

export function createStage(changes: Partial<ChildDependencies> = {}): Stage {
  const dir = mkdtempSync(join(tmpdir(), 'hyphae-'))
  mkdirSync(join(dir, 'exits'))
  const stateId = randomUUID().slice(0, 8)
  const containers = changes.containers ?? createContainers({ stateId })
  const logic = createChildProcess({
    logPath: (service) => join(dir, `${service}.log`),
    exitPath: (service, incarnation) => exitPathOf(join(dir, 'exits'), service, incarnation),
    environment: { PATH: process.env['PATH'] },
    stateId,
    containers,
    spawnQueue: createSpawnQueue(),
    ...changes,
  })
  const children: Child[] = []
  const strays: number[] = []
  let count = 0
  const text = (file: string): Promise<string> => eventually(() => readFile(join(dir, file), 'utf8'))
  return {
    dir,
    stateId,
    containers,
    logic,
    run(spec = {}, input = {}) {
      const child: Child = invoke(logic, { spec: specOf(spec), incarnation: `i${++count}`, adopt: null, ...input })
      children.push(child)
      return child
    },
    text,
    async written(file) {
      const pid = Number(await text(file))
      strays.push(pid)
      return pid
    },
    async clear() {
      for (const child of children) child.stop()
      for (const pid of strays) if (readStat(pid)?.ppid === 1) send(pid, 'SIGKILL')
      await eventually(async () => {
        const left = await markedProcesses(stateId)
        for (const { pid } of left) send(pid, 'SIGKILL')
        if (left.length > 0) throw new Error(`${left.length} processes are left`)
      })
      await eventually(() => {
        if (!containers.removeAll()) throw new Error('a cgroup is not empty')
      })
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Throws while it lives. A zombie does not. */
export function assertDead(pid: number): void {
  const stat = readStat(pid)
  if (stat !== null && stat.state !== 'Z' && stat.state !== 'X') throw new Error(`${pid} is alive: ${JSON.stringify(stat)}`)
}

export const isLivingPid = (pid: number): boolean => {
  const stat = readStat(pid)
  return stat !== null && stat.state !== 'Z' && stat.state !== 'X'
}

export const identityOf = (pid: number): ProcessIdentity => ({ pid, start: readStat(pid)?.start ?? 0 })
