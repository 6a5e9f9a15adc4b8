import { resolve } from 'node:path'
import type { DependencyCondition, ServiceSpec } from '../protocol/service.ts'
import { accountOf, groupOf } from './accounts.ts'
import { overlay } from './overlay.ts'
import { resolveProbes, resolveProgram, textList, texts } from './probes.ts'
import type { Path } from './report.ts'
import type { WrittenSupervisor } from './schema.ts'
import { signalName, type WrittenService } from './service-schema.ts'
import type { Tree } from './tree.ts'

/** What a service is resolved against. */
export interface Ground {
  /** The config file's folder. */
  readonly dir: string
  readonly supervisor: WrittenSupervisor
  readonly services: ReadonlyMap<string, WrittenService>
  readonly tree: Tree
}

/** What the user asked for in full: absolute paths, ms, every default. The written service must have been checked. */
export function resolveService(name: string, written: WrittenService, ground: Ground): ServiceSpec {
  const { supervisor, tree } = ground
  const path: Path = ['supervisor', 'services', name]
  const workingDir = resolve(ground.dir, written.working_dir ?? '.')
  const oneShot = written.one_shot ?? false
  const restart = overlay(supervisor.restart, written.restart)
  const maxRestarts = written.max_restarts ?? restart.max_restarts
  return {
    name,
    command: resolveProgram(written.command, workingDir),
    args: textList(written.args ?? [], [...path, 'args'], tree),
    workingDir,
    env: texts(written.env, [...path, 'env'], tree),
    oneShot,
    autostart: written.autostart ?? true,
    dependsOn: dependenciesOf(written.depends_on).map(({ service, condition }) => ({
      service,
      condition: condition ?? naturalCondition(ground.services.get(service)),
    })),
    restart: {
      policy: written.restart_policy ?? (oneShot ? 'on_failure' : 'always'),
      delay: restart.delay,
      maxDelay: restart.max_delay,
      factor: restart.backoff,
      jitter: restart.jitter,
      maxRestarts: maxRestarts === 'unlimited' ? null : maxRestarts,
      window: restart.window,
      stableUptime: restart.stable_uptime,
      onUnhealthy: written.restart?.on_unhealthy ?? true,
    },
    successCodes: written.success_exit_codes ?? [0],
    ...resolveProbes(written, path, workingDir, supervisor, tree),
    startTimeout: written.start_timeout ?? 60_000,
    stopSignal: signalName(written.stop_signal ?? 'SIGTERM') ?? 'SIGTERM',
    stopGrace: written.stop_grace ?? 10_000,
    containment: written.containment ?? 'auto',
    user: written.user === undefined ? null : accountOf(written.user),
    group: written.group === undefined ? null : groupOf(written.group),
    nice: written.nice ?? null,
    memoryLimit: written.memory_limit ?? null,
    schedule:
      written.restart?.schedule === undefined
        ? null
        : { cron: written.restart.schedule, timezone: written.restart.timezone ?? null },
    description: written.description ?? '',
  }
}

/** A dependency as it is written. */
export interface WrittenDependency {
  readonly service: string
  /** Undefined where the file leaves it open. */
  readonly condition: DependencyCondition | undefined
  /** Where it stands below the service. */
  readonly path: Path
  /** Does the name stand in a key? */
  readonly part: 'key' | 'value'
}

export function dependenciesOf(written: WrittenService['depends_on']): WrittenDependency[] {
  if (written === undefined) return []
  if (Array.isArray(written)) {
    return written.map((service, index) => ({ service, condition: undefined, path: ['depends_on', index], part: 'value' }))
  }
  return Object.entries(written).map(([service, condition]) => ({
    service,
    condition: typeof condition === 'string' ? condition : condition?.condition,
    path: ['depends_on', service],
    part: 'key',
  }))
}

export const hasReadiness = ({ readiness, health_check_url }: WrittenService): boolean =>
  readiness !== undefined || health_check_url !== undefined

/** What one waits for when the file does not say. */
function naturalCondition(target: WrittenService | undefined): DependencyCondition {
  if (target === undefined) return 'started'
  if (target.one_shot === true) return 'completed'
  return hasReadiness(target) ? 'healthy' : 'started'
}
