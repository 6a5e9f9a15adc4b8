import { Argument, type Command } from 'commander'
import { out } from '../terminal.ts'

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'which one').choices(['bash', 'zsh', 'fish']))
    .description('Print a script that completes command lines; for bash: source <(hyphae completion bash)')
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { scripts } = await import('../completion/scripts.ts')
      await out.lines([scripts[shell]])
    })
}

/** What the scripts ask. Somebody is typing: where nothing can be told it says nothing. */
export function addComplete(program: Command): void {
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      const { completions } = await import('../completion/candidates.ts')
      await out.lines(await completions(program, words).catch(() => []))
    })
}
