import { InvalidArgumentError, type Command } from 'commander'
import type { Client, Input } from '../../client/index.ts'
import { limits } from '../../protocol/limits.ts'
import type { LogItem } from '../../protocol/status.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { countUpTo } from '../count.ts'
import { follow } from '../follow.ts'
import { logGutter } from '../render/logs.ts'
import { parseSince } from '../since.ts'
import { err, out } from '../terminal.ts'

interface Options extends Common {
  readonly follow?: boolean
  readonly lines?: number
  readonly since?: Date
  readonly until?: Date
  readonly grep?: string
  readonly ignoreCase?: boolean
  readonly timestamps?: boolean
  readonly json?: boolean
}

/** How long a search may take before one stops waiting, ms: it may look through 256 MB. */
const searchTime = { timeout: 120_000 }

export function addLogs(program: Command): void {
  const moment = (text: string): Date => parseSince(text, Date.now())
  program
    .command('logs')
    .argument('[service...]', 'only these; also a service with instances, or a group')
    .description('Show what services wrote')
    .option('-f, --follow', 'go on with each new line')
    .option(
      '-n, --lines <count>',
      `how many of the last lines of each; else 20, or ${limits.logLines} where --since, --until or --grep choose`,
      countUpTo(limits.logLines),
    )
    .option('--since <when>', 'only from then on: how long ago (10m, 2h, 1d), or a date and time', moment)
    .option('--until <when>', 'only up to then', moment)
    .option('-g, --grep <pattern>', 'only lines that match this regular expression', patternOf)
    .option('-i, --ignore-case', 'take small and capital letters for the same')
    .option('-t, --timestamps', 'show when each line was written, to about a second')
    .option('--json', 'print what the system answers; with --follow one JSON line for each line')
    .action(async (services: string[], _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      if (options.follow === true && options.until !== undefined)
        command.error("error: option '-f, --follow' cannot be used with option '--until <when>'")
      const { since, until } = options
      if (since !== undefined && until !== undefined && since > until)
        command.error("error: option '--since <when>' is later than option '--until <when>': nothing lies between")
      await withClient(options, (client) => show(client, services, options))
    })
}

function patternOf(text: string): string {
  try {
    if (text !== '' && text.length <= limits.logPattern && new RegExp(text) instanceof RegExp) return text
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError(`expected a regular expression of 1 to ${limits.logPattern} characters.`)
}

async function show(client: Client, services: string[], options: Options): Promise<void> {
  const { follow: goOn, lines, since, until, grep, ignoreCase, timestamps: times = false, json } = options
  const input: Input<'logs.follow'> = {
    ...(lines === undefined ? {} : { lines }),
    ...(services.length === 0 ? {} : { services }),
    ...(since === undefined ? {} : { since: since.toISOString() }),
    ...(grep === undefined ? {} : { grep }),
    ...(ignoreCase === true ? { ignore_case: true } : {}),
  }
  // Names first: they give the gutter its width, and one that is unknown its error.
  const fleet = await client.call('system.status', services.length === 0 ? {} : { services }, queryTime)
  const look = { paint: out.look().paint, safe: out.terminal, times, iso: !out.terminal, now: Date.now() }
  const render = logGutter(Object.keys(fleet.services), look)
  if (goOn === true)
    return follow(client.stream('logs.follow', input), json === true ? (item: LogItem) => JSON.stringify(item) : render)
  const past = { ...input, ...(until === undefined ? {} : { until: until.toISOString() }) }
  const answer = await client.call('logs.read', past, grep === undefined ? queryTime : searchTime)
  if (json === true) return out.json(answer)
  await out.lines(answer.lines.map(render))
  if (answer.cut.length > 0) await err.lines([`older lines are left out of: ${answer.cut.join(', ')}; choose a shorter time`])
}
