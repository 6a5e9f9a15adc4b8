import type { Command } from 'commander'
import process from 'node:process'
import type { Client } from '../../client/index.ts'
import { HyphaeError } from '../../protocol/errors.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { plain } from '../render/paint.ts'
import { out } from '../terminal.ts'
import { wholeTable } from '../top/frame.ts'
import { hear } from '../top/hear.ts'
import { emptyModel } from '../top/model.ts'
import { runTop } from '../top/session.ts'

interface Options extends Common {
  readonly once?: boolean
}

/** Columns of `--once` where nothing says how wide it may be. */
const usualWidth = 120

export function addTop(program: Command): void {
  program
    .command('top')
    .argument('[service]', 'the one to begin with; also a group')
    .description('Watch and drive the fleet in the whole terminal')
    .option('--once', 'print the table once, as plain text')
    .action(async (service: string | undefined, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const once = options.once === true
      if (!once) refuseWithoutTerminal()
      await withClient(options, async (client) => {
        const selected = service === undefined ? undefined : await rowOf(client, service)
        await (once ? print(client, selected) : runTop(client, selected))
      })
    })
}

/** Says what to use instead. */
function refuseWithoutTerminal(): void {
  const because = ((): string | undefined => {
    if (!out.terminal) return 'its output is not a terminal'
    if (!process.stdin.isTTY) return 'its input is not a terminal'
    return out.live ? undefined : 'this terminal (TERM=dumb) can only print lines'
  })()
  if (because === undefined) return
  const instead = 'use hyphae status, hyphae status --watch or hyphae top --once'
  throw new HyphaeError('invalid_request', `top needs a whole terminal, and ${because}; ${instead}`)
}

/** The key of the row that is meant; a name of several means the first of them. */
async function rowOf(client: Client, name: string): Promise<string> {
  const { services, groups } = await client.call('system.status', { services: [name] }, queryTime)
  if (services[name] === undefined && groups[name] !== undefined) return `group.${name}`
  const [first = name] = Object.keys(services)
  return `service.${first}`
}

async function print(client: Client, selected: string | undefined): Promise<void> {
  const fleet = await client.call('system.status', {}, queryTime)
  const banner = await client.call('system.banner', {}, queryTime)
  const { width } = out.look()
  const columns = Number.isFinite(width) ? width : usualWidth
  const heard = [
    { type: 'fleet', fleet, at: Date.now(), sample: false },
    { type: 'banner', banner },
  ] as const
  const model = heard.reduce(hear, { ...emptyModel(client.at), selected })
  await out.lines(wholeTable(model, columns, { paint: plain, unicode: true, now: Date.now() }))
}
