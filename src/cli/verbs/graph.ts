import type { Command } from 'commander'
import process from 'node:process'
import { HyphaeError } from '../../protocol/errors.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { mermaid, type GraphNode } from '../render/graph.ts'
import { configPath } from '../state-folder.ts'
import { err, out } from '../terminal.ts'

interface Options extends Common {
  readonly json?: boolean
}

export function addGraph(program: Command): void {
  program
    .command('graph')
    .description('Draw which service needs which, as mermaid; when nothing runs, from the config')
    .option('--json', 'print what the system answers')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const services = await ofFleet(options).catch((error: unknown) => ofConfig(options, error))
      await (options.json === true ? out.json({ services }) : out.lines(mermaid(services)))
    })
}

const ofFleet = (options: Options): Promise<readonly GraphNode[]> =>
  withClient(options, async (client) => (await client.call('service.graph', {}, queryTime)).services)

/** Only where there is nobody to ask, and a config to read. */
async function ofConfig(options: Options, refusal: unknown): Promise<readonly GraphNode[]> {
  if (!(refusal instanceof HyphaeError) || refusal.code !== 'unavailable') throw refusal
  const path = await configPath(options.config)
  if (path === undefined) throw refusal
  const { loadConfig } = await import('../../config/load.ts')
  const { services } = loadConfig(path, process.env)
  await err.lines(['no orchestrator is running; this is what the config says'])
  return services.map(({ name, dependsOn }) => ({ name, state: null, phase: null, depends_on: dependsOn }))
}
