import type { Command } from 'commander'
import type { Client } from '../../client/index.ts'
import { isElsewhere, queryTime, withClient, type Common } from '../connection.ts'
import { untilEnded } from '../ending.ts'
import { withProgress } from '../progress.ts'
import { countOf } from '../render/text.ts'
import { out } from '../terminal.ts'

interface Options extends Common {
  readonly json?: boolean
}

export function addDown(program: Command): void {
  program
    .command('down')
    .description('Stop every service, then the orchestrator')
    .option('--json', 'print what the system answers')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await withClient(options, async (client) => {
        const { supervisor, services } = await client.call('system.status', {}, queryTime)
        const work = untilEnded(client, supervisor.pid, isElsewhere(options), () => client.call('system.shutdown'))
        const answer = await withProgress(work, () => remaining(client))
        const { pid, stopped } = answer ?? { pid: supervisor.pid, stopped: Object.keys(services) }
        if (options.json === true) return out.json({ pid, stopped })
        await out.lines([`stopped ${countOf(stopped.length, 'service')} and the orchestrator (pid ${pid})`])
      })
    })
}

async function remaining(client: Client): Promise<string> {
  const { services } = await client.call('system.status', {}, queryTime)
  const left = Object.entries(services).filter(([, { phase }]) => phase !== 'reaped')
  if (left.length === 0) return 'stopping the orchestrator'
  const shown = left.slice(0, 3).map(([name, { state }]) => `${name} (${state})`)
  return `stopping ${shown.join(', ')}${left.length > shown.length ? ` and ${left.length - shown.length} more` : ''}`
}
