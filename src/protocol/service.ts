import * as z from 'zod'
import type { Account, UserGroup } from './account.ts'
import type { Exit } from './exit.ts'
import type { Phase } from './lifecycle.ts'
import type { Schedule } from './schedule.ts'
import type { LogRules } from './log-rules.ts'
import type { Setting } from './setting.ts'

/** The vocabulary of a managed service: what was asked for (spec), what may be asked of it (commands), what is shown (status). */

export const restartPolicies = ['always', 'on_failure', 'never'] as const
export type RestartPolicyName = (typeof restartPolicies)[number]

/** Labels of a service: what it is part of, and what it speaks. A change of them needs no restart. */
export const serviceCategories = ['core', 'advanced'] as const
export type ServiceCategory = (typeof serviceCategories)[number]
export const serviceKinds = ['plain', 'mcp'] as const
export type ServiceKind = (typeof serviceKinds)[number]

export const dependencyConditions = ['started', 'healthy', 'completed'] as const
export type DependencyCondition = (typeof dependencyConditions)[number]

/** What a probe looks at. Times are in ms. */
export type ProbeTarget =
  | {
      readonly type: 'http'
      readonly url: string
      readonly headers: Readonly<Record<string, string>>
      readonly status: readonly number[]
    }
  | { readonly type: 'mcp'; readonly url: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly type: 'tcp'; readonly host: string; readonly port: number }
  | { readonly type: 'exec'; readonly command: string; readonly args: readonly string[] }
  | { readonly type: 'log'; readonly pattern: string }

/** A probe and its timing. `http.status` empty = any 2xx. */
export interface ProbeSpec {
  readonly target: ProbeTarget
  /** From the start of one look to the start of the next, ms. */
  readonly interval: number
  /** How long one look may take, ms. */
  readonly timeout: number
  /** Before the first look, ms. */
  readonly delay: number
  /** Consecutive failures that make it unhealthy. */
  readonly failures: number
  /** Consecutive passes that make it ready, or healthy again. */
  readonly passes: number
}

/** When and how a service is started again. Times are in ms. */
export interface RestartPolicy {
  readonly policy: RestartPolicyName
  readonly delay: number
  readonly maxDelay: number
  readonly factor: number
  /** Up to this share is added to a delay, at random: 0.1 = up to 10 %. Added after the cap. */
  readonly jitter: number
  /** Restarts within the window before giving up; null = never give up. */
  readonly maxRestarts: number | null
  /** The window of maxRestarts; null = since the last stable run. */
  readonly window: number | null
  /** Ready for this long = settled: the count starts anew and the next restart is at once. */
  readonly stableUptime: number
  /** Does an unhealthy service restart? */
  readonly onUnhealthy: boolean
  /** A restart that is asked for starts the new process beside the old one. Absent: it does not. */
  readonly overlap?: boolean | undefined
}

/** How restarts follow one another, whatever is restarted. */
export type RestartSpacing = Omit<RestartPolicy, 'policy' | 'onUnhealthy'>

/** A signal, as the kernel names it. */
export type SignalName = `SIG${string}`

/** What the user asked for, resolved: absolute paths, ms, every default filled in. Data only. */
export interface ServiceSpec {
  readonly name: string
  /** The name that it shares with its other instances: `web` of web-1; null where it is there once. */
  readonly family: string | null
  readonly command: string
  readonly args: readonly string[]
  readonly workingDir: string
  /** What the config sets; the inherited environment is added when it is spawned. */
  readonly env: Readonly<Record<string, string>>
  readonly oneShot: boolean
  /** Is it started with the fleet? */
  readonly autostart: boolean
  readonly dependsOn: ReadonlyArray<{ readonly service: string; readonly condition: DependencyCondition }>
  readonly restart: RestartPolicy
  readonly successCodes: readonly number[]
  readonly readiness: ProbeSpec | null
  readonly liveness: ProbeSpec | null
  /** How long it may take to get ready, ms. */
  readonly startTimeout: number
  readonly stopSignal: SignalName
  /** From the stop signal to SIGKILL, ms. */
  readonly stopGrace: number
  readonly containment: 'auto' | 'cgroup' | 'mark'
  /** Whom it runs as; null: as Hyphae itself. */
  readonly user: Account | null
  /** Its group, where that is not the user's own. */
  readonly group: UserGroup | null
  /** From -20 (first served) to 19 (last); null: as Hyphae itself. */
  readonly nice: number | null
  /** Memory of all its processes together, bytes; null: no limit. */
  readonly memoryLimit: number | null
  /** When it is restarted by the calendar. */
  readonly schedule: Schedule | null
  readonly description: string
  readonly category: ServiceCategory
  /** mcp: an external MCP server. */
  readonly kind: ServiceKind
  /** How much of its output is kept. Says nothing of the program: a change needs no restart. */
  readonly logs: LogRules
}

/** Who holds a service's operation slot. */
export interface Operation {
  readonly id: string
  readonly by: string
}

