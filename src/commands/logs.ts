import * as z from 'zod'
import { query, stream, type Resumable } from '../protocol/command.ts'
import { isRecord, parseJson } from '../protocol/json.ts'
import { limits } from '../protocol/limits.ts'
import { followedLogItem, logItem, type FollowedLogItem } from '../protocol/status.ts'
import type { LogQuery } from '../protocol/view.ts'
import { knownServices } from './names.ts'

const usualLines = 20

const moment = z.iso.datetime({ offset: true })

/** Is it an expression at all? How long it takes is seen when it is used. */
const isPattern = (text: string): boolean => {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}

const followed = z.strictObject({
  services: z.array(z.string()).optional().describe('only these; without it, all'),
  lines: z
    .number()
    .int()
    .min(0)
    .max(limits.logLines)
    .optional()
    .describe(
      `how many of the last lines of each: ${usualLines}, or where the lines are chosen by time or grep ${limits.logLines}`,
    ),
  since: moment.optional().describe('only what was written at this time or later, to about a second'),
  grep: z
    .string()
    .min(1)
    .max(limits.logPattern)
    .refine(isPattern, { error: 'expected a regular expression' })
    .optional()
    .describe("only lines that match this regular expression (JavaScript's)"),
  ignore_case: z.boolean().optional().describe('grep takes small and capital letters for the same'),
})
const input = followed.extend({ until: moment.optional().describe('only what was written up to this time, to about a second') })

type Asked = Omit<z.output<typeof input>, 'services'>

function queryOf({ lines, since, until, grep, ignore_case: ignoreCase = false }: Asked): LogQuery {
  const chosen = since !== undefined || until !== undefined || grep !== undefined
  return {
    lines: lines ?? (chosen ? limits.logLines : usualLines),
    ...(since === undefined ? {} : { since: Date.parse(since) }),
    ...(until === undefined ? {} : { until: Date.parse(until) }),
    ...(grep === undefined ? {} : { grep: { pattern: grep, ignoreCase } }),
  }
}

const offset = z.number().int().min(0)
const followInput = followed.extend({
  after: z
    .record(z.string(), offset)
    .optional()
    .describe('by service: go on at this offset, with no lines before it; in a log that was begun anew, at its beginning'),
})

export const logsRead = query({
  name: 'logs.read',
  summary: 'The last lines that services wrote, or those of a time or that match.',
  permission: 'logs.read',
  errors: ['not_found', 'too_large'],
  input,
  output: z.object({
    lines: z.array(logItem),
    ends: z
      .record(z.string(), offset)
      .describe('where the last whole line of each log ends, in bytes; logs.follow goes on there'),
    cut: z.array(z.string()).describe('of these services older lines may be meant too: too many, or too far back to look'),
  }),
  async read(view, { services, ...asked }) {
    const names = services === undefined ? view.serviceNames() : knownServices(view, services)
    const ends = await view.logEnds(names)
    const { lines, cut } = await view.logLines(names, queryOf(asked))
    return { lines: [...lines], ends: Object.fromEntries(ends), cut: [...cut] }
  },
})

/** Where each log goes on, as JSON: a service of which nothing was heard yet begins as at first. */
const resumable: Resumable = {
  place(before, item) {
    if (before === '') return ''
    const { service, offset: end } = item as FollowedLogItem
    const ends = before === null ? {} : (JSON.parse(before) as Record<string, number>)
    const place = JSON.stringify({ ...ends, [service]: end })
    return place.length > limits.streamPlace ? '' : place
  },
  input(place) {
    try {
      const after = parseJson(place)
      return isRecord(after) ? { after } : undefined
    } catch {
      return undefined
    }
  },
}

export const logsFollow = stream({
  name: 'logs.follow',
  summary: 'The last lines that services wrote, or those since a time or that match, then each new one.',
  permission: 'logs.read',
  errors: ['not_found'],
  policy: 'all',
  resumable,
  input: followInput,
  output: followedLogItem,
  open: (view, { services, after, ...asked }) => ({
    source: 'logs',
    services: services === undefined ? view.serviceNames() : knownServices(view, services),
    query: queryOf(asked),
    after: new Map(Object.entries(after ?? {})),
  }),
})
