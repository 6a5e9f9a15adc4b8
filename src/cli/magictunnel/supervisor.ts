import { Command } from 'commander'
import process from 'node:process'
import type { Flags } from '../../config/load.ts'
import { version } from '../../version.ts'
import { fail } from '../failure.ts'
import { flagsOf, withFlags } from '../up/flags.ts'
import { addQuestions, ask, runTool } from './asking.ts'
import { ownConfig } from './own-config.ts'
import { executeMake } from './questions.ts'
import type { Place } from './wire.ts'

/** `magictunnel-supervisor`: `hyphae up` under the name and with the flags of MagicTunnel's supervisor. */

interface Options extends Flags {
  readonly config?: string
}

let serving = false

const program = withFlags(new Command('magictunnel-supervisor'))
  .description('Runs the services of a config, as hyphae up does; `client` asks a running one.')
  .version(version, '-V, --version')
  .option('-c, --config <file>', 'the config; else MAGICTUNNEL_CONFIG; else hyphae.yaml, hyphae.yml or config.yaml here')
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .allowExcessArguments(false)
  .action(async ({ config, ...flags }: Options) => {
    serving = true
    // Before anything opens descriptors of its own.
    const { closeInheritedDescriptors } = await import('../../actors/descriptors.ts')
    closeInheritedDescriptors()
    const { readConfig } = await import('../up/config.ts')
    const loaded = await readConfig(config ?? ownConfig(process.cwd(), process.env['MAGICTUNNEL_CONFIG']), flagsOf(flags))
    const { up } = await import('../up/run.ts')
    await up(loaded, { watch: false })
  })

const client = program
  .command('client')
  .description('ask a running supervisor over its TCP port')
  .configureHelp({ showGlobalOptions: true })
addQuestions(client, false)
client
  .command('execute-make')
  .argument('<target>', 'what make is to make')
  .description('run a target of make')
  .action((target: string, _: object, command: Command) => ask(executeMake(target), command.optsWithGlobals<Place>()))

process.exitCode = await runTool(program, process.argv.slice(2), (error) => (serving ? fail(error, false) : undefined))
