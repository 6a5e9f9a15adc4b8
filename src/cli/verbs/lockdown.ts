import { Argument, type Command } from 'commander'
import type { Client } from '../../client/index.ts'
import { HyphaeError } from '../../protocol/errors.ts'
import type { Lockdown } from '../../protocol/lockdown.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { printable } from '../render/text.ts'
import { momentOf } from '../render/time.ts'
import { out } from '../terminal.ts'

interface Options extends Common {
  readonly reason?: string
  readonly json?: boolean
}

export function addLockdown(program: Command): void {
  program
    .command('lockdown')
    .addArgument(
      new Argument(
        '[state]',
        'on: refuse every command that changes something; off: end that; without it: is there one?',
      ).choices(['on', 'off']),
    )
    .description('Lock the fleet down in an emergency: services are kept up, and nobody changes anything')
    .option('--reason <text>', 'why, for whoever is refused and for the journal')
    .option('--json', 'print what the system answers')
    .action(async (state: string | undefined, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const { reason, json } = options
      if (state === undefined && reason !== undefined)
        throw new HyphaeError('invalid_request', '--reason is for on or off: hyphae lockdown on --reason <text>')
      await withClient(options, async (client) => {
        const answer = state === undefined ? await standing(client) : await order(client, state === 'on', reason)
        if (json === true) return out.json(answer)
        await out.lines([printable(inWords(answer))])
      })
    })
}

interface Told extends Pick<Lockdown, 'reason'> {
  readonly on: boolean
  readonly since: string | null
  readonly by: string | null
}

const order = (client: Client, on: boolean, reason: string | undefined): Promise<Told> =>
  client.call('system.lockdown', { on, ...(reason === undefined ? {} : { reason }) }, queryTime)

async function standing(client: Client): Promise<Told> {
  const { lockdown } = (await client.call('system.status', { services: [] }, queryTime)).supervisor
  return lockdown === null ? { on: false, since: null, by: null, reason: null } : { on: true, ...lockdown }
}

function inWords({ on, since, by, reason }: Told): string {
  if (!on || since === null) return 'not locked down'
  return `locked down since ${momentOf(since, Date.now())} by ${by}${reason === null ? '' : `: ${reason}`}; hyphae lockdown off ends it`
}
