import type { Command } from 'commander'
import type { Client } from '../../client/index.ts'
import { limits } from '../../protocol/limits.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { countUpTo } from '../count.ts'
import { follow } from '../follow.ts'
import { logGutter } from '../render/logs.ts'
import { out } from '../terminal.ts'

interface Options extends Common {
  readonly follow?: boolean
  readonly lines: number
  readonly json?: boolean
}

export function addLogs(program: Command): void {
  program
    .command('logs')
    .argument('[service...]', 'only these')
    .description('Show what services wrote')
    .option('-f, --follow', 'go on with each new line')
    .option('-n, --lines <count>', 'how many of the last lines of each', countUpTo(limits.logLines), 20)
    .option('--json', 'print what the system answers; with --follow one JSON line for each line')
    .action(async (services: string[], _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await withClient(options, (client) => show(client, services, options))
    })
}

async function show(client: Client, services: string[], { follow: goOn, lines, json }: Options): Promise<void> {
  const input = { lines, ...(services.length === 0 ? {} : { services }) }
  // Names first: they give the gutter its width, and one that is unknown its error.
  const fleet = await client.call('system.status', services.length === 0 ? {} : { services }, queryTime)
  const render = logGutter(Object.keys(fleet.services), { paint: out.look().paint, safe: out.terminal })
  if (goOn === true) return follow(client.stream('logs.follow', input), json === true ? (item) => JSON.stringify(item) : render)
  const answer = await client.call('logs.read', input, queryTime)
  await (json === true ? out.json(answer) : out.lines(answer.lines.map(render)))
}
