import { HyphaeError } from '../protocol/errors.ts'
import { formatProblem } from './frame.ts'

/** One thing that is wrong, or worth a warning, in a config. */
export interface ConfigProblem {
  /** The file as a person would type it; `environment` or `command line` when a variable or a flag is to blame. */
  readonly file: string
  /** From 1; 0 where no place in a file is to blame. */
  readonly line: number
  /** From 1, in characters; 0 where no place in a file is to blame. */
  readonly column: number
  /** `supervisor.services.web.restart_policy`; empty for the file as a whole. */
  readonly field: string
  /** What is wrong, in words, without the place. */
  readonly message: string
  readonly expected?: string
  readonly got?: string
  /** What was probably meant. */
  readonly suggestion?: string
  /** The line of the file, for a code frame. */
  readonly source?: string
}

/** A config that can't be used, with everything that is wrong with it, in the order of the file. */
export class ConfigError extends HyphaeError {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super('invalid_params', problems.map((problem) => formatProblem(problem)).join('\n'), { problems })
    this.name = 'ConfigError'
    this.problems = problems
  }

  /** Each problem with its place, a code frame and a suggestion. */
  format(options: { readonly color?: boolean } = {}): string {
    return this.problems.map((problem) => formatProblem(problem, options)).join('\n')
  }
}
