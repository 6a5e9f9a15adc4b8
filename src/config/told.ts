import { resolve } from 'node:path'
import type { ConfigError, ConfigProblem } from './errors.ts'
import { formatProblem } from './frame.ts'
import { isSecretField } from './secrets.ts'

/** Would this line, or what was found in it, show something that others must not see? */
const isDelicate = ({ field, source = '' }: ConfigProblem): boolean =>
  /token|secret|password|passphrase|credential|key/i.test(source) ||
  /\.env(\.|$)/.test(field) ||
  field.split(/[.[\]]/).some(isSecretField)

/**
 * The problems of a config as texts for whoever asked from elsewhere: with whole paths, and without what stands in the file
 * where that may be a secret, or where they are not to read that file at all.
 */
export const toldProblems = ({ problems }: ConfigError, readable: boolean): string[] =>
  problems.map((problem) => {
    const file = problem.file === 'environment' ? problem.file : resolve(problem.file)
    if (readable && !isDelicate(problem)) return formatProblem({ ...problem, file })
    const { line, column, field, got } = problem
    const message = got === undefined ? problem.message : problem.message.replace(`; got ${got}`, '')
    return formatProblem({ file, line, column, field, message })
  })
