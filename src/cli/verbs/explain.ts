import type { Command } from 'commander'
import { queryTime, withClient, type Common } from '../connection.ts'
import { explainLines } from '../render/explain.ts'
import { out } from '../terminal.ts'

interface Options extends Common {
  readonly json?: boolean
}

export function addExplain(program: Command): void {
  program
    .command('explain')
    .argument('<service>', 'its name; of instances that of one, such as web-1')
    .description('Tell why a service is in the state it is in')
    .option('--json', 'print what the system answers')
    .action(async (service: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await withClient(options, async (client) => {
        const answer = await client.call('service.explain', { service }, queryTime)
        await (options.json === true ? out.json(answer) : out.lines(explainLines(answer, Date.now(), out.look())))
      })
    })
}
