import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type * as Source from '../src/orchestrator.ts'
import type { ListenerSpec, Orchestrator } from '../src/options.ts'
import type { Principal } from '../src/protocol/principal.ts'
import { usualLogRules } from '../src/protocol/log-rules.ts'
import type { ServiceSpec } from '../src/protocol/service.ts'

// The built package: what users run.
const built: string = '../dist/orchestrator.js'
const { createOrchestrator } = (await import(built)) as typeof Source

export const admin: Principal = { name: 'bench', via: 'bench', role: 'admin' }

export const spec = (changes: Partial<ServiceSpec>): ServiceSpec => ({
  name: 'web',
  family: null,
  command: '/bin/sleep',
  args: ['1000'],
  workingDir: '/',
  env: {},
  oneShot: false,
  autostart: false,
  dependsOn: [],
  restart: {
    policy: 'always',
    delay: 1_000,
    maxDelay: 60_000,
    factor: 2,
    jitter: 0,
    maxRestarts: null,
    window: null,
    stableUptime: 0,
    onUnhealthy: true,
  },
  successCodes: [0],
  readiness: null,
  liveness: null,
  startTimeout: 60_000,
  stopSignal: 'SIGKILL',
  stopGrace: 5_000,
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
})

/** An orchestrator in this process, in a folder of its own. */
export async function fleet(
  services: readonly ServiceSpec[],
  listeners: readonly ListenerSpec[] = [],
): Promise<Orchestrator & { readonly stateDir: string; end(): Promise<void> }> {
  const stateDir = mkdtempSync(join(tmpdir(), 'hyphae-bench-'))
  const orchestrator = createOrchestrator({ services, stateDir, listeners, environment: process.env })
  await orchestrator.start()
  return {
    ...orchestrator,
    stateDir,
    async end() {
      await orchestrator.shutdown('bench')
      await orchestrator.close()
      rmSync(stateDir, { recursive: true, force: true })
    },
  }
}

/** Resolves when so many facts of a kind were recorded from now on. */
export function facts(orchestrator: Orchestrator, type: string, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count
    const stop = orchestrator.onFact((fact) => {
      if (fact.type !== type || --left > 0) return
      stop()
      resolve()
    })
  })
}
