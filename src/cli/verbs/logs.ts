import { InvalidArgumentError, type Command } from 'commander'
import process from 'node:process'
import type { Client } from '../../client/index.ts'
import { limits } from '../../protocol/limits.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { logGutter } from '../render/logs.ts'
import { onReaderGone, out } from '../terminal.ts'

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
    .option('-n, --lines <count>', 'how many of the last lines of each', count, 20)
    .option('--json', 'print what the system answers; with --follow one JSON line for each line')
    .action(async (services: string[], _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await withClient(options, (client) => show(client, services, options))
    })
}

function count(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value <= limits.logLines) return value
  throw new InvalidArgumentError(`expected a whole number from 0 to ${limits.logLines}.`)
}

async function show(client: Client, services: string[], { follow, lines, json }: Options): Promise<void> {
  const input = { lines, ...(services.length === 0 ? {} : { services }) }
  // Names first: they give the gutter its width, and one that is unknown its error.
  const fleet = await client.call('system.status', services.length === 0 ? {} : { services }, queryTime)
  const render = logGutter(Object.keys(fleet.services), { paint: out.look().paint, safe: out.terminal })
  if (follow !== true) {
    const answer = await client.call('logs.read', input, queryTime)
    await (json === true ? out.json(answer) : out.lines(answer.lines.map(render)))
    return
  }
  const items = client.stream('logs.follow', input)
  const stop = (): void => void items.return()
  process.once('SIGINT', stop)
  onReaderGone(stop)
  try {
    for await (const item of items) await out.write(`${json === true ? JSON.stringify(item) : render(item)}\n`)
  } finally {
    process.off('SIGINT', stop)
  }
}
