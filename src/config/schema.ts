import * as z from 'zod'
import { usualLogRules } from '../protocol/log-rules.ts'
import { limits } from '../protocol/limits.ts'
import { roles, type Role } from '../protocol/principal.ts'
import {
  bareText,
  block,
  byteSize,
  duration,
  filledText,
  hostName,
  numberBetween,
  origin,
  port,
  text,
  wholeNumber,
} from './fields.ts'
import { groupSchema } from './group-schema.ts'
import { hooksSchema } from './hook-schema.ts'
import { modesSchema } from './mode-schema.ts'
import { backoffFields, logFields, maxRestarts, serviceSchema } from './service-schema.ts'

/** The whole file as it is written. Defaults that another field can override are filled in when it is resolved. */

/** Our own log's levels, the most talkative first. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** Blocks of surfaces that are known by name only. */
export const laterSurfaces = ['gateway', 'mcp', 'telemetry', 'hive', 'hero', 'mesh'] as const

const programs = () =>
  z
    .array(
      z.union(
        [
          filledText,
          block({
            command: filledText.describe('What may be run.'),
            allowed_in_production: z.boolean().prefault(true).describe('false: in development only.'),
          }),
        ],
        { error: 'a text, or a map with command and allowed_in_production' },
      ),
    )
    .optional()

/** The names of tokens are shown in facts and logs. */
const tokenName = z.string().refine((name) => /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name), {
  error: 'letters, digits, "_", "-" or ".", at most 64 characters',
})

const tls = block({
  cert: filledText.describe(
    "The certificate, PEM, with those between it and its authority; relative to the config file's folder.",
  ),
  key: filledText.describe('Its private key, PEM, readable by nobody else.'),
  ca: filledText
    .optional()
    .describe('Clients must show a certificate of one of these authorities, PEM. Default: they need none.'),
})
  .optional()
  .describe('TLS, with the certificate in these files.')

const securitySchema = block({
  bind_to_localhost: z.boolean().prefault(false).describe('Listen on this machine only, whatever host says.'),
  allowed_commands: z
    .array(filledText)
    .optional()
    .describe('The control commands that are admitted, such as status and restart, in any case. Default: all of them.'),
  allowed_programs: block({
    make: programs().describe('Targets of make.'),
    shell: programs().describe('Programs of shell commands.'),
    binary: programs().describe('Programs.'),
    cargo: programs().describe('Subcommands of cargo.'),
    npm: programs().describe('Scripts and subcommands of npm.'),
  })
    .optional()
    .describe(
      'What commands around a restart may run, by type. Default: make clean and echo in development, nothing in production.',
    ),
  allow_shell: z.boolean().prefault(false).describe('May a command around a restart be a shell line?'),
  authentication: block({
    enabled: z.boolean().prefault(false).describe('Is a token needed?'),
    token: bareText.optional().describe('An admin\'s token: "${SUPERVISOR_TOKEN}" keeps it out of the file.'),
    tokens: z
      .array(
        block({
          name: tokenName.describe('Shown in events and logs as token:<name>.'),
          token: bareText.optional().describe('The token: "${CI_TOKEN}" keeps it out of the file.'),
          token_file: filledText
            .optional()
            .describe("A file that holds the token instead, relative to the config file's folder."),
          role: z.enum(Object.keys(roles) as [Role, ...Role[]]).describe('What whoever has it may do.'),
        }),
      )
      .max(limits.tokens, { error: `at most ${limits.tokens} tokens` })
      .prefault([])
      .describe('Further tokens, each with a role.'),
  })
    .prefault({})
    .describe('Who may connect.'),
})

