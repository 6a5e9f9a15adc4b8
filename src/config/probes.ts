import { resolve } from 'node:path'
import type { ProbeSpec, ProbeTarget } from '../protocol/service.ts'
import { overlay } from './overlay.ts'
import { parseAddress, type WrittenProbe } from './probe-schema.ts'
import type { Path } from './report.ts'
import type { WrittenSupervisor } from './schema.ts'
import type { WrittenService } from './service-schema.ts'
import type { Tree } from './tree.ts'

const everySecond = 1_000
const readinessTimeout = 5_000

/** A program with a slash in its name is relative to the folder that it runs in. */
export const resolveProgram = (program: string, folder: string): string =>
  program.includes('/') ? resolve(folder, program) : program

/** The probes of a service. `workingDir` is absolute; every field was checked. */
export function resolveProbes(
  written: WrittenService,
  path: Path,
  workingDir: string,
  supervisor: WrittenSupervisor,
  tree: Tree,
): { readonly readiness: ProbeSpec | null; readonly liveness: ProbeSpec | null } {
  const health = overlay(supervisor.health_check, written.health_check)
  const interval = written.health_check_interval ?? health.interval
  const usual = usualTarget(written, path, tree)

  const probe = (name: 'readiness' | 'liveness', defaults: Omit<ProbeSpec, 'target' | 'delay' | 'passes'>): ProbeSpec | null => {
    const given = written[name]
    const target = given === undefined ? usual : targetOf(given, [...path, name], workingDir, tree)
    if (target === null) return null
    return {
      target,
      interval: given?.interval ?? defaults.interval,
      timeout: given?.timeout ?? defaults.timeout,
      delay: given?.delay ?? 0,
      failures: given?.failures ?? defaults.failures,
      passes: given?.passes ?? 1,
    }
  }
  return {
    readiness: probe('readiness', {
      interval: everySecond,
      timeout: written.readiness === undefined ? health.timeout : readinessTimeout,
      failures: health.retries,
    }),
    liveness: probe('liveness', { interval, timeout: health.timeout, failures: health.retries }),
  }
}

/** What is looked at where no probe is given: health_check_url; of an MCP server by an initialize, at its PORT where there is no URL. */
function usualTarget({ kind, health_check_url: url, env }: WrittenService, path: Path, tree: Tree): ProbeTarget | null {
  if (kind !== 'mcp') return url === undefined ? null : { type: 'http', url, headers: {}, status: [] }
  const mcpUrl = url ?? mcpUrlOf(env === undefined ? undefined : tree.text([...path, 'env', 'PORT']))
  return mcpUrl === undefined ? null : { type: 'mcp', url: mcpUrl, headers: {} }
}

/** Where a program that listens on this port of this machine speaks MCP. */
export function mcpUrlOf(port: string | undefined): string | undefined {
  const number = /^\d{1,5}$/.test(port ?? '') ? Number(port) : 0
  return number < 1 || number > 65_535 ? undefined : `http://127.0.0.1:${number}/mcp`
}

/** The one target of a probe. */
function targetOf({ http, tcp, mcp, exec, log }: WrittenProbe, path: Path, workingDir: string, tree: Tree): ProbeTarget | null {
  if (typeof http === 'string') return { type: 'http', url: http, headers: {}, status: [] }
  if (http !== undefined) {
    return {
      type: 'http',
      url: http.url,
      headers: texts(http.headers, [...path, 'http', 'headers'], tree),
      status: http.status ?? [],
    }
  }
  if (typeof mcp === 'string') return { type: 'mcp', url: mcp, headers: {} }
  if (mcp !== undefined) return { type: 'mcp', url: mcp.url, headers: texts(mcp.headers, [...path, 'mcp', 'headers'], tree) }
  if (typeof tcp === 'number') return { type: 'tcp', host: '127.0.0.1', port: tcp }
  if (typeof tcp === 'string') return { type: 'tcp', ...(parseAddress(tcp) ?? { host: '127.0.0.1', port: 0 }) }
  if (tcp !== undefined) return { type: 'tcp', host: tcp.host ?? '127.0.0.1', port: tcp.port }
  if (Array.isArray(exec)) {
    const [command, ...args] = textList(exec, [...path, 'exec'], tree)
    return { type: 'exec', command: resolveProgram(command ?? '', workingDir), args }
  }
  if (exec !== undefined) {
    const args = textList(exec.args ?? [], [...path, 'exec', 'args'], tree)
    return { type: 'exec', command: resolveProgram(exec.command, workingDir), args }
  }
  return log === undefined ? null : { type: 'log', pattern: log }
}

/** The entries of a list letter by letter, bare numbers too. */
export const textList = (written: readonly unknown[], path: Path, tree: Tree): string[] =>
  written.map((value, index) => tree.text([...path, index]) ?? String(value))

/** The values of a map letter by letter, bare numbers too. */
export const texts = (written: Readonly<Record<string, unknown>> | undefined, path: Path, tree: Tree): Record<string, string> =>
  Object.fromEntries(Object.entries(written ?? {}).map(([key, value]) => [key, tree.text([...path, key]) ?? String(value)]))
