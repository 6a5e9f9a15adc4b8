import type { ConfigProblem } from './errors.ts'

/** Columns of the source line that a frame shows. */
const frameWidth = 120

/**
 * One problem for a person, without a line end:
 *
 * ```
 * hyphae.yaml:12:21: supervisor.services.web.restart_policy: expected one of always, on_failure, never; got "sometimes"
 *   did you mean "on_failure"?
 *   12 |       restart_policy: sometimes
 *      |                       ^
 * ```
 */
export function formatProblem(problem: ConfigProblem, { color = false }: { readonly color?: boolean } = {}): string {
  const paint = (code: number, text: string): string => (color ? `\u001B[${code}m${text}\u001B[0m` : text)
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`
  const head = [
    paint(1, printable(place)),
    problem.field === '' || problem.message.startsWith(problem.field) ? '' : paint(36, printable(problem.field)),
    printable(problem.message),
  ]
  const rows = [head.filter((part) => part !== '').join(': ')]
  if (problem.suggestion !== undefined) rows.push(`  did you mean ${paint(32, `"${printable(problem.suggestion)}"`)}?`)
  if (problem.source !== undefined && problem.line > 0) {
    const number = String(problem.line)
    const { text, before } = cut(problem.source, problem.column)
    rows.push(paint(2, `  ${number} | ${text}`), `  ${' '.repeat(number.length)} | ${before}${paint(31, '^')}`)
  }
  return rows.join('\n')
}

/** The part of a long line around the column, and what goes before the caret (tabs stay tabs so that it lines up). */
function cut(source: string, column: number): { readonly text: string; readonly before: string } {
  const start = column > frameWidth - 20 ? column - 40 : 0
  const text = printable(source.slice(start, start + frameWidth)).trimEnd()
  const before = source.slice(start, column - 1).replaceAll(/[^\t]/g, ' ')
  return { text, before }
}

/** A file may hold terminal escapes; they must not reach the terminal that shows its errors. */
const printable = (text: string): string => text.replaceAll(/[^\P{Cc}\t]/gu, '\uFFFD')
