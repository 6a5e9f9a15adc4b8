import process from 'node:process'
import { errorCodes, HyphaeError, messageOf, type ErrorCode } from '../protocol/errors.ts'
import { isRecord } from '../protocol/json.ts'
import { printable } from './render/text.ts'
import { err } from './terminal.ts'

/** Of a custom restart that failed it was the service itself: its commands have told their own reasons. */
const wasTheService = (data: HyphaeError['data']): boolean =>
  ['pre_command_results', 'post_command_results'].every((side) => {
    const results = data[side]
    return Array.isArray(results) && results.every((one: unknown) => isRecord(one) && one['success'] === true)
  })

const next: Partial<Record<ErrorCode, string>> = {
  timeout: 'see how it stands: hyphae status',
  internal: 'supervisor.log in the state folder has the details',
  storage: 'see what is wrong: hyphae status',
  invalid_request: 'see: hyphae --help',
}

/** What to do next, where there is something. */
function advice({ code, data }: HyphaeError, verb: string | undefined): string | undefined {
  const results = Array.isArray(data['results']) ? data['results'] : []
  const bad: unknown = results.find((result: unknown) => isRecord(result) && result['outcome'] !== 'done')
  if (code === 'failed' && wasTheService(data)) return `see why: hyphae explain ${String(data['service'])}`
  if (isRecord(bad)) return `see why: hyphae explain ${String(bad['service'])}`
  if (code === 'not_found') return data['field'] === 'to' ? 'list them: hyphae actors' : 'list them: hyphae status'
  if (code === 'invalid_request' && verb !== undefined) return `see: hyphae ${verb} --help`
  return next[code]
}

/** Says on stderr what went wrong and what to do; answers the exit code. `verb`: whose help there is. */
export async function fail(cause: unknown, json: boolean, verb?: string): Promise<number> {
  const error = cause instanceof HyphaeError ? cause : new HyphaeError('internal', messageOf(cause))
  const { code, message, data } = error
  const exit = 'exit' in error && typeof error.exit === 'number' ? error.exit : errorCodes[code].exit
  const { paint } = err.look()
  if (json) {
    await err.json({ error: { code, message, data } })
  } else if ('format' in error && typeof error.format === 'function') {
    // A config's errors come with the lines that they are about.
    const config = error as HyphaeError & { format(options: { color: boolean }): string }
    await err.lines([config.format({ color: err.coloured() })])
  } else {
    const hint = advice(error, verb)
    await err.lines([`${paint('red', 'hyphae:')} ${printable(message)}`, ...(hint === undefined ? [] : [`  ${hint}`])])
  }
  if (process.env['HYPHAE_DEBUG'] !== undefined && cause instanceof Error) await err.lines([cause.stack ?? ''])
  return exit
}
