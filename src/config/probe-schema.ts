import * as z from 'zod'
import { bareText, block, duration, filledText, headers, httpUrl, text, wholeNumber } from './fields.ts'

const httpTarget = z.union(
  [
    httpUrl,
    block({
      url: httpUrl.describe('What to GET.'),
      headers: headers.optional().describe('Headers of the request.'),
      status: z
        .array(wholeNumber(100, 599))
        .refine((codes) => codes.length > 0, { error: 'a list with at least one HTTP status' })
        .meta({ minItems: 1 })
        .optional()
        .describe('The HTTP statuses that pass. Default: any 2xx.'),
    }),
  ],
  { error: 'a URL, or a map with url, headers and status' },
)

const mcpTarget = z.union(
  [
    httpUrl,
    block({
      url: httpUrl.describe('Where it speaks MCP (Streamable HTTP).'),
      headers: headers.optional().describe('Headers of the requests: a token, say.'),
    }),
  ],
  { error: 'a URL, or a map with url and headers' },
)

const probePort = wholeNumber(1, 65_535)
const tcpExpected = 'an address such as "127.0.0.1:8080", a port number, or a map with host and port'
const address = /^(?:(?:\[([^[\]]+)\]|([^:[\]\s]+)):)?(\d{1,5})$/

/** Reads `host:port`, `[::1]:port` or a bare port; undefined when it is none. */
export function parseAddress(written: string): { readonly host: string; readonly port: number } | undefined {
  const match = address.exec(written)
  const port = Number(match?.[3])
  return match === null || port < 1 || port > 65_535 ? undefined : { host: match[1] ?? match[2] ?? '127.0.0.1', port }
}

const tcpTarget = z.union(
  [
    z.string().refine((written) => parseAddress(written) !== undefined, { error: tcpExpected }),
    probePort,
    block({
      host: filledText.optional().describe('Default: 127.0.0.1.'),
      port: probePort.describe('The port to connect to.'),
    }),
  ],
  { error: tcpExpected },
)

const execTarget = z.union(
  [
    z.tuple([filledText], bareText, { error: 'a list that begins with the program' }),
    block({
      command: filledText.describe('The program. With a slash in it: relative to working_dir.'),
      args: z.array(bareText).optional().describe('Its arguments.'),
    }),
  ],
  { error: 'a list of the program and its arguments, or a map with command and args' },
)

const isPattern = (written: string): boolean => {
  try {
    return new RegExp(written) instanceof RegExp
  } catch {
    return false
  }
}

const targets = {
  http: httpTarget.optional().describe('Passes when a GET answers with a status that counts as healthy: a URL, or a map.'),
  tcp: tcpTarget.optional().describe('Passes when a connection is accepted: "host:port", a port number, or a map.'),
  mcp: mcpTarget.optional().describe('Passes when an MCP server answers an initialize (Streamable HTTP): a URL, or a map.'),
  exec: execTarget
    .optional()
    .describe('Passes when the program exits with 0: a list of the program and its arguments, or a map.'),
}

const counts = {
  delay: duration('s', { zero: true }).optional().describe('Before the first look. A number means seconds. Default: 0.'),
  passes: wholeNumber(1).optional().describe('Passes in a row that make it healthy. Default: 1.'),
}

export const readinessSchema = block({
  ...targets,
  log: text
    .refine(isPattern, { error: 'a JavaScript regular expression' })
    .optional()
    .describe('Passes when a line of the output matches this JavaScript regular expression.'),
  interval: duration('s').optional().describe('From look to look. A number means seconds. Default: 1s.'),
  timeout: duration('s').optional().describe('How long one look may take. A number means seconds. Default: 5s.'),
  ...counts,
  failures: wholeNumber(1).optional().describe('Has no effect here: start_timeout says how long it may take to get ready.'),
})

export const livenessSchema = block({
  ...targets,
  log: z
    .never({ error: 'http, tcp, mcp or exec: a log line can tell that a service got ready, not that it is well' })
    .optional()
    .describe('Readiness probes only.'),
  interval: duration('s')
    .optional()
    .describe("From look to look. A number means seconds. Default: the service's health check interval."),
  timeout: duration('s')
    .optional()
    .describe("How long one look may take. A number means seconds. Default: the health check's timeout."),
  ...counts,
  failures: wholeNumber(1).optional().describe("Failures in a row that make it unhealthy. Default: the health check's retries."),
})

export type WrittenProbe = z.output<typeof readinessSchema> | z.output<typeof livenessSchema>
