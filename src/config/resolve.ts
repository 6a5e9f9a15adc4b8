import { resolve } from 'node:path'
import type { LogRules } from '../protocol/log-rules.ts'
import type { DependencyCondition, ServiceSpec } from '../protocol/service.ts'
import { accountOf, groupOf } from './accounts.ts'
import { overlay } from './overlay.ts'
import { mcpUrlOf, resolveProbes, resolveProgram, textList, texts } from './probes.ts'
import type { Path } from './report.ts'
import type { Families } from './families.ts'
import type { WrittenSupervisor } from './schema.ts'
import { signalName, type WrittenService } from './service-schema.ts'
import type { Tree } from './tree.ts'

/** What a service is resolved against. */
export interface Ground {
  /** The config file's folder. */
  readonly dir: string
  readonly supervisor: WrittenSupervisor
  readonly services: ReadonlyMap<string, WrittenService>
  readonly families: Families
  readonly tree: Tree
  /** What a service takes from its env files. */
  readonly fileEnv: ReadonlyMap<string, Readonly<Record<string, string>>>
}

/** What the user asked for in full: absolute paths, ms, every default. The written service must have been checked. */
export function resolveService(name: string, written: WrittenService, ground: Ground): ServiceSpec {
  const { supervisor, tree } = ground
  const path: Path = ['supervisor', 'services', name]
  const workingDir = resolve(ground.dir, written.working_dir ?? '.')
  const oneShot = written.one_shot ?? false
  const instance = tree.instance(name)
  const restart = overlay(supervisor.restart, written.restart)
  const maxRestarts = written.max_restarts ?? restart.max_restarts
  return {
    name,
    family: instance?.family ?? null,
    command: resolveProgram(written.command, workingDir),
    args: textList(written.args ?? [], [...path, 'args'], tree),
    workingDir,
    env: {
      ...(instance === undefined ? {} : { INSTANCE: String(instance.number) }),
      ...ground.fileEnv.get(name),
      ...texts(written.env, [...path, 'env'], tree),
    },
    oneShot,
    autostart: written.autostart ?? true,
    dependsOn: dependenciesOf(written.depends_on, ground.families).map(({ service, condition }) => ({
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
      ...(written.restart?.overlap === true ? { overlap: true } : {}),
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
    category: written.category ?? 'core',
    kind: written.kind ?? 'plain',
    logs: logRulesOf(overlay(supervisor.logs, written.logs)),
  }
}

export const logRulesOf = ({ max_size, keep, max_age, compress }: WrittenSupervisor['logs']): LogRules => ({
  maxSize: max_size,
  keep,
  maxAge: max_age,
  compress,
})

/** A dependency as it is written. */
export interface WrittenDependency {
  /** The name of one service. */
  readonly service: string
  /** As it is written: perhaps the name of a family. */
  readonly name: string
  /** Undefined where the file leaves it open. */
  readonly condition: DependencyCondition | undefined
  /** Where it stands below the service. */
  readonly path: Path
  /** Does the name stand in a key? */
  readonly part: 'key' | 'value'
}

/** What a service depends on; to depend on a family is to depend on each of its instances. */
export function dependenciesOf(written: WrittenService['depends_on'], families: Families): WrittenDependency[] {
  const each = (name: string, { condition, path, part }: Omit<WrittenDependency, 'service' | 'name'>): WrittenDependency[] =>
    (families.membersOf(name) ?? [name]).map((service) => ({ service, name, condition, path, part }))
  if (written === undefined) return []
  if (Array.isArray(written)) {
    return written.flatMap((name, index) => each(name, { condition: undefined, path: ['depends_on', index], part: 'value' }))
  }
  return Object.entries(written).flatMap(([name, condition]) =>
    each(name, {
      condition: typeof condition === 'string' ? condition : condition?.condition,
      path: ['depends_on', name],
      part: 'key',
    }),
  )
}

export const hasReadiness = ({ readiness, health_check_url, kind, env }: WrittenService): boolean =>
  readiness !== undefined ||
  health_check_url !== undefined ||
  (kind === 'mcp' && mcpUrlOf(env?.['PORT'] === undefined ? undefined : String(env['PORT'])) !== undefined)

/** What one waits for when the file does not say. */
function naturalCondition(target: WrittenService | undefined): DependencyCondition {
  if (target === undefined) return 'started'
  if (target.one_shot === true) return 'completed'
  return hasReadiness(target) ? 'healthy' : 'started'
}