/** The events that anyone with the permission may send to a service. Everything else it hears is internal. */
export const serviceEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('START') }).describe('Want it running; waits for its dependencies.'),
  z.strictObject({ type: z.literal('STOP') }).describe('Want it stopped: the stop signal, then SIGKILL after the grace.'),
  z.strictObject({ type: z.literal('RESTART') }).describe('Stop it and start it again, free of the restart budget.'),
])

/** The events that anyone with the permission may send to a process. */
export const processEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('KILL') }).describe('While it is stopping: SIGKILL now, without waiting for the grace.'),
])

/** The events of SERVICE that come from within: workflows, groups and the reconciler. */
export type ServiceCommand =
  | { readonly type: 'START'; readonly by?: string | undefined; readonly request?: string | undefined; readonly at: number }
  | {
      readonly type: 'STOP'
      readonly by?: string | undefined
      readonly request?: string | undefined
      /** Why, where there is more to say than who asked. */
      readonly because?: string | undefined
      readonly at: number
    }
  | {
      readonly type: 'RESTART'
      readonly by?: string | undefined
      /** The id that the caller gave the request. */
      readonly request?: string | undefined
      readonly at: number
      /** The operation that sends it; without one it is refused while another holds the slot. */
      readonly op?: string | undefined
      /** What it is started with from now on; without it as before. */
      readonly setting?: Setting | undefined
    }
  | { readonly type: 'RESERVE'; readonly op: Operation }
  | { readonly type: 'FREE'; readonly op: string }
  /** How it is to be started from now on. What runs goes on. */
  | { readonly type: 'SET'; readonly setting: Setting }
  | {
      readonly type: 'RECONFIGURE'
      readonly spec: ServiceSpec
      /** Why, where it is not another config. */
      readonly because?: string | undefined
      readonly at: number
    }
  /** Another schedule, and nothing else: what runs goes on. */
  | { readonly type: 'RESCHEDULE'; readonly schedule: Schedule | null }
  /** Its process is not the one that is wanted: a new one, without a new generation. */
  | { readonly type: 'REPLACE'; readonly because: string; readonly at: number }
  | { readonly type: 'HOLD'; readonly because: string; readonly at: number }
  | { readonly type: 'RELEASE'; readonly because: string; readonly at: number }
  /** Which group decides its restarts from now on; null: it decides alone. */
  | { readonly type: 'GROUP'; readonly group: string | null }
  | { readonly type: 'REMOVE'; readonly because?: string | undefined; readonly at: number }

/** How one incarnation ended; `at` and `readyAt` are monotonic ms, `dice` is the chance that the policy may use, in [0, 1). */
export interface Ended {
  readonly exit: Exit
  /** We asked for it. */
  readonly planned: boolean
  /** Why it ended, where there is more to say than its exit. */
  readonly because: string | null
  readonly at: number
  readonly readyAt: number | null
  readonly dice: number
}

export const serviceStatuses = [
  'waiting',
  'starting',
  'running',
  'unhealthy',
  'stopping',
  'backing_off',
  'stopped',
  'completed',
  'failed',
  'removed',
] as const
export type ServiceStatusName = (typeof serviceStatuses)[number]

/** One service as `status --json` shows it. Field names are the MagicTunnel guide's where it has them. */
export const serviceStatus = z.object({
  status: z.enum(serviceStatuses).describe('one word for a person'),
  pid: z.number().int().nullable(),
  uptime: z.number().int().describe('whole seconds since it was spawned, 0 without a process'),
  memory_mb: z.number().describe('resident memory of its whole process group, MB'),
  cpu_percent: z.number().describe('of one core, for its whole process group'),
  restart_count: z.number().int().describe('how often it was started again, by itself or on request'),
  restart_policy: z.enum(restartPolicies),
  phase: z.enum(['handshake', 'active', 'reaped']),
  state: z.string().describe('the statechart state, the process state while it has one'),
  reason: z.string().nullable().describe('why it is in that state'),
  containment: z.enum(['cgroup', 'mark']).nullable().describe('how its processes are kept together'),
  generation: z.number().int().describe('grows with every requested start or restart'),
  desired: z.enum(['run', 'stop']),
  depends_on: z.array(z.string()),
  category: z.enum(serviceCategories).describe('part of the core, or of the advanced features'),
  kind: z.enum(serviceKinds).describe('mcp: an external MCP server'),
  family: z.string().nullable().describe('the name that it shares with its other instances'),
  args: z.array(z.string()).readonly().describe('the arguments that it runs with'),
  user: z.string().nullable().describe('whom it runs as; null: as Hyphae itself'),
  memory_limit: z
    .object({
      mb: z.number(),
      by: z.enum(['kernel', 'watch']).nullable().describe('who enforces it; null while nothing runs'),
    })
    .nullable()
    .describe('how much memory all its processes together may use'),
  next_restart: z.iso.datetime().nullable().describe('when its schedule restarts it next'),
  last_restart: z.iso.datetime().nullable().describe('when it was last started again, by itself or on request'),
})
export type ServiceStatus = z.infer<typeof serviceStatus>

export const phaseSchema: z.ZodType<Phase> = z.enum(['handshake', 'active', 'reaped'])
