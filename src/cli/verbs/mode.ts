import type { Command } from 'commander'
import type { Client, Output } from '../../client/index.ts'
import { HyphaeError } from '../../protocol/errors.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { withProgress } from '../progress.ts'
import { modeLines, switchLines } from '../render/mode.ts'
import { printable } from '../render/text.ts'
import { requestIdOf, requestIdOption, type Requested } from '../request-id.ts'
import { out } from '../terminal.ts'

interface Options extends Common, Requested {
  readonly wait: boolean
  readonly json?: boolean
}

export function addMode(program: Command): void {
  program
    .command('mode')
    .argument('[mode]', 'the mode to switch to; without it, the one in force and all others are shown')
    .description('Show the mode in force, or switch to another one: what fails goes back')
    .option('--no-wait', 'return as soon as it is accepted')
    .addOption(requestIdOption())
    .option('--json', 'print what the system answers')
    .action(async (mode: string | undefined, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      if (mode === undefined && (!options.wait || options.requestId !== undefined))
        throw new HyphaeError('invalid_request', '--no-wait and --request-id are for a switch: hyphae mode <mode>')
      await withClient(options, (client) => (mode === undefined ? show(client, options) : change(client, mode, options)))
    })
}

async function show(client: Client, { json }: Options): Promise<void> {
  const answer = await client.call('system.mode', {}, queryTime)
  await (json === true ? out.json(answer) : out.lines(modeLines(answer, out.look())))
}

async function change(client: Client, mode: string, options: Options): Promise<void> {
  const work = client.call('system.switch_mode', { mode, wait: options.wait, ...requestIdOf(options) })
  try {
    const answer = await withProgress(work, () => standing(client, mode))
    await (options.json === true ? out.json(answer) : out.lines(switchLines(answer, out.look())))
  } catch (error) {
    const result = resultIn(error)
    if (options.json !== true && result !== undefined) await out.lines(switchLines(result, out.look()))
    throw error
  }
}

/** What the switch is at, in words: "to advanced: stopping tracing". */
async function standing(client: Client, mode: string): Promise<string> {
  const { actors } = await client.call('actor.list', { kind: 'switch' }, queryTime)
  const reason = actors.find(({ live }) => live)?.reason
  return printable(
    `switching ${reason?.startsWith('to ') === true || reason?.startsWith('back ') === true ? reason : `to ${mode}`}`,
  )
}

/** A failure carries what was done of it; of what was refused nothing was. */
const resultIn = (error: unknown): Output<'system.switch_mode'> | undefined =>
  error instanceof HyphaeError && error.code === 'failed' && 'rolled_back' in error.data
    ? (error.data as unknown as Output<'system.switch_mode'>)
    : undefined
