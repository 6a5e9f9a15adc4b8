import * as z from 'zod'
import { asked, mutation } from '../protocol/command.ts'
import { HyphaeError } from '../protocol/errors.ts'
import { addressOf } from '../protocol/ids.ts'
import { limits } from '../protocol/limits.ts'
import { failureOf, neverRan, programResult, programSpec, type ProgramResult } from '../protocol/program.ts'
import { originOf } from '../protocol/principal.ts'
import { decide } from '../protocol/program-rules.ts'
import type { FleetView } from '../protocol/view.ts'

const time = z.number().int().min(1).max(limits.longestProgram)

/** So many run at once; whoever comes then may come again. */
export function refuseWhenMany(view: FleetView): void {
  if (view.programs().running < limits.concurrentPrograms) return
  throw new HyphaeError('overloaded', `${limits.concurrentPrograms} programs are running already; try again later`, {
    limit: limits.concurrentPrograms,
  })
}

const isResult = (value: unknown): value is ProgramResult => typeof value === 'object' && value !== null && 'success' in value

export const programRun = mutation({
  name: 'program.run',
  summary: 'Runs one program to its end, if the config permits it, and answers with what it wrote.',
  permission: 'program.run',
  errors: ['forbidden', 'failed', 'overloaded', 'timeout'],
  deadline: limits.longestProgram + 60_000,
  idempotent: false,
  input: z.strictObject({
    program: programSpec.meta({ examples: [{ type: 'binary', command: 'true' }] }),
    timeout_ms: time.optional().describe('how long it may take, where the program does not say; 30 s without either'),
    ...asked,
  }),
  output: z.object({
    workflow: z.string().describe('address of the actor that runs it'),
    outcome: z.enum(['done', 'accepted']),
    result: programResult.nullable(),
  }),
  plan(view, { program, timeout_ms: timeout = limits.programTime }, context) {
    const decision = decide(program, view.programs().rules)
    if (decision.allowed) refuseWhenMany(view)
    const id = context.newId()
    const workflow = addressOf('program', id)
    const refuse = (): void => {
      if (decision.allowed) return
      const data = { rule: decision.rule, workflow, result: neverRan(program, decision.because) }
      throw new HyphaeError('forbidden', decision.because, data)
    }
    return {
      what: `program.run ${program.type}`,
      tell: [
        {
          to: 'programs',
          event: {
            type: 'pool.spawn',
            address: workflow,
            input: {
              id,
              program: { spec: program, decision },
              by: context.principal.name,
              from: originOf(context.principal),
              timeout,
            },
          },
        },
      ],
      watch: [workflow],
      settled(now) {
        refuse()
        const run = now.actor(workflow)
        const result = now.details(workflow)
        if (run === undefined || run.live || !isResult(result)) return undefined
        if (!result.success) throw new HyphaeError('failed', failureOf(result), { workflow, result })
        return { workflow, outcome: 'done' as const, result }
      },
      accepted() {
        refuse()
        return { workflow, outcome: 'accepted' as const, result: null }
      },
    }
  },
})
