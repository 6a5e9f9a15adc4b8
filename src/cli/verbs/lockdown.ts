import { Argument, type Command } from 'commander'
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
    .addArgument(new Argument('<state>', 'on: refuse every command that changes something; off: end that').choices(['on', 'off']))
    .description('Lock the fleet down in an emergency: services are kept up, and nobody changes anything')
    .option('--reason <text>', 'why, for whoever is refused and for the journal')
    .option('--json', 'print what the system answers')
    .action(async (state: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const { reason, json } = options
      await withClient(options, async (client) => {
        const answer = await client.call(
          'system.lockdown',
          { on: state === 'on', ...(reason === undefined ? {} : { reason }) },
          queryTime,
        )
        if (json === true) return out.json(answer)
        await out.lines([printable(inWords(answer))])
      })
    })
}

function inWords({
  on,
  since,
  by,
  reason,
}: {
  on: boolean
  since: string | null
  by: string | null
  reason: string | null
}): string {
  if (!on || since === null) return 'not locked down'
  return `locked down since ${momentOf(since, Date.now())} by ${by}${reason === null ? '' : `: ${reason}`}; hyphae lockdown off ends it`
}
