import type { Command } from 'commander'
import process from 'node:process'
import { HyphaeError } from '../../protocol/errors.ts'
import { parseAddress } from '../../protocol/ids.ts'
import type { Client, Input } from '../../client/index.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { statusLines } from '../render/status.ts'
import { cut, printable } from '../render/text.ts'
import { screenOn } from '../screen.ts'
import { onReaderGone, out } from '../terminal.ts'

interface Options extends Common {
  readonly json?: boolean
  readonly watch?: boolean
}

export function addStatus(program: Command): void {
  program
    .command('status')
    .argument('[service...]', 'only these; also a service with instances, or a group')
    .description('Show what runs, how and why')
    .option('--json', 'print what the system answers; with --watch one JSON line a change')
    .option('-w, --watch', 'show changes as they happen')
    .action(async (services: string[], _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const input = services.length === 0 ? {} : { services }
      await withClient(options, async (client) => {
        if (options.watch === true) return watch(client, input, options.json === true)
        const fleet = await client.call('system.status', input, queryTime)
        await (options.json === true ? out.json(fleet) : out.lines(statusLines(fleet, out.look())))
      })
    })
}

/** Perhaps a new one of a service that is there several times. */
const isInstance = (name: string, services: readonly string[]): boolean =>
  services.some((family) => name.startsWith(`${family}-`) && /^\d+$/.test(name.slice(family.length + 1)))

/** How often figures that no event announces (uptime, memory) are shown anew, ms. */
const refreshEvery = 1_000
/** Changes that come this close together are shown at once, ms. */
const settleTime = 50

async function watch(client: Client, input: Input<'system.status'>, json: boolean): Promise<void> {
  // Whom one watches must exist; the stream itself would wait for it.
  const first = await client.call('system.status', input, queryTime)
  /** Those that are meant: a name may be that of several, and there may be more of them later. */
  let meant = new Set(Object.keys(first.services))
  let over = false
  const items = client.stream('actor.watch', { filter: 'service.', facts: true })
  const stop = (): void => {
    over = true
    void items.return()
  }
  process.once('SIGINT', stop)
  onReaderGone(stop)
  const screen = screenOn(out)
  let timer: NodeJS.Timeout | undefined
  let failed: unknown

  const show = async (): Promise<void> => {
    const fleet = await client.call('system.status', input, queryTime)
    meant = new Set(Object.keys(fleet.services))
    const lines = statusLines(fleet, out.look())
    if (out.live) {
      const { text } = await client.call('system.banner', {}, queryTime)
      screen.draw([cut(printable(text), out.look().width), '', ...lines])
    } else await out.lines([...lines, ''])
  }
  const refresh = async (): Promise<void> => {
    timer = undefined
    try {
      await show()
    } catch (error) {
      failed ??= error
      stop()
    }
    if (!over && timer === undefined && out.live) soon(refreshEvery)
  }
  const soon = (ms: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => void refresh(), ms)
  }
  try {
    for await (const item of items) {
      if (item.type === 'begin') continue
      const about = item.type === 'fact' ? item.fact.about : item.actor.address
      const { kind, key } = parseAddress(about)
      const known = kind === 'service' && (meant.has(key) || isInstance(key, input.services ?? []))
      if (input.services !== undefined && !known) continue
      if (json) await out.write(`${JSON.stringify(item)}\n`)
      else if (item.type !== 'fact') soon(settleTime)
    }
  } finally {
    over = true
    clearTimeout(timer)
    process.off('SIGINT', stop)
  }
  if (failed !== undefined) throw failed instanceof Error ? failed : new HyphaeError('internal', 'the watch failed')
}
