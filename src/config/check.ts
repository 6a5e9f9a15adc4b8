import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { formatDuration } from '../protocol/duration.ts'
import { isServiceName, serviceNameRule } from '../protocol/ids.ts'
import type { Checker } from './checker.ts'
import { checkAccounts } from './check-accounts.ts'
import { checkSchedule } from './check-schedule.ts'
import type { Families } from './families.ts'
import { modesInWords, type Modes } from './modes.ts'
import { limits } from '../protocol/limits.ts'
import { listed } from '../protocol/listed.ts'
import { nearest } from '../protocol/nearest.ts'
import { isVerb, verbNames } from '../protocol/verbs.ts'
import type { Path } from './report.ts'
import type { WrittenSupervisor } from './schema.ts'
import { hasReadiness } from './resolve.ts'
import type { WrittenService } from './service-schema.ts'

/** What a schema can't say about one service or the supervisor: fields that contradict one another. */

export function checkServiceName(name: string, checker: Checker): void {
  if (!isServiceName(name))
    checker.error(['supervisor', 'services', name], { message: `is no name for a service: ${serviceNameRule}` }, 'key')
}

export function checkService(name: string, written: WrittenService, dir: string, checker: Checker): void {
  const path: Path = ['supervisor', 'services', name]
  if (written.one_shot === true && written.restart_policy === 'always') {
    checker.error([...path, 'restart_policy'], {
      message: "a one-shot is meant to end, so it can't be restarted always; expected on_failure or never",
      expected: 'on_failure or never',
      got: '"always"',
    })
  }
  for (const purpose of ['readiness', 'liveness'] as const) {
    const probe = written[purpose]
    if (probe === undefined) continue
    const known = purpose === 'readiness' ? ['http', 'tcp', 'mcp', 'exec', 'log'] : ['http', 'tcp', 'mcp', 'exec']
    const given = known.filter((target) => Object.hasOwn(probe, target))
    if (given.length === 1) continue
    const got = given.length === 0 ? 'none of them' : given.join(' and ')
    checker.error([...path, purpose], { expected: `exactly one of ${known.join(', ')}`, got }, 'key')
  }
  if (written.kind === 'mcp' && !hasReadiness(written) && written.liveness === undefined) {
    checker.warn([...path, 'kind'], {
      message:
        'nothing tells where this MCP server speaks, so only whether its process lives is looked at; give health_check_url, a readiness block with mcp, or env: { PORT: … }',
    })
  }
  checkAccounts(path, written, checker)
  checkSchedule(path, written, checker)
  checkOverlap(path, written, checker)
  if (written.working_dir !== undefined && !isFolder(resolve(dir, written.working_dir))) {
    checker.warn([...path, 'working_dir'], {
      message: `there is no folder ${resolve(dir, written.working_dir)}; the service can't start without it`,
    })
  }
}

/** While two of it run, the old one answers on what they share: only a line or a command can tell that the new one is ready. */
function checkOverlap(path: Path, written: WrittenService, checker: Checker): void {
  if (written.restart?.overlap !== true) return
  const at: Path = [...path, 'restart', 'overlap']
  if (written.one_shot === true) checker.error(at, { message: "a one-shot is meant to end, so a restart of it can't overlap" })
  else if (!hasReadiness(written)) {
    checker.error(at, {
      message: 'overlap needs a readiness probe; expected log or exec',
      expected: 'a readiness block with log or exec',
    })
  } else if (written.readiness?.log === undefined && written.readiness?.exec === undefined) {
    const { readiness } = written
    const got =
      readiness === undefined ? 'health_check_url' : (['http', 'tcp', 'mcp'].find((one) => Object.hasOwn(readiness, one)) ?? '')
    checker.error(at, {
      message: `overlap needs a readiness probe that can't be answered by the old process; expected log or exec, got ${got}`,
      expected: 'a readiness block with log or exec',
      got,
    })
  }
}

const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** Is every delay below its cap, with what a service inherits? */
export function checkDelays(
  supervisor: WrittenSupervisor,
  services: ReadonlyMap<string, WrittenService>,
  checker: Checker,
): void {
  const check = (path: Path, own: { delay?: number | undefined; max_delay?: number | undefined }): void => {
    const delay = own.delay ?? supervisor.restart.delay
    const most = own.max_delay ?? supervisor.restart.max_delay
    if (most >= delay) return
    const message = `max_delay (${formatDuration(most)}) is below delay (${formatDuration(delay)})`
    const blamed = checker.tree.text([...path, 'max_delay']) === undefined ? 'delay' : 'max_delay'
    checker.error([...path, blamed], { message })
  }
  check(['supervisor', 'restart'], supervisor.restart)
  for (const [name, { restart }] of services) {
    if (restart?.delay !== undefined || restart?.max_delay !== undefined)
      check(['supervisor', 'services', name, 'restart'], restart)
  }
}

/** Looks at the file itself, so that it is told whatever else is wrong. */
export function checkEnabled(checker: Checker): void {
  const path: Path = ['supervisor', 'enabled']
  if (checker.tree.at(path) === false) checker.error(path, { message: 'supervisor.enabled is false: refusing to start' })
}

export function checkSecurity({ security }: WrittenSupervisor, checker: Checker): void {
  for (const [index, word] of security.allowed_commands?.entries() ?? []) {
    if (isVerb(word)) continue
    const message = `there is no control command ${JSON.stringify(word)}; it admits nothing`
    checker.warn(['supervisor', 'security', 'allowed_commands', index], { message, suggestion: nearest(word, verbNames) })
  }
}

export function checkDefaultService(families: Families, modes: Modes, checker: Checker): void {
  const path: Path = ['supervisor', 'default_service']
  const name = checker.tree.at(path)
  if (typeof name !== 'string') return
  const members = families.membersOf(name)
  if (members === undefined) {
    const message = `there is no service ${JSON.stringify(name)}`
    checker.error(path, { message, suggestion: nearest(name, families.names()) })
  } else if (families.isFamily(name)) {
    const all = listed(members, limits.namedMembers)
    checker.error(path, { message: `"${name}" has instances, and one service is meant; name one of ${all}` })
  } else if (modes.leftOut.has(name)) {
    checker.error(path, { message: `"${name}" is left out: ${modesInWords(name, modes)}` })
  }
}