export const supervisorSchema = block({
  enabled: z.boolean().prefault(true).describe('false: refuse to start.'),
  port: port
    .prefault(8081)
    .describe('The TCP port of the supervisor; 0 takes a free one, off none. SUPERVISOR_PORT comes first.'),
  host: filledText.prefault('127.0.0.1').describe('The address that the supervisor listens on. SUPERVISOR_HOST comes first.'),
  tls,
  default_service: text.optional().describe('The service that is meant where a command names none.'),
  mode: filledText
    .optional()
    .describe('The mode in force: services with modes run in these only. --mode, then MAGICTUNNEL_RUNTIME_MODE, come first.'),
  modes: modesSchema
    .optional()
    .describe('Named modes, a map of name to mode; switch between them with `hyphae mode`. Default: proxy and advanced.'),
  environment: z
    .enum(['development', 'production'])
    .prefault('development')
    .describe('Production allows less. --environment, MAGICTUNNEL_ENV and ENVIRONMENT come first.'),
  services: z.record(z.string(), serviceSchema).prefault({}).describe('What to run: a map of name to service.'),
  groups: z
    .record(z.string(), groupSchema)
    .prefault({})
    .describe('Services that are restarted together: a map of name to group.'),
  health_check: block({
    interval: duration('s').prefault(30).describe('From liveness look to look. A number means seconds.'),
    timeout: duration('s').prefault(10).describe('How long one look may take. A number means seconds.'),
    retries: wholeNumber(1).prefault(3).describe('Failures in a row that make a service unhealthy.'),
  })
    .prefault({})
    .describe('Health checks of every service that does not say otherwise.'),
  restart: block({
    delay: backoffFields.delay
      .unwrap()
      .prefault(5_000)
      .describe('Before the first restart of an unstable service. A number means milliseconds.'),
    max_delay: backoffFields.max_delay.unwrap().prefault(60_000).describe('The longest delay. A number means milliseconds.'),
    backoff: numberBetween(1, 100).prefault(2).describe('Each delay is this many times the one before.'),
    jitter: numberBetween(0, 1).prefault(0.1).describe('Up to this share is added to a delay, at random.'),
    max_restarts: maxRestarts.prefault(10).describe('Restarts within the window before a service is given up, or unlimited.'),
    window: backoffFields.window
      .unwrap()
      .prefault(null)
      .describe('The time in which max_restarts counts. A number means seconds. Default: since the last stable run.'),
    stable_uptime: backoffFields.stable_uptime
      .unwrap()
      .prefault(10)
      .describe('Ready for this long = stable: counting begins anew. A number means seconds.'),
  })
    .prefault({})
    .describe('Restarts of every service that does not say otherwise.'),
  logs: block({
    max_size: logFields.max_size
      .unwrap()
      .prefault(usualLogRules.maxSize)
      .describe('A log of this size is rotated. A number means bytes; units are B, KB, MB and GB.'),
    keep: logFields.keep.unwrap().prefault(usualLogRules.keep).describe('Archives that are kept beside each log.'),
    max_age: logFields.max_age
      .unwrap()
      .prefault(null)
      .describe(
        'Archives older than this are deleted, and with it all logs of services that are gone. A number means days. Default: never.',
      ),
    compress: logFields.compress.unwrap().prefault(usualLogRules.compress).describe('Are archives compressed (gzip)?'),
  })
    .prefault({})
    .describe('How much of what services write is kept, of every service that does not say otherwise.'),
  on_event: hooksSchema.prefault([]).describe('Who is told when something happens: programs and webhooks.'),
  security: securitySchema.prefault({}).describe('Who may control the supervisor, and what it may run.'),
})

export const httpSchema = block({
  port: port.prefault(3001).describe('The HTTP port; 0 takes a free one, off none.'),
  host: filledText.prefault('127.0.0.1').describe('The address that HTTP listens on.'),
  tls,
  allowed_origins: z
    .array(origin)
    .prefault(['http://localhost:5173'])
    .describe('Origins of web pages that may call, beside its own.'),
  allowed_hosts: z
    .array(hostName)
    .prefault([])
    .describe('Names by which callers may reach it, beside its own: of a proxy, of a service in a cluster.'),
})

export const logSchema = block({
  file: filledText.optional().describe("The file of Hyphae's own log, relative to the config file's folder."),
  level: z
    .enum(logLevels)
    .prefault('info')
    .describe('The least that is logged. SUPERVISOR_LOG_LEVEL, then RUST_LOG, come first.'),
  max_size: byteSize(limits.leastLogBytes, limits.mostLogBytes)
    .prefault(limits.ownLogBytes)
    .describe('At this size it is set aside. A number means bytes; units are B, KB, MB and GB.'),
  keep: wholeNumber(1, limits.logArchives).prefault(limits.ownLogKept).describe('How many of those set aside are kept.'),
})

export const journalSchema = block({
  max_age: duration('d', { most: limits.longestFactAge })
    .prefault(limits.factAge / 86_400_000)
    .describe('How long events are kept. A number means days.'),
  max_size: byteSize(limits.leastFactBytes, limits.mostFactBytes)
    .prefault(limits.factBytes)
    .describe('How much of them is kept: the oldest go first. A number means bytes; units are B, KB, MB and GB.'),
})

const later = z.unknown().optional().describe('For a surface that this version does not have yet; ignored.')

/** Unknown sections are let through: the file may be another program's too. */
export const fileSchema = z.looseObject({
  supervisor: supervisorSchema.prefault({}).describe('The services, and how they are supervised.'),
  modes: modesSchema.optional().describe('The same as supervisor.modes; one of the two.'),
  state: filledText
    .prefault('.hyphae')
    .describe("The folder of the journal, logs and socket, relative to the config file's folder. HYPHAE_STATE comes first."),
  http: httpSchema.prefault({}).describe('The HTTP surface.'),
  log: logSchema.prefault({}).describe("Hyphae's own log."),
  journal: journalSchema.prefault({}).describe('How many events the journal keeps. What services are to do is always kept.'),
  gateway: later,
  mcp: later,
  telemetry: later,
  hive: later,
  hero: later,
  mesh: later,
})

export type WrittenSupervisor = z.output<typeof supervisorSchema>
