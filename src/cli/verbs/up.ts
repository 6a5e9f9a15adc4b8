import type { Command } from 'commander'
import type { Common } from '../connection.ts'

export function addUp(program: Command): void {
  program
    .command('up')
    .description('Run the fleet in the foreground; Ctrl-C stops it, a second one kills what still stops')
    .action(async (_: Common, command: Command) => {
      // Before anything opens descriptors of its own.
      const { closeInheritedDescriptors } = await import('../../actors/descriptors.ts')
      closeInheritedDescriptors()
      const { up } = await import('../up/run.ts')
      await up(command.optsWithGlobals<Common>().config)
    })
}
