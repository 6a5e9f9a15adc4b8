import { CommanderError, type Command } from 'commander'
import { messageOf } from '../../protocol/errors.ts'
import { printable } from '../render/text.ts'
import { err, out } from '../terminal.ts'
import { customRestart, health, restart, status, stop, type CustomRestart } from './questions.ts'
import { askSupervisor, type Place } from './wire.ts'

/** Asks, and shows the answer as MagicTunnel's tools do; what the supervisor did not do is a failure. */
export async function ask(question: string, place: Place): Promise<void> {
  const answer = await askSupervisor(question, place)
  await out.lines([`Response: ${JSON.stringify(answer, null, 2)}`])
  if (!answer.success) throw new Refused()
}

/** It has been shown already. */
class Refused extends Error {}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** The verbs that both tools have. `named`: may a service be named? */
export function addQuestions(program: Command, named: boolean): void {
  const place = (command: Command): Place => command.optsWithGlobals<Place>()
  const about = (verb: string, description: string): Command => {
    const command = program.command(verb).description(description)
    return named ? command.argument('[service]', 'its name; without one the default service') : command
  }
  program
    .command('status')
    .description('show how the service is')
    .action((_: object, command: Command) => ask(status, place(command)))
  about('restart', 'restart a service').action((...given: unknown[]) => {
    const command = given.at(-1) as Command
    return ask(restart(command.args[0]), place(command))
  })
  about('stop', 'stop a service').action((...given: unknown[]) => {
    const command = given.at(-1) as Command
    return ask(stop(command.args[0]), place(command))
  })
  program
    .command('health')
    .description('tell whether the service is healthy')
    .action((_: object, command: Command) => ask(health, place(command)))
  program
    .command('custom-restart')
    .description('restart the service with commands before and after; each option can be repeated')
    .option('--pre-command <command>', 'before, for example "make clean"; the first word is its type', collect)
    .option('--post-command <command>', 'after, for example "echo done"', collect)
    .option('--args <words>', 'what the service is started with from now on', collect)
    .action((options: CustomRestart, command: Command) => ask(customRestart(options), place(command)))
}

/** Where the supervisor is asked. */
export const withPlace = (command: Command): Command =>
  command
    .option('--port <n>', 'its TCP port; else SUPERVISOR_PORT, else 8081')
    .option('--host <address>', 'its address; else SUPERVISOR_HOST')
    .option('--tls', 'it speaks TLS')
    .option('--ca <file>', 'whom its certificate may be of, PEM; with it --tls is not needed')

/** Answers the exit code. `otherwise` may tell of a failure in its own way. */
export async function runTool(
  program: Command,
  args: readonly string[],
  otherwise?: (error: unknown) => Promise<number> | undefined,
): Promise<number> {
  try {
    await program.parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof Refused) return 1
    if (error instanceof CommanderError && (error.exitCode === 0 || error.code === 'commander.help')) return error.exitCode
    const told = error instanceof CommanderError ? undefined : otherwise?.(error)
    if (told !== undefined) return told
    await err.lines([
      `Error: ${printable(
        messageOf(error)
          .replace(/^error: /, '')
          .replaceAll('\n', ' '),
      )}`,
    ])
    return 1
  }
}
