import * as z from 'zod'
import { formatBytes, parseBytes } from '../protocol/bytes.ts'
import { parseDuration } from '../protocol/duration.ts'
import { limits } from '../protocol/limits.ts'

/**
 * The kinds of value that a field may have. Everywhere in the schema an `error` text is what was expected,
 * as it is said after the word "expected".
 */

/** A map with these keys and no others. Its text for an unknown key is the list of the known ones. */
export function block<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : undefined),
  })
}

/** What the operating system takes as an argument: no NUL in it. */
const speakable = (text: string): boolean => !text.includes('\0')

export const text = z.string().refine(speakable, { error: 'a text without NUL characters' })

export const filledText = z
  .string()
  // Not `min`: that also measures a map with a `length`, and trips over what it finds there.
  .refine((written) => written !== '', { error: 'a text that is not empty', abort: true })
  .refine(speakable, { error: 'a text without NUL characters' })
  .meta({ minLength: 1 })

/** A text that is often written as a bare number or boolean. What the file says is used letter by letter: see `Tree.text`. */
export const bareText = z
  .union([z.string(), z.number(), z.boolean()], { error: 'a text' })
  .refine((written) => typeof written !== 'string' || speakable(written), { error: 'a text without NUL characters' })

/** Environment variables: names to texts. */
export const variables = z.record(
  z.string().refine((name) => /^[^=\0]+$/.test(name), { error: 'a name without "=" and NUL characters' }),
  bareText,
)

/** HTTP headers: names to texts. */
export const headers = z.record(
  z.string().refine((name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name), { error: 'the name of a header' }),
  bareText.refine((written) => typeof written !== 'string' || !/[\r\n]/.test(written), { error: 'a text of one line' }),
)

const units = {
  ms: { factor: 1, word: 'milliseconds', example: '500ms' },
  s: { factor: 1_000, word: 'seconds', example: '10s' },
  d: { factor: 86_400_000, word: 'days', example: '30d' },
} as const

interface DurationBounds {
  readonly zero?: boolean
  /** ms; more than a timer can wait only where none does. */
  readonly most?: number
}

/** A duration, as a text with a unit or as a number in the field's unit; ms from here on. */
export function duration(unit: keyof typeof units, { zero = false, most = limits.duration }: DurationBounds = {}) {
  const { factor, word, example } = units[unit]
  const expected = `a duration such as "${example}", or a number of ${word}`
  return z.union([z.number(), z.string()], { error: expected }).transform((written, context) => {
    const exact = typeof written === 'number' ? written * factor : parseDuration(written)
    const ms = Math.round(exact ?? Number.NaN)
    let refusal: string | undefined
    if (Number.isNaN(ms)) refusal = expected
    else if (ms < (zero ? 0 : 1)) refusal = zero ? 'a duration of 0 or more' : 'a duration above 0'
    else if (ms > most) refusal = `a duration of at most ${most / 86_400_000} days`
    if (refusal === undefined) return ms
    context.addIssue({ code: 'custom', message: refusal, input: written })
    return z.NEVER
  })
}

/** A size, as a text with a unit or as a number of bytes; bytes from here on. */
export function byteSize(least: number, most: number) {
  const expected = 'a size such as "32MB", or a number of bytes'
  return z.union([z.number(), z.string()], { error: expected }).transform((written, context) => {
    const bytes = Math.round((typeof written === 'number' ? written : parseBytes(written)) ?? Number.NaN)
    if (bytes >= least && bytes <= most) return bytes
    const message = Number.isNaN(bytes) ? expected : `a size from ${formatBytes(least)} to ${formatBytes(most)}`
    context.addIssue({ code: 'custom', message, input: written })
    return z.NEVER
  })
}

export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER, expected?: string) {
  const usual =
    most === Number.MAX_SAFE_INTEGER ? `a whole number of at least ${least}` : `a whole number from ${least} to ${most}`
  const error = expected ?? usual
  return z.int({ error }).min(least, { error }).max(most, { error })
}

const portExpected = 'a whole number from 0 to 65535, or off'
/** A port to listen on; 0 takes a free one, off none at all: null from here on. */
export const port = z
  .union([wholeNumber(0, 65_535, portExpected), z.literal('off')], { error: portExpected })
  .transform((written) => (written === 'off' ? null : written))

export function numberBetween(least: number, most: number) {
  const error = `a number from ${least} to ${most}`
  return z.number({ error }).min(least, { error }).max(most, { error })
}

const httpExpected = 'a URL that begins with http:// or https://'
export const httpUrl = z.string({ error: httpExpected }).refine(
  (written) => {
    const url = URL.parse(written)
    return url !== null && (url.protocol === 'http:' || url.protocol === 'https:')
  },
  { error: httpExpected },
)

const hostExpected = 'the name of a host such as "fleet.example.com", without scheme and port'
export const hostName = z.string({ error: hostExpected }).regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i, { error: hostExpected })

const originExpected = 'an origin such as "http://localhost:5173", without a path'
export const origin = z
  .string({ error: originExpected })
  .refine((written) => URL.parse(written)?.origin === written, { error: originExpected })
