import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isRecord } from '../../protocol/json.ts'
import { namer, type Finding, type ServicePlan } from './plan.ts'

/** The first one that a folder has says who manages its packages. */
const lockFiles: ReadonlyArray<readonly [file: string, program: string]> = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
]

/** By its lock file, else by the field `packageManager`. */
export function packageProgram(dir: string, manifest: Readonly<Record<string, unknown>>): string {
  const locked = lockFiles.find(([file]) => existsSync(join(dir, file)))
  if (locked !== undefined) return locked[1]
  const named = /^(npm|pnpm|yarn|bun)@/.exec(String(manifest['packageManager']))
  return named?.[1] ?? 'npm'
}

/** Ways to run the same program, the best first. */
const ways = ['start', 'serve', 'dev']
/** Words behind them that name no other program either. */
const modes = new Set(['dev', 'development', 'debug', 'inspect', 'local', 'prod', 'production', 'staging', 'watch'])
const workers = new Set(
  'bot bots consumer consumers cron daemon job jobs queue queues scheduler server worker workers'.split(' '),
)
/** Scripts that end, or are not meant to run in a fleet. */
const others = new Set(
  'audit bench build bundle check clean compile coverage deploy docs e2e fix fmt format generate install lint migrate pack prepare preview publish release seed setup stop test tests typecheck types'.split(
    ' ',
  ),
)

/** The program that a script runs: scripts with the same are ways to run it. Undefined for one that is no service. */
function programOf(script: string): string | undefined {
  const parts = script.toLowerCase().split(/[^a-z0-9]+/)
  if (script.startsWith('-') || parts.some((part) => others.has(part)) || /^(?:pre|post)(?:start|dev|serve)/.test(script)) {
    return undefined
  }
  if (!ways.includes(parts[0] ?? '') && !parts.some((part) => workers.has(part))) return undefined
  return parts.filter((part) => !ways.includes(part) && !modes.has(part)).join('-')
}

const rank = (script: string): number => {
  const way = ways.indexOf(script.toLowerCase().split(/[^a-z0-9]+/)[0] ?? '')
  return way < 0 ? ways.length : way
}

/** The scripts of a package.json that go on running. */
export function readScripts(dir: string, manifest: unknown): Finding | undefined {
  if (!isRecord(manifest) || !isRecord(manifest['scripts'])) return undefined
  const program = packageProgram(dir, manifest)
  const notes: string[] = []
  const found = Object.entries(manifest['scripts']).flatMap(([script, text]) => {
    const runs = programOf(script)
    if (runs === undefined || typeof text !== 'string') return []
    // A fleet in which Hyphae runs itself never ends starting.
    if (/\bhyphae\b/.test(text)) {
      notes.push(`package.json: script ${JSON.stringify(script)} runs hyphae itself; left out`)
      return []
    }
    return [{ script, runs }]
  })
  const nameOf = namer()
  const best = new Map<string, string>()
  for (const { script, runs } of found) {
    const before = best.get(runs)
    if (before === undefined || rank(script) < rank(before)) best.set(runs, script)
  }
  const services = found.map(({ script, runs }): ServicePlan => {
    const first = best.get(runs) ?? script
    const service = { name: nameOf(script), command: program, args: ['run', script] }
    return first === script ? service : Object.assign(service, { aside: `another way to run ${JSON.stringify(first)}` })
  })
  return services.length === 0 ? undefined : { from: 'package.json', services, notes }
}
