import type { Statement } from '../protocol/facts.ts'
import type { Origin } from '../protocol/principal.ts'
import { describeProgram, type Judged, type ProgramResult, type ProgramSpec } from '../protocol/program.ts'

/** What is written down of each program: who asked for it and how it ended, of its variables the names alone. */

export interface Asker {
  readonly by: string
  /** Where he came from. */
  readonly from?: Origin | undefined
}

const figures = ({ type, args = [], env = {}, working_dir }: ProgramSpec): Record<string, unknown> => ({
  type,
  args: args.length,
  env: Object.keys(env),
  ...(working_dir === undefined ? {} : { working_dir }),
})

export const startedFact = (about: string, spec: ProgramSpec, { by, from }: Asker): Statement => ({
  type: 'program.started',
  about,
  because: describeProgram(spec),
  by,
  data: { ...figures(spec), ...from },
})

export const refusedFact = (about: string, { spec, decision }: Judged, { by, from }: Asker): Statement => ({
  type: 'program.refused',
  about,
  because: `${describeProgram(spec)}: ${decision.allowed ? '' : decision.because}`,
  by,
  data: { ...figures(spec), rule: decision.allowed ? null : decision.rule, ...from },
})

export const finishedFact = (about: string, result: ProgramResult, { by, from }: Asker): Statement => ({
  type: 'program.finished',
  about,
  because: `${describeProgram(result.program)}: ${result.error_message ?? 'exited with code 0'}`,
  by,
  data: { success: result.success, exit_code: result.exit_code, ms: result.execution_time_ms, ...from },
})
