import { constants } from 'node:os'
import * as z from 'zod'
import { limits } from '../protocol/limits.ts'
import { dependencyConditions, restartPolicies, serviceCategories, serviceKinds } from '../protocol/service.ts'
import {
  bareText,
  block,
  byteSize,
  duration,
  filledText,
  httpUrl,
  numberBetween,
  text,
  variables,
  wholeNumber,
} from './fields.ts'
import { livenessSchema, readinessSchema } from './probe-schema.ts'

/** A signal's full name for `SIGTERM`, `TERM` or `term`; undefined when this system has no such signal. */
export function signalName(written: string): NodeJS.Signals | undefined {
  const upper = written.toUpperCase()
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`
  return Object.hasOwn(constants.signals, name) ? (name as NodeJS.Signals) : undefined
}

export const maxRestarts = z.union([wholeNumber(0), z.literal('unlimited')], {
  error: 'a whole number of at least 0, or unlimited',
})

const condition = z.enum(dependencyConditions)
const dependencies = z.union(
  [
    z.array(z.string({ error: 'the name of a service' })),
    z.record(
      z.string(),
      z.union(
        [
          condition,
          block({
            condition: condition
              .optional()
              .describe('started: it runs. healthy: its readiness probe passed. completed: the one-shot succeeded.'),
          }),
          z.null(),
        ],
        { error: `one of ${dependencyConditions.join(', ')}, or a map with condition` },
      ),
    ),
  ],
  { error: 'a list of services, or a map of service to condition' },
)

/** How restarts are spaced: the same fields for all services and for one. */
export const backoffFields = {
  delay: duration('ms', { zero: true }).optional(),
  max_delay: duration('ms', { zero: true }).optional(),
  backoff: numberBetween(1, 100).optional(),
  jitter: numberBetween(0, 1).optional(),
  window: duration('s').nullable().optional(),
  stable_uptime: duration('s', { zero: true }).optional(),
}

/** A name, or a number as the file writes it. */
const account = (what: string) => {
  const expected = `the name or number of a ${what}`
  return z.union([filledText, wholeNumber(0, 2 ** 32 - 2, expected)], { error: expected })
}

/** How much output is kept: the same fields for all services and for one. */
export const logFields = {
  max_size: byteSize(limits.leastLogBytes, limits.mostLogBytes).optional(),
  keep: wholeNumber(0, limits.logArchives).optional(),
  max_age: duration('d', { most: limits.longestFactAge }).nullable().optional(),
  compress: z.boolean().optional(),
}

const inherited = "Default: the supervisor's."

const envFileBlock = block({
  path: filledText.describe("Relative to the config file's folder."),
  required: z.boolean().optional().describe('false: it may be missing. Default: true.'),
})
const envFileExpected = 'the path of a file, or a map with path and required'
const envFile = z.union([filledText, envFileBlock], { error: envFileExpected })

export const serviceSchema = block({
  command: filledText.describe('The program. With a slash in it: relative to working_dir; otherwise it is looked for in PATH.'),
  args: z.array(bareText).optional().describe('Its arguments. No shell is involved.'),
  working_dir: filledText
    .optional()
    .describe("The folder that it runs in, relative to the config file's folder, which is the default."),
  env: variables.optional().describe('Environment variables, beside those that Hyphae itself was started with.'),
  env_file: z
    .union([filledText, envFileBlock, z.array(envFile).max(limits.envFiles, { error: `at most ${limits.envFiles} files` })], {
      error: `${envFileExpected}, or a list of them`,
    })
    .optional()
    .describe(
      "Files with variables, as dotenv writes them, relative to the config file's folder. env comes first, then the later file.",
    ),
  instances: wholeNumber(1, limits.instances)
    .optional()
    .describe('How often it is there: web becomes web-1, web-2 and so on, and "${INSTANCE}" is the number.'),
  modes: z
    .array(filledText)
    .refine((modes) => modes.length > 0, { error: 'a list with at least one mode' })
    .meta({ minItems: 1 })
    .optional()
    .describe('The modes in which it runs; without it, in every mode and in none.'),
  description: text.optional().describe('One line for people.'),
  category: z
    .enum(serviceCategories)
    .optional()
    .describe('A label: part of the core, or of the advanced features. Default: core.'),
  kind: z
    .enum(serviceKinds)
    .optional()
    .describe(
      'mcp: an external MCP server, which is looked at by an initialize: at health_check_url, else at /mcp of its env PORT. Default: plain.',
    ),
  one_shot: z.boolean().optional().describe('It is meant to end: success completes it. Default: false.'),
  autostart: z.boolean().optional().describe('Is it started with the fleet? Default: true.'),
  restart_policy: z
    .enum(restartPolicies)
    .optional()
    .describe('When it is started again after it ended. Default: always; on_failure for a one-shot.'),
  max_restarts: maxRestarts
    .optional()
    .describe("Restarts within the window before it is given up, or unlimited. Default: the supervisor's."),
  restart: block({
    delay: backoffFields.delay.describe(
      `Before the first restart of an unstable service. A number means milliseconds. ${inherited}`,
    ),
    max_delay: backoffFields.max_delay.describe(`The longest delay. A number means milliseconds. ${inherited}`),
    backoff: backoffFields.backoff.describe(`Each delay is this many times the one before. ${inherited}`),
    jitter: backoffFields.jitter.describe(`Up to this share is added to a delay, at random. ${inherited}`),
    window: backoffFields.window.describe(`The time in which max_restarts counts. A number means seconds. ${inherited}`),
    stable_uptime: backoffFields.stable_uptime.describe(
      `Ready for this long = stable: counting begins anew. A number means seconds. ${inherited}`,
    ),
    schedule: filledText
      .optional()
      .describe(
        'When it is restarted by the calendar, as cron has it: minute, hour, day, month, weekday; six fields begin with seconds.',
      ),
    timezone: filledText.optional().describe("The zone of its schedule, such as Europe/Berlin. Default: this machine's."),
    overlap: z
      .boolean()
      .optional()
      .describe(
        'Does a restart start the new process beside the old one, which is stopped once the new one is ready? Needs a log or exec readiness probe. Default: false.',
      ),
    on_unhealthy: z.boolean().optional().describe('Does a failing liveness probe restart it? Default: true.'),
  })
    .optional()
    .describe("How restarts are spaced, where it differs from the supervisor's restart block."),
  health_check_url: httpUrl.optional().describe('An http readiness and an http liveness probe of this URL.'),
  health_check_interval: duration('s').optional().describe('From liveness look to look. A number means seconds.'),
  health_check: block({
    interval: duration('s')
      .optional()
      .describe(`From liveness look to look; health_check_interval comes first. A number means seconds. ${inherited}`),
    timeout: duration('s').optional().describe(`How long one look may take. A number means seconds. ${inherited}`),
    retries: wholeNumber(1).optional().describe(`Failures in a row that make it unhealthy. ${inherited}`),
  })
    .optional()
    .describe("Health checks, where they differ from the supervisor's health_check block."),
  readiness: readinessSchema
    .optional()
    .describe('The probe that tells when it is ready: exactly one of http, tcp, mcp, exec and log.'),
  liveness: livenessSchema
    .optional()
    .describe('The probe that tells whether it is well: exactly one of http, tcp, mcp and exec.'),
  depends_on: dependencies
    .optional()
    .describe(
      'What must be up before it starts. In a list the condition is healthy for a service with a readiness probe, completed for a one-shot, else started.',
    ),
  stop_signal: z
    .string()
    .refine((written) => signalName(written) !== undefined, { error: 'a signal of this system, such as SIGTERM' })
    .optional()
    .describe('The signal that asks it to stop. Default: SIGTERM.'),
  stop_grace: duration('s', { zero: true })
    .optional()
    .describe('From the stop signal to SIGKILL. A number means seconds. Default: 10s.'),
  success_exit_codes: z
    .array(wholeNumber(0, 255))
    .refine((codes) => codes.length > 0, { error: 'a list with at least one exit code' })
    .meta({ minItems: 1 })
    .optional()
    .describe('The exit codes that are a success: this list and nothing else. Default: [0].'),
  start_timeout: duration('s').optional().describe('How long it may take to get ready. A number means seconds. Default: 60s.'),
  user: account('user').optional().describe('Whom it runs as, with the groups of that user. Default: as Hyphae itself.'),
  group: account('group').optional().describe("Its group, where that is not the user's own."),
  nice: wholeNumber(-20, 19)
    .optional()
    .describe("Its niceness: 19 is served last, -20 first, for which root is needed. Default: Hyphae's own."),
  memory_limit: byteSize(limits.leastMemory, limits.mostMemory)
    .optional()
    .describe('How much memory all its processes together may use: more ends it, and it restarts under its policy.'),
  logs: block({
    max_size: logFields.max_size.describe(
      `Its log is rotated at this size. A number means bytes; units are B, KB, MB and GB. ${inherited}`,
    ),
    keep: logFields.keep.describe(`Archives that are kept beside its log. ${inherited}`),
    max_age: logFields.max_age.describe(`Archives older than this are deleted; null: never. A number means days. ${inherited}`),
    compress: logFields.compress.describe(`Are its archives compressed (gzip)? ${inherited}`),
  })
    .optional()
    .describe("How much of what it writes is kept, where it differs from the supervisor's logs block."),
  containment: z
    .enum(['auto', 'cgroup', 'mark'])
    .optional()
    .describe(
      'How its processes are kept together: in a cgroup, by a mark in their environment, or whichever this machine allows (auto, the default).',
    ),
})

export type WrittenService = z.output<typeof serviceSchema>
