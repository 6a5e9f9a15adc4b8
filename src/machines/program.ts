import { assign, setup } from 'xstate'
import type { Statement } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { limits } from '../protocol/limits.ts'
import {
  describeProgram,
  neverRan,
  type Judged,
  type ProgramCommand,
  type ProgramEnded,
  type ProgramResult,
  type RunInput,
} from '../protocol/program.ts'
import { finishedFact, refusedFact, startedFact, type Asker } from './program-facts.ts'
import { port } from './port.ts'

/**
 * PROGRAM: one program, run to its end. What is not permitted never runs, and leaves a fact all the same.
 *
 *   queued ──permitted──▶ running ──program.ended──▶ done
 *      └── refused by a rule ───────────────────────▶ done
 */

export interface ProgramInput extends Asker {
  readonly id: string
  readonly program: Judged
  /** Without a time of its own, ms. */
  readonly timeout: number
}

interface ProgramContext extends ProgramInput {
  readonly address: string
  readonly because: string
  readonly result: ProgramResult | null
}

/** What `program.<id>` ends with. */
export interface ProgramOutput {
  readonly success: boolean
  readonly because: string
  /** The rule that refused it; null: it was permitted. */
  readonly rule: string | null
  readonly details: ProgramResult
}

const argvOf = ({ program: { decision } }: ProgramContext): readonly string[] => (decision.allowed ? decision.argv : [])

export const programMachine = setup({
  types: {
    input: {} as ProgramInput,
    context: {} as ProgramContext,
    events: {} as ProgramEnded,
    output: {} as ProgramOutput,
    tags: {} as Phase,
  },
  actors: { program: port<ProgramCommand, RunInput>('program') },
  guards: { isRefused: ({ context }) => !context.program.decision.allowed },
  actions: {
    state: (_, _statement: Statement) => {},
    record: assign((_, result: ProgramResult) => ({ result, because: result.error_message ?? 'exited with code 0' })),
  },
}).createMachine({
  id: 'program',
  context: ({ input }) => ({
    ...input,
    address: addressOf('program', input.id),
    because: describeProgram(input.program.spec),
    result: null,
  }),
  initial: 'queued',
  states: {
    queued: {
      // Passed through within one step; the tag is for the law that each state has one.
      tags: 'handshake',
      always: [
        {
          guard: 'isRefused',
          target: 'done',
          actions: [
            {
              type: 'record',
              params: ({ context: { program } }) =>
                neverRan(program.spec, program.decision.allowed ? '' : program.decision.because),
            },
            { type: 'state', params: ({ context }) => refusedFact(context.address, context.program, context) },
          ],
        },
        { target: 'running' },
      ],
    },
    running: {
      tags: 'active',
      entry: { type: 'state', params: ({ context }) => startedFact(context.address, context.program.spec, context) },
      invoke: {
        id: 'program',
        src: 'program',
        input: ({ context }) => ({
          id: context.id,
          spec: context.program.spec,
          argv: argvOf(context),
          folder: null,
          timeout: context.program.spec.timeout_ms ?? context.timeout,
          output: limits.programOutput,
        }),
        onError: {
          target: 'done',
          actions: {
            type: 'record',
            params: ({ context, event }) => neverRan(context.program.spec, String(event.error)),
          },
        },
      },
      on: {
        'program.ended': {
          target: 'done',
          actions: [
            { type: 'record', params: ({ event }) => event.result },
            { type: 'state', params: ({ context, event }) => finishedFact(context.address, event.result, context) },
          ],
        },
      },
    },
    done: { tags: 'reaped', type: 'final' },
  },
  output: ({ context: { program, result, because } }) => ({
    success: result?.success === true,
    because,
    details: result ?? neverRan(program.spec, 'it ended without a result'),
    rule: program.decision.allowed ? null : program.decision.rule,
  }),
})
