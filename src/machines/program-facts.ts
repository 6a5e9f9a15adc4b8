import type { Statement } from '../protocol/facts.ts'
import { describeProgram, type Judged, type ProgramResult, type ProgramSpec } from '../protocol/program.ts'

/** What is written down of each program: who asked for it and how it ended, of its variables the names alone. */

const figures = ({ type, args = [], env = {}, working_dir }: ProgramSpec): Record<string, unknown> => ({
  type,
  args: args.length,
  env: Object.keys(env),
  ...(working_dir === undefined ? {} : { working_dir }),
})

export const startedFact = (about: string, spec: ProgramSpec, by: string): Statement => ({
  type: 'program.started',
  about,
  because: describeProgram(spec),
  by,
  data: figures(spec),
})

export const refusedFact = (about: string, { spec, decision }: Judged, by: string): Statement => ({
  type: 'program.refused',
  about,
  because: `${describeProgram(spec)}: ${decision.allowed ? '' : decision.because}`,
  by,
  data: { ...figures(spec), rule: decision.allowed ? null : decision.rule },
})

export const finishedFact = (about: string, result: ProgramResult, by: string): Statement => ({
  type: 'program.finished',
  about,
  because: `${describeProgram(result.program)}: ${result.error_message ?? 'exited with code 0'}`,
  by,
  data: { success: result.success, exit_code: result.exit_code, ms: result.execution_time_ms },
})
