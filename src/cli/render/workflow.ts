import type { Output } from '../../client/index.ts'
import { formatDuration } from '../../protocol/duration.ts'
import { describeProgram, type ProgramResult } from '../../protocol/program.ts'
import { outcomeStyles } from './results.ts'
import { table, type Cell, type Look } from './table.ts'
import { harmless } from './text.ts'

type Result = Output<'service.custom_restart'>

/** How many lines of a failed command are shown. */
const shownLines = 20

function row(step: string, { program, success, execution_time_ms: ms, error_message: because }: ProgramResult): Cell[] {
  return [
    { text: step },
    { text: success ? 'done' : 'failed', style: success ? 'green' : 'red' },
    { text: formatDuration(ms) },
    { text: `${describeProgram(program)}${because === null ? '' : `: ${because}`}` },
  ]
}

/** The end of what a command that failed has written. */
function wordsOf(step: string, { success, stdout, stderr }: ProgramResult, { paint }: Look): string[] {
  if (success) return []
  return [stdout, stderr].flatMap((text) => {
    const lines = (text ?? '').trimEnd().split('\n')
    return lines[0] === '' && lines.length === 1
      ? []
      : lines.slice(-shownLines).map((line) => `${paint('dim', `${step} |`)} ${harmless(line)}`)
  })
}

/** Step by step, then what failed commands wrote. */
export function workflowLines(result: Result, look: Look): string[] {
  const { pre_command_results: pre, post_command_results: post, restart_successful: restarted, outcome, because } = result
  if (outcome === 'accepted') {
    const where = result.step ?? because
    return [`${result.service}  ${look.paint('cyan', 'accepted')}  ${result.workflow}${where === null ? '' : `  ${where}`}`]
  }
  const named = (side: string, results: readonly ProgramResult[]) =>
    results.map((one, at) => ({ step: `${side} ${at + 1}`, one }))
  const [before, after] = [named('pre', pre), named('post', post)]
  // With a failure of a command the row of the restart has nothing to add.
  const told = [...pre, ...post].some(({ success }) => !success)
  const own = [...pre, ...post].reduce((rest, { execution_time_ms: ms }) => rest - ms, result.total_execution_time_ms)
  const restart: Cell[] = [
    { text: 'restart' },
    restarted
      ? { text: 'done', style: 'green' }
      : { text: outcome === 'failed' && told ? 'not done' : outcome, style: outcomeStyles[outcome] },
    { text: restarted ? formatDuration(Math.max(0, own)) : '' },
    { text: `${result.service}${because === null || told ? '' : `: ${because}`}` },
  ]
  return [
    ...table(
      [{ title: 'STEP' }, { title: 'RESULT' }, { title: 'TIME' }, { title: 'WHAT' }],
      [...before.map(({ step, one }) => row(step, one)), restart, ...after.map(({ step, one }) => row(step, one))],
      look,
    ),
    ...[...before, ...after].flatMap(({ step, one }) => wordsOf(step, one, look)),
  ]
}
