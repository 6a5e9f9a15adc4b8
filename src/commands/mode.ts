import * as z from 'zod'
import { asked, mutation, query } from '../protocol/command.ts'
import { HyphaeError } from '../protocol/errors.ts'
import { addressOf, type Address } from '../protocol/ids.ts'
import { isRecord } from '../protocol/json.ts'
import { limits } from '../protocol/limits.ts'
import { modeAnswer, type SwitchResult } from '../protocol/mode.ts'
import { didYouMean, nearest } from '../protocol/nearest.ts'
import type { FleetView } from '../protocol/view.ts'

/** The mode in force, and the way to another one. */

export const systemMode = query({
  name: 'system.mode',
  summary: 'The mode in force, who chose it, and every mode with its services and features.',
  permission: 'fleet.read',
  errors: [],
  input: z.strictObject({}),
  output: modeAnswer,
  read: (view) => view.modes(),
})

const output = z.object({
  workflow: z.string().describe('address of the workflow that does it'),
  step: z.string().nullable().describe('where it is; null once it has ended'),
  outcome: z.enum(['done', 'failed', 'busy', 'cancelled', 'accepted']),
  because: z.string().nullable(),
  mode: z.string().nullable().describe('the mode in force afterwards'),
  from: z.string().nullable().describe('the mode before'),
  stopped: z.array(z.string()).describe('services that the new mode lacks'),
  restarted: z.array(z.string()).describe('services that differ in it'),
  started: z.array(z.string()).describe('services that only it has'),
  rolled_back: z.boolean().describe('it failed, and everything is as it was before'),
  total_execution_time_ms: z.number(),
})
type Outcome = z.input<typeof output>

const isResult = (value: unknown): value is SwitchResult => isRecord(value) && 'rolledBack' in value

function outcomeOf(view: FleetView, workflow: Address, result: SwitchResult): Outcome {
  const { outcome, because, plan, rolledBack, elapsed } = result
  const { mode } = view.modes()
  return {
    workflow,
    step: null,
    outcome,
    because,
    mode,
    from: plan === null ? mode : plan.from,
    stopped: [...(plan?.stops ?? [])],
    restarted: [...(plan?.restarts ?? [])],
    started: [...(plan?.starts ?? [])],
    rolled_back: rolledBack,
    total_execution_time_ms: elapsed,
  }
}

/** There must be one of this name; otherwise the error names the nearest that is there. */
function knownMode(view: FleetView, mode: string): void {
  const { modes } = view.modes()
  const names = modes.map(({ name }) => name)
  if (names.length === 0 || names.includes(mode)) return
  const near = nearest(mode, names)
  const message = `mode: there is no mode ${JSON.stringify(mode)}; known are ${names.join(', ')}${didYouMean(near)}`
  throw new HyphaeError('invalid_params', message, { field: 'mode', got: mode, known: names, nearest: near ?? null })
}

export const systemSwitchMode = mutation({
  name: 'system.switch_mode',
  summary: 'Goes over to another mode, step by step: stops, restarts and starts what differs, and goes back where that fails.',
  permission: 'system.control',
  errors: ['invalid_params', 'busy', 'failed', 'unavailable', 'shutting_down', 'timeout'],
  deadline: 60 * 60_000,
  idempotent: true,
  input: z.strictObject({
    mode: z
      .string()
      .min(1)
      .max(limits.nameLength)
      .describe('name of the mode')
      .meta({ examples: ['advanced'] }),
    ...asked,
  }),
  output,
  plan(view, { mode }, context) {
    knownMode(view, mode)
    const before = view.modes().mode
    const underWay = view.switching()
    const joins = underWay?.mode === mode
    const id = context.newId()
    const workflow = joins ? underWay.address : addressOf('switch', id)
    const input = { id, mode, by: context.principal.name, at: context.now }
    const end = (now: FleetView): Outcome | undefined => {
      const run = now.actor(workflow)
      if (run === undefined || run.live || !isResult(run.result)) return undefined
      const { result } = run
      const { refusal } = result
      const answer = outcomeOf(now, workflow, result)
      if (result.outcome === 'done') return answer
      if (refusal !== null) throw new HyphaeError(refusal.code, refusal.message, { ...answer, ...refusal.data })
      throw new HyphaeError('failed', `the mode was not switched to ${mode}: ${result.because ?? result.outcome}`, { ...answer })
    }
    return {
      what: `system.switch_mode ${mode}`,
      tell: joins ? [] : [{ to: 'switches', event: { type: 'pool.spawn', address: workflow, input } }],
      watch: [workflow],
      begun(now) {
        const run = now.actor(workflow)
        return run !== undefined && run.state !== 'checking'
      },
      settled: end,
      accepted(now) {
        const run = now.actor(workflow)
        // What was refused is no matter of waiting.
        const ended = context.repeated ? undefined : end(now)
        return (
          ended ?? {
            workflow,
            step: run?.state ?? null,
            outcome: 'accepted' as const,
            because: context.repeated ? 'it was done before; its answer is not known any more' : (run?.reason ?? null),
            mode: now.modes().mode,
            from: before,
            stopped: [],
            restarted: [],
            started: [],
            rolled_back: false,
            total_execution_time_ms: 0,
          }
        )
      },
    }
  },
})
