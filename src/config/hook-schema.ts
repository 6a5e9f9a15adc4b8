import * as z from 'zod'
import { hookEvents } from '../protocol/hook.ts'
import { limits } from '../protocol/limits.ts'
import { bareText, block, duration, headers, httpUrl, wholeNumber } from './fields.ts'

/** A hook as it is written. */

const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/

const hookSchema = block({
  name: z
    .string()
    .refine((name) => namePattern.test(name), { error: 'a letter, digit or underscore, then letters, digits, "_", "-" or "."' })
    .optional()
    .describe('How events, logs and metrics call it. Default: hook-1 for the first one, and so on.'),
  events: z
    .array(z.enum(hookEvents))
    .refine((events) => events.length > 0, { error: 'a list with at least one event' })
    .meta({ minItems: 1 })
    .describe('What it is told of.'),
  services: z
    .array(z.string({ error: 'the name of a service or group' }))
    .refine((names) => names.length > 0, { error: 'a list with at least one service or group' })
    .meta({ minItems: 1 })
    .optional()
    .describe('Only events of these services and groups. Default: of all.'),
  exec: z
    .array(bareText)
    .refine((argv) => argv.length > 0 && argv[0] !== '', { error: 'a list with a program and its arguments' })
    .meta({ minItems: 1 })
    .optional()
    .describe('The program that is run and its arguments; no shell. It reads the event as JSON.'),
  webhook: httpUrl.optional().describe('Where the event is posted as JSON. This or exec.'),
  headers: headers.optional().describe('Of a webhook: headers beside its own.'),
  secret: bareText.optional().describe('Of a webhook: signs the body: "${ALERT_SECRET}" keeps it out of the file.'),
  timeout: duration('s').prefault(10).describe('How long one try may take. A number means seconds.'),
  retries: wholeNumber(0, limits.hookRetries).prefault(3).describe('Tries after the first.'),
  delay: duration('ms', { most: limits.hookDelay })
    .prefault(1_000)
    .describe('Before the second try; each later delay is twice the one before. A number means milliseconds.'),
})
export type WrittenHook = z.output<typeof hookSchema>

export const hooksSchema = z
  .array(hookSchema)
  .refine((hooks) => hooks.length <= limits.hooks, { error: `at most ${limits.hooks} hooks` })
  .meta({ maxItems: limits.hooks })

/** The headers that are ours to say. */
export const ownHeader = /^(?:x-hyphae-.*|content-(?:type|length)|connection|transfer-encoding|host|expect)$/i
