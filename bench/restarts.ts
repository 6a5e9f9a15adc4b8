import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import type { Row } from './measure.ts'

/** In a network of its own, where a listener that closes hands its queue on. */
export const apart = [
  '-rn',
  'sh',
  '-c',
  'ip link set lo up && echo 1 >/proc/sys/net/ipv4/tcp_migrate_req && exec "$@"',
  'sh',
] as const
export const canBeApart = (): boolean => spawnSync('unshare', [...apart, 'true']).status === 0

export interface Counts {
  readonly migrates: boolean
  readonly restarts: number
  readonly answered: number
  readonly refused: number
  readonly reset: number
  readonly other: number
}

/** Restarts under load, in a process of their own; `isolated`: in a network of its own. */
export function restartUnderLoad(kind: 'plain' | 'overlap', restarts: number, isolated: boolean): Counts {
  const argv = [process.execPath, join(import.meta.dirname, 'sharing.ts'), kind, String(restarts)]
  const [program = '', ...args] = isolated ? ['unshare', ...apart, ...argv] : argv
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 300_000 })
  if (!stdout.startsWith('{')) throw new Error(stderr)
  return JSON.parse(stdout) as Counts
}

/** Requests that fail while a service that answers constantly is restarted again and again. */
export function sharing(restarts = 20): Promise<Row[]> {
  const row = (what: string, { answered, refused, reset, other }: Counts, most: number): Row => ({
    what: `${what}: failed requests over ${restarts} restarts`,
    value: `${refused + reset + other} (${refused} refused, ${reset} reset) of ${answered + refused + reset + other}`,
    target: Number.isFinite(most) ? `≤ ${most}` : 'for comparison',
    met: refused + reset + other <= most,
  })
  const isolated = canBeApart()
  const rows = [
    row('plain', restartUnderLoad('plain', restarts, isolated), Infinity),
    row('overlap', restartUnderLoad('overlap', restarts, false), Infinity),
  ]
  if (isolated) rows.push(row('overlap, tcp_migrate_req=1', restartUnderLoad('overlap', restarts, true), 0))
  return Promise.resolve(rows)
}
