import { nearest } from '../../protocol/nearest.ts'
import { bannerRoute, bannerStreamRoute } from './banner.ts'
import { basicRoute, servicesStatusRoute, systemStatusRoute } from './fleet-status.ts'
import { makefileExecute } from './makefile.ts'
import { modeRoute } from './mode.ts'
import { answersFor, atOnce } from './results.ts'
import { serviceActions } from './service-actions.ts'
import { switchMode } from './switch-mode.ts'
import { customRestart, executeCommand, systemRestart } from './system-actions.ts'
import { answer, type DashboardParts, type Route, type Script } from './turns.ts'

/** Every route of the dashboard API, and which one a request is for. */

export const prefix = '/dashboard/api/'

export const routes: readonly Route[] = [
  systemRestart,
  customRestart,
  executeCommand,
  switchMode,
  systemStatusRoute,
  servicesStatusRoute,
  basicRoute,
  modeRoute,
  ...serviceActions,
  makefileExecute,
  bannerRoute,
  bannerStreamRoute,
]

/** The parts of a path that a route leaves open; undefined: it is not for this route. */
function openParts(path: string, parts: readonly string[]): readonly string[] | undefined {
  const wanted = path.split('/')
  if (wanted.length !== parts.length || wanted.some((want, at) => want !== '*' && want !== parts[at])) return undefined
  return parts.filter((_, at) => wanted[at] === '*')
}

/** Null: what stands there is not percent-encoded UTF-8. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}

interface Request {
  readonly method: string
  /** Not decoded. */
  readonly path: string
  readonly body: string
}

export function scriptOf({ method, path, body }: Request, parts: DashboardParts): Script {
  const plain = method === 'HEAD' ? 'GET' : method
  const rest = path.startsWith(prefix) ? path.slice(prefix.length).split('/') : []
  const fitting = routes.flatMap((route) => {
    const open = openParts(route.path, rest)
    return open === undefined ? [] : [{ route, open }]
  })
  if (fitting.length === 0) {
    const near = nearest(
      rest.join('/'),
      routes.map((route) => route.path),
    )
    const hint = near === undefined ? '/api lists what there is' : `did you mean ${prefix}${near.replace('*', '{name}')}?`
    const message = `there is nothing at this path; ${hint}`
    return atOnce(answer(404, { status: 'error', code: 'not_found', message, timestamp: parts.now() }))
  }
  const found = fitting.find(({ route }) => route.method === plain)
  if (found === undefined) {
    const methods = fitting.map((one) => (one.route.method === 'GET' ? 'GET, HEAD' : one.route.method)).join(', ')
    const message = `method: expected one of ${methods}`
    const wrong = { status: 'error', code: 'invalid_request', message, field: 'method', timestamp: parts.now() }
    return atOnce(answer(405, wrong, { allow: methods }))
  }
  const open = found.open.map(decoded)
  if (open.includes(null)) {
    const answers = answersFor({ action: 'dashboard' }, parts)
    return atOnce(answers.bad({ status: 400, field: 'service', message: 'service: expected percent-encoded UTF-8' }))
  }
  return found.route.begin({ open: open.map(String), body }, parts)
}
