import { hear, type Heard } from '../../../src/cli/top/hear.ts'
import type { Typed } from '../../../src/cli/top/keys.ts'
import { emptyModel, type Effect, type Model, type Size } from '../../../src/cli/top/model.ts'
import { press } from '../../../src/cli/top/press.ts'
import type { GroupStatus } from '../../../src/protocol/group.ts'
import type { ServiceStatus } from '../../../src/protocol/service.ts'
import type { FleetStatus } from '../../../src/protocol/status.ts'

export const statusOf = (changes: Partial<ServiceStatus> = {}): ServiceStatus => ({
  status: 'running',
  pid: 4711,
  uptime: 65,
  memory_mb: 12.5,
  cpu_percent: 1.5,
  restart_count: 0,
  restart_policy: 'always',
  phase: 'active',
  state: 'healthy',
  reason: 'started by the fleet',
  containment: 'cgroup',
  generation: 1,
  desired: 'run',
  depends_on: [],
  category: 'core',
  kind: 'plain',
  family: null,
  args: [],
  user: null,
  memory_limit: null,
  next_restart: null,
  last_restart: null,
  ...changes,
})

export const groupOf = (members: string[], changes: Partial<GroupStatus> = {}): GroupStatus => ({
  strategy: 'one_for_all',
  state: 'watching',
  phase: 'active',
  members,
  restart_count: 0,
  reason: null,
  ...changes,
})

export const fleetOf = (
  services: Readonly<Record<string, Partial<ServiceStatus>>>,
  groups: FleetStatus['groups'] = {},
  supervisor: Partial<FleetStatus['supervisor']> = {},
): FleetStatus => ({
  supervisor: {
    status: 'running',
    pid: 100,
    uptime: 3_700,
    managed_services: Object.keys(services).length,
    default_service: null,
    version: '0.1.0',
    config: null,
    mode: null,
    mode_source: 'none',
    state: '/srv/state',
    warnings: [],
    lockdown: null,
    faults: [],
    ...supervisor,
  },
  services: Object.fromEntries(Object.entries(services).map(([name, changes]) => [name, statusOf(changes)])),
  groups,
  listeners: [],
})

export const told = (fleet: FleetStatus): Heard => ({ type: 'fleet', fleet, at: Date.parse('2026-01-01T12:03:04'), sample: true })

export const size: Size = { columns: 100, rows: 20 }

/** Hears, and is typed to: several keys as `'keys: j,j,x'`, one text as `'paste: …'`. */
export function after(steps: ReadonlyArray<Heard | string>, from: Model = emptyModel('/srv/control.sock'), at: Size = size) {
  let model = from
  const effects: Effect[] = []
  for (const step of steps) {
    if (typeof step !== 'string') {
      model = hear(model, step)
      continue
    }
    const typed: readonly Typed[] = step.startsWith('paste: ')
      ? [{ type: 'paste', text: step.slice('paste: '.length) }]
      : step.split(' ').map((key) => ({ type: 'key', key }))
    for (const one of typed) {
      const pressed = press(model, one, at)
      model = pressed.model
      effects.push(...pressed.effects)
    }
  }
  return { model, effects }
}
