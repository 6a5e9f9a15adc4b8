import type { Command } from 'commander'
import process from 'node:process'
import { HyphaeError } from '../../protocol/errors.ts'
import { namesOfSeveral, type Several } from '../../protocol/several.ts'
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
      const graph = await ofFleet(options).catch((error: unknown) => ofConfig(options, error))
      await (options.json === true ? out.json(graph) : out.lines(mermaid(graph.services)))
    })
}

interface Graph {
  readonly services: readonly GraphNode[]
  readonly several: readonly Several[]
}

const ofFleet = (options: Options): Promise<Graph> => withClient(options, (client) => client.call('service.graph', {}, queryTime))

/** Only where there is nobody to ask, and a config to read. */
async function ofConfig(options: Options, refusal: unknown): Promise<Graph> {
  if (!(refusal instanceof HyphaeError) || refusal.code !== 'unavailable') throw refusal
  const path = await configPath(options.config)
  if (path === undefined) throw refusal
  const { loadConfig } = await import('../../config/load.ts')
  const { services, groups } = loadConfig(path, process.env)
  await err.lines(['no orchestrator is running; this is what the config says'])
  return {
    services: services.map(({ name, dependsOn }) => ({ name, state: null, phase: null, depends_on: dependsOn })),
    several: namesOfSeveral(
      services,
      groups.map(({ name, services: members }) => ({ name, members })),
    ),
  }
}
