import process from 'node:process'
import { HyphaeError } from '../../protocol/errors.ts'

/** The problems of a config that somebody else has read, as `validate` shows them: paths as one would type them here. */
export function problemsIn(error: unknown): string[] {
  const problems = error instanceof HyphaeError ? error.data['problems'] : undefined
  if (!Array.isArray(problems) || !problems.every((one) => typeof one === 'string')) return []
  const here = `${process.cwd()}/`
  return problems.map((problem) => (problem.startsWith(here) ? problem.slice(here.length) : problem))
}
