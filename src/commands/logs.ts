import * as z from 'zod'
import { query, stream } from '../protocol/command.ts'
import { limits } from '../protocol/limits.ts'
import { followedLogItem, logItem } from '../protocol/status.ts'
import { knownServices } from './names.ts'

const input = z.strictObject({
  services: z.array(z.string()).optional().describe('only these; without it, all'),
  lines: z.number().int().min(0).max(limits.logLines).default(20).describe('how many of the last lines of each'),
})

const offset = z.number().int().min(0)
const followInput = input.extend({
  after: z
    .record(z.string(), offset)
    .optional()
    .describe('by service: go on at this offset, with no lines before it; in a log that was begun anew, at its beginning'),
})

export const logsRead = query({
  name: 'logs.read',
  summary: 'The last lines that services wrote.',
  permission: 'logs.read',
  errors: ['not_found'],
  input,
  output: z.object({
    lines: z.array(logItem),
    ends: z
      .record(z.string(), offset)
      .describe('where the last whole line of each log ends, in bytes; logs.follow goes on there'),
  }),
  async read(view, { services, lines }) {
    const names = services === undefined ? view.serviceNames() : knownServices(view, services)
    const ends = await view.logEnds(names)
    return { lines: [...(await view.logTail(names, lines))], ends: Object.fromEntries(ends) }
  },
})

export const logsFollow = stream({
  name: 'logs.follow',
  summary: 'The last lines that services wrote, then each new one.',
  permission: 'logs.read',
  errors: ['not_found'],
  policy: 'all',
  input: followInput,
  output: followedLogItem,
  open: (view, { services, lines, after }) => ({
    source: 'logs',
    services: services === undefined ? view.serviceNames() : knownServices(view, services),
    lines,
    after: new Map(Object.entries(after ?? {})),
  }),
})
