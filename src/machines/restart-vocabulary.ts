import type { Statement } from '../protocol/facts.ts'
import { limits } from '../protocol/limits.ts'
import { describeProgram, neverRan, type Judged, type ProgramResult, type RunInput } from '../protocol/program.ts'
import type { WorkflowResult, WorkflowStep } from '../protocol/restart.ts'
import type { Operation, ServiceCommand, ServiceSpec } from '../protocol/service.ts'
import type { Change, Setting } from '../protocol/setting.ts'
import { finishedFact, refusedFact, startedFact, type Asker } from './program-facts.ts'

/** The vocabulary of RESTART: what it is given, what it sees, what it tells. */

export interface RestartInput extends Asker {
  readonly id: string
  readonly service: string
  /** The id that the caller gave the request. */
  readonly request?: string | undefined
  /** Monotonic ms, when it was asked for. */
  readonly at: number
  /** What is done beside the restart itself. */
  readonly custom?: Custom | undefined
}

export interface Custom {
  /** Run before the service is touched; one that fails leaves it as it is. */
  readonly pre: readonly Judged[]
  /** Run once it is ready. */
  readonly post: readonly Judged[]
  /** Null: it is started as before. */
  readonly change: Change | null
}

/** What the workflow needs to see of its service. */
export interface TargetView {
  readonly op: Operation | null
  readonly generation: number
  readonly readyGeneration: number
  readonly desired: 'run' | 'stop'
  readonly state: string
  readonly pid: number | null
  /** Names its process, or the last one. */
  readonly incarnation: string
  readonly because: string | null
  /** At its gate: a dependency failed for good. */
  readonly blocked: boolean
  /** Of its process, or of the last one. */
  readonly spec: ServiceSpec
  readonly setting: Setting
  /** An overlapping restart came to nothing, and for whom it was. */
  readonly lapsed: { readonly op: string | null } | null
}

/** Said at once, after each command, and on each change; null = there is no such service (any more). */
export interface TargetSeen {
  readonly type: 'target.seen'
  readonly view: TargetView | null
  /** Monotonic ms. */
  readonly at: number
}
export type TargetCommand =
  | { readonly type: 'target.tell'; readonly event: ServiceCommand }
  /** Say what it is now: many changes may have come as one. */
  | { readonly type: 'target.look' }

export interface RestartContext extends Omit<RestartInput, 'custom'> {
  readonly custom: Custom
  readonly address: string
  /** The service's generation before ours. */
  readonly before: number
  readonly because: string | null
  readonly outcome: WorkflowResult['outcome']
  readonly steps: readonly WorkflowStep[]
  readonly pre: readonly ProgramResult[]
  readonly post: readonly ProgramResult[]
  readonly restarted: boolean
  readonly seenAt: number
  /** How the service was to be started before, and how we had it started. */
  readonly was: Setting | null
  readonly sent: Setting | null
  /** The first process that had what we sent. */
  readonly tried: string | null
}

/** Commands before, or after. */
export type Side = 'pre' | 'post'

/** A restart and nothing more. */
export const plain: Custom = { pre: [], post: [], change: null }

const total = (custom: Custom): number => custom.pre.length + custom.post.length
/** The one that is its turn. */
export const current = ({ custom, ...context }: RestartContext, side: Side): Judged | undefined =>
  custom[side][context[side].length]
export const refusedOf = ({ custom: { pre, post } }: RestartContext): Judged | undefined =>
  [...pre, ...post].find(({ decision }) => !decision.allowed)

export const turnOf = (context: RestartContext, side: Side): string =>
  `${side} ${context[side].length + 1} of ${context.custom[side].length}`

/** A command of the workflow as its actor takes it. */
export function runInputOf(context: RestartContext, side: Side): RunInput {
  const judged = current(context, side)
  const spec = judged?.spec ?? { type: 'shell', command: '', is_safe: false }
  return {
    id: `${context.id}-${side}${context[side].length}`,
    spec,
    argv: judged?.decision.allowed === true ? judged.decision.argv : [],
    folder: context.was?.spec.workingDir ?? null,
    timeout: spec.timeout_ms ?? limits.workflowProgramTime,
    output: Math.floor(limits.programOutput / Math.max(1, total(context.custom))),
  }
}

/** What is running, as one reads it: "pre 1 of 2: make clean". */
export const underWay = (context: RestartContext, side: Side): string => {
  const judged = current(context, side)
  return `${turnOf(context, side)}${judged === undefined ? '' : `: ${describeProgram(judged.spec)}`}`
}

export const facts = {
  started: ({ address, service, by }: RestartContext): Statement => ({
    type: 'workflow.started',
    about: address,
    because: `restart of ${service}`,
    by,
    data: { service },
  }),
  finished: ({ address, service, outcome, because, by }: RestartContext): Statement => ({
    type: 'workflow.finished',
    about: address,
    because: `restart of ${service}: ${outcome}${because === null ? '' : `, ${because}`}`,
    by,
    data: { service, outcome },
  }),
  refused: (context: RestartContext): Statement =>
    refusedFact(
      context.address,
      refusedOf(context) ?? { spec: runInputOf(context, 'pre').spec, decision: { allowed: false, rule: '', because: '' } },
      context,
    ),
  programStarted: (context: RestartContext, side: Side): Statement =>
    startedFact(context.address, runInputOf(context, side).spec, context),
  /** It was ended before its time, together with the workflow. */
  programStopped: (context: RestartContext, side: Side): Statement =>
    finishedFact(context.address, neverRan(runInputOf(context, side).spec, 'Command was stopped'), context),
  programFinished: (context: RestartContext, result: ProgramResult): Statement => finishedFact(context.address, result, context),
  /** The step that has just been recorded. */
  step: ({ address, service, by, steps }: RestartContext): Statement => {
    const last = steps.at(-1)
    return {
      type: 'workflow.step',
      about: address,
      because: `${last?.name ?? ''}: ${last?.outcome ?? ''}${last?.because == null ? '' : `, ${last.because}`}`,
      by,
      data: { service, step: last?.name ?? '', outcome: last?.outcome ?? '' },
    }
  },
}
