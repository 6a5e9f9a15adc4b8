import * as z from 'zod'
import { asked, mutation } from '../protocol/command.ts'
import { HyphaeError } from '../protocol/errors.ts'
import { addressOf } from '../protocol/ids.ts'
import { limits } from '../protocol/limits.ts'
import { reloadAnswer, type ReloadAnswer, type ReloadResult } from '../protocol/reload.ts'
import type { FleetView } from '../protocol/view.ts'

const isResult = (value: unknown): value is ReloadResult => typeof value === 'object' && value !== null && 'refusal' in value

export const systemReload = mutation({
  name: 'system.reload',
  summary: 'Reads the config again and goes over to it: what has not changed is not touched. Done once every service was told.',
  permission: 'system.control',
  errors: ['invalid_params', 'busy', 'unavailable', 'shutting_down', 'timeout'],
  deadline: 2 * 60_000,
  idempotent: true,
  input: z.strictObject({
    config_path: z
      .string()
      .min(1)
      .max(limits.pathLength)
      .optional()
      .describe("another config, relative to the present one's folder; it is the one that is read from then on"),
    dry_run: z.boolean().default(false).describe('only say what would change'),
    ...asked,
  }),
  output: reloadAnswer,
  plan(view, { config_path: configPath = null, dry_run: dryRun }, { principal, newId }) {
    const id = newId()
    const address = addressOf('reload', id)
    const answerOf = (now: FleetView): ReloadAnswer | undefined => {
      const run = now.actor(address)
      if (run === undefined || run.live || !isResult(run.result)) return undefined
      const { answer, refusal } = run.result
      if (refusal !== null) throw new HyphaeError(refusal.code, refusal.message, refusal.data)
      return answer ?? undefined
    }
    /** Nobody has read it yet, so nobody can say what changes. */
    const pending = (now: FleetView): ReloadAnswer => ({
      config: now.supervisor().config,
      dry_run: dryRun,
      changes: [],
      groups: [],
      unchanged: 0,
      because: 'accepted; what changes is not known yet',
      env_files: [],
      warnings: [],
    })
    return {
      ...(dryRun ? { what: 'system.reload, only to see what would change' } : {}),
      tell: [{ to: 'reloads', event: { type: 'pool.spawn', address, input: { id, by: principal.name, configPath, dryRun } } }],
      watch: [address],
      settled: answerOf,
      accepted: pending,
    }
  },
})
