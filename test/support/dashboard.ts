import type { OrchestratorOptions } from '../../src/options.ts'
import { httpFleet, json, type HttpFleet } from './http.ts'

/** A fleet with the dashboard API, and requests to it as a page makes them. */

export interface Said {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Record<string, unknown>
}

export const programs = {
  allowed: { make: ['clean'], shell: ['echo', 'sh', 'sleep'], binary: ['/bin/cat'], cargo: [], npm: [] },
  allowShell: false,
}

export const urlOf = ({ origin }: Pick<HttpFleet, 'origin'>, path: string): string => `${origin}/dashboard/api/${path}`

/** `body`: a text as it stands, everything else as JSON; without one there is none. */
export async function request(
  fleet: Pick<HttpFleet, 'origin'>,
  method: string,
  path: string,
  body?: unknown,
  headers = {},
): Promise<Said> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(urlOf(fleet, path), {
    method,
    headers: { ...(body === undefined ? {} : json), ...headers },
    ...(body === undefined ? {} : { body: text }),
  })
  const said = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true && said !== ''
  const parsed = isJson ? (JSON.parse(said) as Record<string, unknown>) : {}
  return { status: response.status, headers: response.headers, text: said, body: parsed }
}

export async function dashboardFleet(options: Partial<OrchestratorOptions> = {}) {
  const fleet = await httpFleet({
    listeners: [
      { name: 'http', endpoint: 'http:127.0.0.1:0', dialect: 'jsonrpc', setting: 'http.port' },
      { name: 'supervisor', endpoint: 'tcp:127.0.0.1:0', dialect: 'magictunnel', setting: 'supervisor.port' },
    ],
    programs,
    allowedOrigins: ['http://localhost:5173'],
    ...options,
  })
  return {
    ...fleet,
    get: (path: string) => request(fleet, 'GET', path),
    post: (path: string, body?: unknown) => request(fleet, 'POST', path, body),
  }
}
export type DashboardFleet = Awaited<ReturnType<typeof dashboardFleet>>
