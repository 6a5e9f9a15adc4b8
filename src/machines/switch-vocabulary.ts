import type { Statement } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import { limits } from '../protocol/limits.ts'
import { listed } from '../protocol/listed.ts'
import type { SwitchPlan, SwitchRefusal, SwitchResult, SwitchStep, SwitchWay } from '../protocol/mode.ts'

/** The vocabulary of SWITCH: what it is given, what it hears, what it tells. */

export interface SwitchInput {
  readonly id: string
  readonly mode: string
  readonly by: string
  /** Monotonic ms, when it was asked for. */
  readonly at: number
}

/** What is looked at first. */
export interface PlanInput {
  readonly address: string
  readonly mode: string
  readonly by: string
}
export type PlanMade =
  /** `same`: the mode is in force already. */
  | { readonly type: 'plan.made'; readonly plan: SwitchPlan; readonly same: boolean; readonly at: number }
  | { readonly type: 'plan.refused'; readonly refusal: SwitchRefusal; readonly at: number }

/** One step, on one of the two ways. */
export interface StepInput {
  readonly address: string
  readonly step: SwitchStep
  readonly way: SwitchWay
  readonly by: string
}
export type StepEnded =
  /** `services`: those that it was about. */
  | { readonly type: 'step.done'; readonly services: readonly string[]; readonly at: number }
  | { readonly type: 'step.failed'; readonly because: string; readonly at: number }
  /** The orchestrator stops, or leaves. */
  | { readonly type: 'step.cancelled'; readonly because: string; readonly at: number }

export interface SwitchContext extends SwitchInput {
  readonly address: string
  readonly because: string
  readonly plan: SwitchPlan | null
  /** There is something to be done. */
  readonly begun: boolean
  readonly outcome: SwitchResult['outcome']
  /** Why it ended so; null: it is done. */
  readonly cause: string | null
  readonly rolledBack: boolean
  readonly refusal: SwitchRefusal | null
  readonly seenAt: number
}

const names = (services: readonly string[]): string => listed(services, limits.switchNames)
const inMode = (mode: string | null): string => (mode === null ? 'without a mode' : `in the mode ${mode}`)

/** Of the services that a plan is about, those of one step, in words: "stopping tracing, web". */
export function stepInWords({ plan, mode }: SwitchContext, step: SwitchStep, way: SwitchWay): string {
  const { from = null, stops = [], starts = [], restarts = [] } = plan ?? {}
  const back = way === 'back' ? `back ${from === null ? 'to no mode' : `to ${from}`}: ` : `to ${mode}: `
  const gone = way === 'there' ? stops : starts
  const fresh = way === 'there' ? starts : stops
  switch (step) {
    case 'stopping':
      return `${back}stopping ${gone.length === 0 ? 'nothing' : names(gone)}`
    case 'changing': {
      const parts = [
        ...(restarts.length === 0 ? [] : [`restarting ${names(restarts)}`]),
        ...(fresh.length === 0 ? [] : [`starting ${names(fresh)}`]),
      ]
      return `${back}${parts.length === 0 ? 'nothing restarts' : parts.join(', ')}`
    }
    case 'verifying':
      return `${back}waiting until every service is ready`
  }
}

const about = (context: SwitchContext) => ({ about: context.address, by: context.by })

export const facts = {
  started: (context: SwitchContext): Statement => ({
    type: 'workflow.started',
    ...about(context),
    because: `switch to the mode ${context.mode}`,
    data: { mode: context.mode },
  }),
  step: (context: SwitchContext, step: SwitchStep, way: SwitchWay, event: StepEnded): Statement => {
    const outcome = event.type === 'step.done' ? 'done' : event.type === 'step.failed' ? 'failed' : 'cancelled'
    const services = event.type === 'step.done' ? event.services.slice(0, limits.switchNames) : []
    return {
      type: 'workflow.step',
      ...about(context),
      because: `${stepInWords(context, step, way)}: ${outcome}${'because' in event ? `, ${event.because}` : ''}`,
      data: { mode: context.mode, step: way === 'there' ? step : `rollingBack.${step}`, outcome, services },
    }
  },
  finished: (context: SwitchContext): Statement => ({
    type: 'workflow.finished',
    ...about(context),
    because: `switch to the mode ${context.mode}: ${context.outcome}${context.cause === null ? '' : `, ${context.cause}`}`,
    data: {
      mode: context.mode,
      from: context.plan?.from ?? null,
      outcome: context.outcome,
      rolled_back: context.rolledBack,
    },
  }),
  switched: (context: SwitchContext): Statement => ({
    type: 'system.modeSwitched',
    about: addressOf('supervisor', 'root'),
    because: `the mode is ${context.mode} now`,
    by: context.by,
    data: { mode: context.mode, from: context.plan?.from ?? null },
  }),
}

/** What is told of a switch that failed and went back. */
export const backInWords = ({ plan, cause }: SwitchContext): string =>
  `${cause ?? 'it failed'}; ${inMode(plan?.from ?? null)} again`

export const lostInWords = ({ plan, cause }: SwitchContext, because: string): string =>
  `${cause ?? 'it failed'}; and ${inMode(plan?.from ?? null)} again, where ${because}`
