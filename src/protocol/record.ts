import * as z from 'zod'
import { usualLogRules } from './log-rules.ts'
import type { ServiceSpec } from './service.ts'

/**
 * What the journal keeps of a service: what was asked of it (desired, generation, by whom) and what is needed to find its
 * process again and to go on counting. Not a snapshot of a machine: actors are rebuilt from this and from what is running.
 */

/** Grows when the shape changes; a record of another format is not understood, and not used. */
const format = 1

const identity = z.object({ pid: z.number().int().positive(), start: z.number() })

export const serviceRecord = z.object({
  format: z.literal(format),
  service: z.string(),
  desired: z.enum(['run', 'stop']),
  /** Grows with each requested start or restart. */
  generation: z.number().int(),
  readyGeneration: z.number().int(),
  /** The spec of that generation, sealed. */
  spec: z.looseObject({
    name: z.string(),
    command: z.string(),
    // Not from the beginning: what lacks it has the usual value, and has not changed.
    family: z.string().nullable().default(null),
  }),
  by: z.string().nullable(),
  /** The request id of the command that asked for it, where it had one. */
  request: z.string().nullable(),
  because: z.string().nullable(),
  /** How it came to rest by itself; null while it runs or is to run. */
  outcome: z.enum(['completed', 'failed', 'stopped']).nullable(),
  restartCount: z.number().int(),
  history: z.object({ restarts: z.array(z.number()), streak: z.number().int() }),
  incarnation: z.string().nullable(),
  leader: identity.nullable(),
  /** When that process got ready, monotonic ms of its boot. */
  readyAt: z.number().nullable(),
  /** Where its output begins in its log, bytes. */
  logOffset: z.number().int().nullable().optional(),
  /** The second process, while there are two; absent in records of earlier versions. */
  beside: z
    .object({
      incarnation: z.string(),
      leader: identity,
      logOffset: z.number().int().nullable(),
      /** It has had its stop signal. */
      told: z.boolean(),
    })
    .nullable()
    .optional(),
  /** What was changed by hand since the config was read: values too, or nobody could start it so again. */
  overrides: z
    .object({ args: z.array(z.string()).optional(), env: z.record(z.string(), z.string()).optional() })
    .nullable()
    .optional(),
  /** Names the boot of the machine that pids, start times and monotonic times belong to. */
  boot: z.string(),
})
export type ServiceRecord = z.infer<typeof serviceRecord>

/** What the journal keeps of the fleet as a whole. */
export const fleetRecord = z.object({
  format: z.literal(format),
  /** `stopping`, `stopped`: it was shut down on request, so the next start begins anew. */
  status: z.enum(['running', 'stopping', 'stopped']),
  boot: z.string(),
})
export type FleetRecord = z.infer<typeof fleetRecord>

export const recordFormat = format

/** What a spec says about the process itself. A change of anything else takes effect without a new process. */
const ofProcess = [
  'command',
  'args',
  'workingDir',
  'env',
  'oneShot',
  'containment',
  'user',
  'group',
  'nice',
  'memoryLimit',
] as const

/** Would this process have been spawned otherwise? Both sealed, or both not. */
export const needsNewProcess = (spawned: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): boolean =>
  ofProcess.some((field) => stable(spawned[field] ?? null) !== stable(wanted[field] ?? null))

/** What is not asked of the service, but of us: how its output is kept, and what it is called by. */
const ours = { logs: null, category: null, kind: null }

/** Is the same wanted of it? Both sealed. */
export const sameSpec = (one: object, other: object): boolean => stable({ ...one, ...ours }) === stable({ ...other, ...ours })

/** In which fields that mean nothing to the service do they differ? */
export const changedMarks = (one: ServiceSpec, other: ServiceSpec): string[] =>
  changedFields(one, { ...one, logs: other.logs, category: other.category, kind: other.kind })

/** Do they differ in their schedule alone? */
export const onlySchedule = (one: ServiceSpec, other: ServiceSpec): boolean =>
  !sameSpec(one, other) && sameSpec({ ...one, schedule: null }, { ...other, schedule: null })

/** The fields in which two specs differ, as a config names them. */
export const changedFields = (one: object, other: object): string[] => {
  const [before, after] = [one, other].map((spec) => spec as unknown as Readonly<Record<string, unknown>>)
  const fields = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
  return [...fields]
    .filter((field) => stable(before?.[field] ?? null) !== stable(after?.[field] ?? null))
    .map((field) => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
}

/** The same text for the same value, whatever the order of its keys. null is as good as nothing: a record of old lacks newer fields. */
const stable = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .filter(([, one]) => one !== null)
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : inner,
  ) ?? ''

/** For a service that is known only by what runs of it: enough to stop it decently. */
export const bareSpec = (name: string): ServiceSpec => ({
  name,
  family: null,
  command: '/bin/false',
  args: [],
  workingDir: '/',
  env: {},
  oneShot: false,
  autostart: false,
  dependsOn: [],
  restart: {
    policy: 'never',
    delay: 0,
    maxDelay: 0,
    factor: 1,
    jitter: 0,
    maxRestarts: 0,
    window: null,
    stableUptime: 0,
    onUnhealthy: false,
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
  description: 'not in the config any more',
  category: 'core',
  kind: 'plain',
  logs: usualLogRules,
})
