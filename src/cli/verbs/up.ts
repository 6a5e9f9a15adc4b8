import type { Command } from 'commander'
import { HyphaeError } from '../../protocol/errors.ts'
import type { Flags } from '../../config/load.ts'
import { refuseUrl, type Common } from '../connection.ts'
import { flagsOf, withFlags } from '../up/flags.ts'

interface Options extends Common, Flags {
  readonly detach?: boolean
  readonly watch?: boolean
  readonly json?: boolean
}

export function addUp(program: Command): void {
  withFlags(program.command('up'))
    .description('Run the fleet in the foreground; Ctrl-C stops it, a second one kills what still stops')
    .option('-d, --detach', 'in the background; returns once the orchestrator runs')
    .option('--watch', 'reload whenever the config file, or an env file, changes')
    .option('--json', 'with --detach: print what the system answers to status')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const { config, detach: inBackground = false, watch = false, json = false, ...flags } = options
      refuseUrl('up', options)
      if (json && !inBackground) throw new HyphaeError('invalid_request', '--json goes with --detach: hyphae up -d --json')
      // Before anything opens descriptors of its own.
      const { closeInheritedDescriptors } = await import('../../actors/descriptors.ts')
      closeInheritedDescriptors()
      const { readConfig } = await import('../up/config.ts')
      const loaded = await readConfig(config, flagsOf(flags))
      if (inBackground) {
        const { detach } = await import('../up/detach.ts')
        return detach(loaded, { json, watch })
      }
      const { up } = await import('../up/run.ts')
      await up(loaded, { watch })
    })
}
