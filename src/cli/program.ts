import { Command, CommanderError } from 'commander'
import { HyphaeError } from '../protocol/errors.ts'
import { version } from '../version.ts'
import { tied } from './command-words.ts'
import { fail } from './failure.ts'
import { addActors } from './verbs/actors.ts'
import { addComplete, addCompletion } from './verbs/completion.ts'
import { addCustomRestart } from './verbs/custom-restart.ts'
import { addDoctor } from './verbs/doctor.ts'
import { addDown } from './verbs/down.ts'
import { addEvents } from './verbs/events.ts'
import { addExplain } from './verbs/explain.ts'
import { addGraph } from './verbs/graph.ts'
import { addId } from './verbs/id.ts'
import { addInit } from './verbs/init.ts'
import { addInspect } from './verbs/inspect.ts'
import { addLeave } from './verbs/leave.ts'
import { addLockdown } from './verbs/lockdown.ts'
import { addLogs } from './verbs/logs.ts'
import { addMode } from './verbs/mode.ts'
import { addReload } from './verbs/reload.ts'
import { addSend } from './verbs/send.ts'
import { addRestart, addStart, addStop } from './verbs/service.ts'
import { addStatus } from './verbs/status.ts'
import { addTop } from './verbs/top.ts'
import { addUp } from './verbs/up.ts'
import { addValidate } from './verbs/validate.ts'

const after = `
Exit codes:
  0  done                          5  not accepted now, busy, already running
  1  it failed                     6  it took too long
  2  bad usage, input or config    7  overloaded or shutting down
  3  no orchestrator is running    8  the state folder cannot be written
  4  no such service or actor      70 a defect of Hyphae's own
                                   77 not permitted

Examples:
  hyphae init                      write a hyphae.yaml for what this folder has
  hyphae up -c hyphae.yaml         run the fleet here; Ctrl-C stops it; -d: in the background
  hyphae restart web               restart a service and wait until it is ready
  hyphae send service.web RESTART  the same as an event to its actor
`

/** By heading, in the order of the help text. */
const groups: ReadonlyArray<readonly [heading: string, verbs: ReadonlyArray<(program: Command) => void>]> = [
  ['A fleet:', [addInit, addValidate, addUp, addDown, addLeave, addReload, addMode, addLockdown]],
  ['Its services:', [addStart, addStop, addRestart, addCustomRestart, addSend]],
  ['What goes on:', [addStatus, addTop, addInspect, addExplain, addLogs, addEvents, addActors, addGraph]],
  ['Further:', [addDoctor, addId, addCompletion, addComplete]],
]

function programOf(): Command {
  const program = new Command('hyphae')
    .description('Runs a fleet of programs as actors that can be watched and driven.')
    .version(version, '-V, --version')
    .option('-c, --config <file>', 'the config; else MAGICTUNNEL_CONFIG, hyphae.yaml or hyphae.yml here')
    .option('--url <url>', 'an orchestrator elsewhere, by its http listener; else HYPHAE_URL, else the one of the config')
    .option('--token <token>', 'what that one wants; better in HYPHAE_TOKEN: a command line is shown to everybody by ps')
    .option('--ca <file>', 'whom its certificate may be of, PEM; else HYPHAE_CA, else those that Node knows')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', after)
    .exitOverride()
    // What is wrong is told in one place, below.
    .configureOutput({ outputError: () => {} })
  for (const [heading, verbs] of groups) {
    program.commandsGroup(heading)
    for (const add of verbs) add(program)
  }
  program.helpCommand(true)
  return program
}

/** Runs one command line; answers the exit code. */
export async function run(given: readonly string[]): Promise<number> {
  const args = tied(given)
  const program = programOf()
  const verbs = new Set(program.commands.map((command) => command.name()))
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    const json = args.includes('--json')
    const verb = args.find((word) => verbs.has(word))
    if (!(error instanceof CommanderError)) return fail(error, json, verb)
    if (error.exitCode === 0) return 0
    // Help that nobody asked for has been shown already: no verb was given.
    if (error.code === 'commander.help') return 2
    return fail(new HyphaeError('invalid_request', error.message.replace(/^error: /, '').replaceAll('\n', ' ')), json, verb)
  }
}
