import type { LineCounter } from 'yaml'
import { limits } from '../protocol/limits.ts'
import { ConfigError, type ConfigProblem } from './errors.ts'

/** Names one value of the file: keys, and numbers for list entries. */
export type Path = ReadonlyArray<string | number>

export const fieldName = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  )

/** What a check found. Without a message it reads `expected …; got …`. */
export interface Finding {
  readonly message?: string
  readonly expected?: string
  readonly got?: string | undefined
  readonly suggestion?: string | undefined
}

/** Collects what is wrong with one file. */
export interface Report {
  /** An error at a character of the file. Throws when there are too many to go on. */
  error(offset: number, field: Path, finding: Finding): void
  warn(offset: number, field: Path, finding: Finding): void
  /** An error in an environment variable, or in a flag of the command line. */
  errorIn(variable: string, finding: Finding): void
  warnIn(variable: string, finding: Finding): void
  /** Throws everything found so far, with this on top. */
  fatal(offset: number, field: Path, finding: Finding): never
  /** Throws a ConfigError when there were errors. */
  settle(): void
  /** In the order of the file. */
  warnings(): readonly ConfigProblem[]
  lineOf(offset: number): number
}

export function createReport(file: string, text: string, lines: LineCounter): Report {
  const problems: ConfigProblem[] = []
  const warnings: ConfigProblem[] = []
  const told = new Set<string>()

  const place = (offset: number, field: Path, finding: Finding): ConfigProblem => {
    const { line, col } = lines.linePos(offset)
    const start = lines.lineStarts[line - 1] ?? 0
    const end = text.indexOf('\n', start)
    const source = text.slice(start, end < 0 ? text.length : end).replace(/\r$/, '')
    return problem({ file, line, column: col, field: fieldName(field), source }, finding)
  }
  const inEnvironment = (variable: string, finding: Finding): ConfigProblem =>
    problem({ file: variable.startsWith('--') ? 'command line' : 'environment', line: 0, column: 0, field: variable }, finding)
  /** What is wrong with each instance of a service is wrong once. */
  const isNew = ({ line, column, field, expected, message }: ConfigProblem): boolean => {
    const key = [line, column, field, expected ?? message].join('\n')
    const known = line > 0 && told.has(key)
    told.add(key)
    return !known
  }
  const add = (found: ConfigProblem): void => {
    if (!isNew(found)) return
    problems.push(found)
    if (problems.length >= limits.configProblems) fail()
  }
  const fail = (): never => {
    throw new ConfigError(problems.sort(inFileOrder))
  }

  return {
    error: (offset, field, finding) => add(place(offset, field, finding)),
    warn: (offset, field, finding) => {
      const found = place(offset, field, finding)
      if (isNew(found)) warnings.push(found)
    },
    errorIn: (variable, finding) => add(inEnvironment(variable, finding)),
    warnIn: (variable, finding) => void warnings.push(inEnvironment(variable, finding)),
    fatal: (offset, field, finding) => {
      problems.push(place(offset, field, finding))
      return fail()
    },
    settle: () => {
      if (problems.length > 0) fail()
    },
    warnings: () => warnings.sort(inFileOrder),
    lineOf: (offset) => lines.linePos(offset).line,
  }
}

type Place = Pick<ConfigProblem, 'file' | 'line' | 'column' | 'field' | 'source'>

function problem(at: Place, { message, expected, got, suggestion }: Finding): ConfigProblem {
  return {
    ...at,
    message: message ?? `expected ${expected ?? 'something else'}${got === undefined ? '' : `; got ${got}`}`,
    ...(expected === undefined ? {} : { expected }),
    ...(got === undefined ? {} : { got }),
    ...(suggestion === undefined ? {} : { suggestion }),
  }
}

const inFileOrder = (a: ConfigProblem, b: ConfigProblem): number => a.line - b.line || a.column - b.column
