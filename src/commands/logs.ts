import * as z from 'zod'
import { query, stream } from '../protocol/command.ts'
import { limits } from '../protocol/limits.ts'
import { logItem } from '../protocol/status.ts'
import { knownServices } from './names.ts'

const input = z.strictObject({
  services: z.array(z.string()).optional().describe('only these; without it, all'),
  lines: z.number().int().min(0).max(limits.logLines).default(20).describe('how many of the last lines of each'),
})

export const logsRead = query({
  name: 'logs.read',
  summary: 'The last lines that services wrote.',
  permission: 'logs.read',
  errors: ['not_found'],
  input,
  output: z.object({ lines: z.array(logItem) }),
  async read(view, { services, lines }) {
    const names = services === undefined ? view.serviceNames() : knownServices(view, services)
    return { lines: [...(await view.logTail(names, lines))] }
  },
})

export const logsFollow = stream({
  name: 'logs.follow',
  summary: 'The last lines that services wrote, then each new one.',
  permission: 'logs.read',
  errors: ['not_found'],
  policy: 'all',
  input,
  output: logItem,
  open: (view, { services, lines }) => ({
    source: 'logs',
    services: services === undefined ? view.serviceNames() : knownServices(view, services),
    lines,
  }),
})
