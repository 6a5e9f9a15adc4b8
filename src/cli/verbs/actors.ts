import { Option, type Command } from 'commander'
import { kinds } from '../../protocol/ids.ts'
import { phases, type Phase } from '../../protocol/lifecycle.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { actorsTable } from '../render/actors.ts'
import { out } from '../terminal.ts'

interface Options extends Common {
  readonly kind?: string
  readonly phase?: Phase
  readonly json?: boolean
}

export function addActors(program: Command): void {
  program
    .command('actors')
    .description('List the live actors')
    .addOption(new Option('--kind <kind>', 'only this kind').choices(kinds))
    .addOption(new Option('--phase <phase>', 'only this phase').choices(phases))
    .option('--json', 'print what the system answers')
    .action(async (_: Options, command: Command) => {
      const { json, kind, phase, ...common } = command.optsWithGlobals<Options>()
      await withClient(common, async (client) => {
        const filter = { ...(kind === undefined ? {} : { kind }), ...(phase === undefined ? {} : { phase }) }
        const answer = await client.call('actor.list', filter, queryTime)
        await (json === true ? out.json(answer) : out.lines(actorsTable(answer.actors, Date.now(), out.look())))
      })
    })
}
