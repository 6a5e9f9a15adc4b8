import type { Command } from 'commander'
import process from 'node:process'
import type { Client, Output } from '../../client/index.ts'
import { errorCodes, HyphaeError } from '../../protocol/errors.ts'
import { watchConfig } from '../config-watch.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { changeLines } from '../render/changes.ts'
import { problemsIn } from '../render/problems.ts'
import { printable } from '../render/text.ts'
import { createRepeater } from '../repeater.ts'
import { requestIdOf, requestIdOption, type Requested } from '../request-id.ts'
import { err, onReaderGone, out } from '../terminal.ts'

interface Options extends Common, Requested {
  readonly dryRun?: boolean
  readonly watch?: boolean
  readonly json?: boolean
}

export function addReload(program: Command): void {
  program
    .command('reload')
    .description('Read the config again and go over to it: what has not changed is not touched')
    .option('--dry-run', 'only show what would change')
    .option('--watch', 'stay, and reload whenever the config file, or an env file, changes, until Ctrl-C')
    .addOption(requestIdOption())
    .option('--json', 'print what the system answers; with --watch one JSON line for each reload')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      if (options.watch === true && options.requestId !== undefined)
        throw new HyphaeError('invalid_request', '--request-id is for one reload; --watch makes many')
      await withClient(options, (client) => (options.watch === true ? goOn(client, options) : once(client, options)))
    })
}

const ask = (client: Client, options: Options): Promise<Output<'system.reload'>> =>
  client.call('system.reload', { dry_run: options.dryRun === true, ...requestIdOf(options) })

async function once(client: Client, options: Options): Promise<void> {
  try {
    const answer = await ask(client, options)
    if (options.json === true) return await out.json(answer)
    await tell(answer)
  } catch (error) {
    const problems = problemsIn(error)
    throw problems.length === 0 || options.json === true ? error : new WrongConfig(problems)
  }
}

async function tell(answer: Output<'system.reload'>): Promise<void> {
  await err.lines(answer.warnings.map((warning) => `warning: ${printable(warning)}`))
  await out.lines(changeLines(answer, out.look()))
}

/** Until Ctrl-C, until nobody reads it any more, or until the orchestrator has gone. */
async function goOn(client: Client, options: Options): Promise<void> {
  const { supervisor } = await client.call('system.status', { services: [] }, queryTime)
  if (supervisor.config === null)
    throw new HyphaeError('unavailable', 'this orchestrator has no config file that could be watched')
  let stop = (): void => {}
  let fail: (error: unknown) => void = () => {}
  const stopped = new Promise<void>((resolve, reject) => {
    stop = resolve
    fail = reject
  })
  process.once('SIGINT', () => stop())
  onReaderGone(() => stop())

  const reload = async (): Promise<void> => {
    try {
      const answer = await ask(client, options)
      if (options.json === true) await out.write(`${JSON.stringify(answer)}\n`)
      else await tell(answer)
      // A reload may have been of another file.
      if (answer.config !== null) watched.follow([answer.config, ...answer.env_files])
    } catch (error) {
      if (!(error instanceof HyphaeError) || !passing.has(error.code)) return fail(error)
      if (error.code === 'busy') throw error
      await tellFailure(error, options.json === true)
    }
  }
  const again = createRepeater(reload)
  // Watched before it is read the first time: no change falls between.
  const watched = watchConfig([supervisor.config], again.ask)
  // Ends with an error when the orchestrator goes.
  const life = client.stream('actor.watch', { filter: 'supervisor.root' })
  const living = async (): Promise<void> => {
    for await (const _ of life) continue
  }
  again.ask()
  try {
    await Promise.race([stopped, living()])
  } finally {
    again.stop()
    watched.stop()
    void life.return()
  }
}

/** What may be over with the next change of the file, or in a moment. */
const passing: ReadonlySet<string> = new Set(['invalid_params', 'busy', 'storage', 'timeout'])

async function tellFailure(error: HyphaeError, json: boolean): Promise<void> {
  const { code, message, data } = error
  if (json) return out.write(`${JSON.stringify({ error: { code, message, data } })}\n`)
  const problems = problemsIn(error)
  const lines = problems.length === 0 ? [printable(message)] : problems
  await err.lines([`${err.look().paint('red', 'hyphae:')} nothing was reloaded`, ...lines])
}

/** As a config's own errors are shown: each with its line, and nothing around them. */
class WrongConfig extends HyphaeError {
  readonly exit = errorCodes.invalid_params.exit

  constructor(problems: readonly string[]) {
    super('invalid_params', problems.join('\n'), { problems })
  }

  format(): string {
    return this.message
  }
}
