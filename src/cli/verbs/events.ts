import type { Command } from 'commander'
import type { Client, Input, Output } from '../../client/index.ts'
import { formatBytes } from '../../protocol/bytes.ts'
import { formatDuration } from '../../protocol/duration.ts'
import type { Fact } from '../../protocol/facts.ts'
import { limits } from '../../protocol/limits.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { countUpTo } from '../count.ts'
import { follow } from '../follow.ts'
import { factLine } from '../render/facts.ts'
import { momentOf } from '../render/time.ts'
import { parseSince } from '../since.ts'
import { err, out } from '../terminal.ts'

interface Options extends Common {
  readonly follow?: boolean
  readonly since?: Date
  readonly lines?: number
  readonly audit?: boolean
  readonly json?: boolean
}

export function addEvents(program: Command): void {
  program
    .command('events')
    .argument('[service...]', 'only what is about these; also a service with instances, or a group')
    .description('Show what happened, also in earlier runs: who asked what of whom, and why it restarted')
    .option('-f, --follow', 'go on with each new event')
    .option('--since <when>', 'only from then on: how long ago (10m, 2h, 1d), or a date and time', (text) =>
      parseSince(text, Date.now()),
    )
    .option('-n, --lines <count>', 'how many of the last; else 100, or all --since then', countUpTo(limits.eventsRead))
    .option('--audit', 'only who did what, or was refused, and from where')
    .option('--json', 'print what the system answers; with --follow one JSON line for each event')
    .action(async (services: string[], _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await withClient(options, (client) => show(client, services, options))
    })
}

async function show(
  client: Client,
  services: string[],
  { follow: goOn, since, lines, audit = false, json }: Options,
): Promise<void> {
  const limit = lines ?? (since === undefined ? undefined : limits.eventsRead)
  const input: Input<'events.read'> = {
    ...(services.length === 0 ? {} : { services }),
    ...(since === undefined ? {} : { since: since.toISOString() }),
    ...(limit === undefined ? {} : { limit }),
    ...(audit ? { audit } : {}),
  }
  // A file may be read on another day, and elsewhere.
  const render = (fact: Fact): string => factLine(fact, { ...out.look(), iso: !out.terminal, origin: audit })
  if (goOn === true) return follow(client.stream('events.follow', input), json === true ? (fact) => JSON.stringify(fact) : render)
  const answer = await client.call('events.read', input, queryTime)
  if (json === true) return out.json(answer)
  await out.lines(answer.events.map(render))
  await err.lines([`${answer.events.length === 0 ? 'no such events; ' : ''}${keptInWords(answer.kept)}`])
}

/** Why older ones are missing. */
function keptInWords({ oldest, max_age_ms: age, max_bytes: bytes }: Output<'events.read'>['kept']): string {
  const bounds = `the journal keeps ${formatDuration(age)} or ${formatBytes(bytes)} of events`
  return oldest === null ? bounds : `${bounds}; the oldest is of ${momentOf(oldest, Date.now())}`
}
