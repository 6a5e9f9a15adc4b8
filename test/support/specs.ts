import type { MemberView } from '../../src/machines/group-members.ts'
import type { Exit } from '../../src/protocol/exit.ts'
import type { GroupSpec } from '../../src/protocol/group.ts'
import { usualLogRules } from '../../src/protocol/log-rules.ts'
import type { Ended, ProbeSpec, RestartPolicy, ServiceSpec } from '../../src/protocol/service.ts'

export const policy: RestartPolicy = {
  policy: 'always',
  delay: 1_000,
  maxDelay: 8_000,
  factor: 2,
  jitter: 0,
  maxRestarts: 3,
  window: null,
  stableUptime: 10_000,
  onUnhealthy: true,
}

export const probe: ProbeSpec = {
  target: { type: 'tcp', host: '127.0.0.1', port: 1 },
  interval: 1_000,
  timeout: 1_000,
  delay: 0,
  failures: 3,
  passes: 1,
}

type Overrides = Partial<Omit<ServiceSpec, 'restart'>> & { readonly restart?: Partial<RestartPolicy> }

/** A whole spec; a test names only what matters to it. */
export function specOf({ restart, ...overrides }: Overrides = {}): ServiceSpec {
  return {
    name: 'web',
    family: null,
    command: '/bin/true',
    args: [],
    workingDir: '/',
    env: {},
    oneShot: false,
    autostart: true,
    dependsOn: [],
    successCodes: [0],
    readiness: null,
    liveness: null,
    startTimeout: 60_000,
    stopSignal: 'SIGTERM',
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
    ...overrides,
    restart: { ...policy, ...restart },
  }
}

type GroupOverrides = Partial<Omit<GroupSpec, 'restart'>> & { readonly restart?: Partial<GroupSpec['restart']> }

/** A whole group; a test names only what matters to it. */
export function groupOf({ restart, ...overrides }: GroupOverrides = {}): GroupSpec {
  const { policy: _, onUnhealthy: __, ...spacing } = policy
  return {
    name: 'backend',
    strategy: 'one_for_all',
    services: ['a', 'b', 'c'],
    ...overrides,
    restart: { ...spacing, ...restart },
  }
}

/** An end that nobody asked for, 1 s after it was ready. */
export const endedBy = (exit: Exit, more: Partial<Ended> = {}): Ended => ({
  exit,
  planned: false,
  because: null,
  at: 100_000,
  readyAt: 99_000,
  dice: 0,
  ...more,
})

/** A member of a group that is well, as its group sees it. */
export const wellMember: Omit<MemberView, 'service'> = {
  state: 'live.running.healthy',
  rests: false,
  desired: 'run',
  policy: 'always',
  oneShot: false,
  generation: 1,
  readyAt: 0,
  because: null,
  loss: null,
}
