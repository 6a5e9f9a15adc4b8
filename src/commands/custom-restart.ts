import * as z from 'zod'
import { asked, mutation } from '../protocol/command.ts'
import { HyphaeError } from '../protocol/errors.ts'
import { addressOf } from '../protocol/ids.ts'
import { limits } from '../protocol/limits.ts'
import { originOf } from '../protocol/principal.ts'
import { programArgs, programEnv, programResult, programSpec } from '../protocol/program.ts'
import { decisiveVariable, judge } from '../protocol/program-rules.ts'
import type { WorkflowResult } from '../protocol/restart.ts'
import { knownService, oneService } from './names.ts'
import { refuseWhenMany } from './program.ts'

const programs = z.array(programSpec).max(limits.workflowCommands)

const output = z.object({
  service: z.string(),
  workflow: z.string().describe('address of the workflow that does it'),
  step: z.string().nullable().describe('where it is; null once it has ended'),
  outcome: z.enum(['done', 'failed', 'busy', 'cancelled', 'accepted']),
  because: z.string().nullable(),
  pre_command_results: z.array(programResult),
  restart_successful: z.boolean(),
  post_command_results: z.array(programResult),
  total_execution_time_ms: z.number(),
  overall_success: z.boolean(),
})
type Outcome = z.input<typeof output>

const isResult = (value: unknown): value is WorkflowResult =>
  typeof value === 'object' && value !== null && 'outcome' in value && 'restarted' in value

const outcomeOf = (workflow: string, result: WorkflowResult, details: WorkflowResult['details'] | undefined): Outcome => ({
  service: result.service,
  workflow,
  step: null,
  outcome: result.outcome,
  because: result.because,
  pre_command_results: [...(details?.pre ?? [])],
  restart_successful: result.restarted,
  post_command_results: [...(details?.post ?? [])],
  total_execution_time_ms: result.elapsed,
  overall_success: result.outcome === 'done',
})

export const serviceCustomRestart = mutation({
  name: 'service.custom_restart',
  summary: 'Restarts a service with commands before and after it, and with other arguments; answers step by step.',
  permission: 'service.control',
  errors: ['not_found', 'forbidden', 'busy', 'failed', 'overloaded', 'timeout'],
  deadline: 60 * 60_000,
  idempotent: false,
  input: z.strictObject({
    service: oneService,
    pre_commands: programs.optional().describe('run before it is touched; if one fails it is left as it is'),
    args: programArgs.optional().describe('its arguments, in place of the configured ones'),
    env: programEnv.optional().describe('variables, on top of the configured ones'),
    post_commands: programs.optional().describe('run once it is ready again'),
    remember: z.boolean().default(true).describe('args and env hold until the config is read again; false: for this run alone'),
    ...asked,
  }),
  output,
  plan(view, { service: name, pre_commands: pre = [], args, env, post_commands: post = [], remember }, context) {
    const service = knownService(view, name)
    // By its arguments a service does what its program can do; by these it would become another one.
    const decisive = context.principal.via === 'unix' ? undefined : decisiveVariable(env)
    if (decisive !== undefined) {
      const message = `env: the variable ${JSON.stringify(decisive)} decides what is run, so it can't be set over the network`
      throw new HyphaeError('forbidden', message, { rule: 'env' })
    }
    if (pre.length + post.length > 0) refuseWhenMany(view)
    const { rules } = view.programs()
    const change = args === undefined && env === undefined ? null : { args, env, remember }
    const custom = { pre: judge(pre, rules), post: judge(post, rules), change }
    const refused = [...custom.pre, ...custom.post].some(({ decision }) => !decision.allowed)
    const id = context.newId()
    const workflow = addressOf('restart', id)
    return {
      tell: [
        {
          to: 'workflows',
          event: {
            type: 'pool.spawn',
            address: workflow,
            input: {
              id,
              service,
              by: context.principal.name,
              from: originOf(context.principal),
              request: context.request,
              at: context.now,
              custom,
            },
          },
        },
      ],
      watch: [workflow],
      begun(now) {
        const run = now.actor(workflow)
        return run !== undefined && run.state !== 'queued'
      },
      settled(now) {
        const run = now.actor(workflow)
        if (run === undefined || run.live || !isResult(run.result)) return undefined
        const { result } = run
        const outcome = outcomeOf(workflow, result, now.details(workflow) as WorkflowResult['details'] | undefined)
        if (result.outcome === 'done') return outcome
        const data = result.rule === null ? outcome : { ...outcome, rule: result.rule }
        const message = `${service} was not restarted as asked: ${result.because ?? result.outcome}`
        throw new HyphaeError(result.outcome === 'busy' ? 'busy' : 'failed', message, data)
      },
      accepted(now) {
        const run = now.actor(workflow)
        // What can't even begin is no matter of waiting.
        if (refused) this.settled(now, null)
        return {
          service,
          workflow,
          step: run?.state ?? null,
          outcome: 'accepted' as const,
          because: context.repeated ? 'it was done before; its answer is not known any more' : (run?.reason ?? null),
          pre_command_results: [],
          restart_successful: false,
          post_command_results: [],
          total_execution_time_ms: 0,
          overall_success: false,
        }
      },
    }
  },
})
