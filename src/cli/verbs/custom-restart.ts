import { Option, type Command } from 'commander'
import type { Client, Output } from '../../client/index.ts'
import { HyphaeError } from '../../protocol/errors.ts'
import { parseArgs, parseCommand, parseVariable } from '../command-words.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { withProgress } from '../progress.ts'
import { printable } from '../render/text.ts'
import { workflowLines } from '../render/workflow.ts'
import { requestIdOf, requestIdOption, type Requested } from '../request-id.ts'
import { out } from '../terminal.ts'
import { followSteps } from '../workflow-steps.ts'

type Typed = ReturnType<typeof parseCommand>

interface Options extends Common, Requested {
  readonly preCommand?: Typed[]
  readonly postCommand?: Typed[]
  readonly args?: string[]
  readonly env?: Readonly<Record<string, string>>
  readonly remember: boolean
  readonly wait: boolean
  readonly json?: boolean
}

const collect = (text: string, before: readonly Typed[] = []): readonly Typed[] => [...before, parseCommand(text)]

export function addCustomRestart(program: Command): void {
  program
    .command('custom-restart')
    .argument('[service]', 'name of the service, or of one instance; else supervisor.default_service, else the first one')
    .description('Restart a service with commands around it, or with other arguments')
    .addOption(new Option('--pre-command <command>', 'run before, for example "make clean"; repeatable').argParser(collect))
    .addOption(
      new Option('--post-command <command>', 'run once it is ready, for example "echo done"; repeatable').argParser(collect),
    )
    .addOption(
      new Option('--args <arguments>', 'in place of the configured ones, in one text: "--config x.yaml"; repeatable').argParser(
        parseArgs,
      ),
    )
    .addOption(new Option('--env <name=value>', 'on top of the configured variables; repeatable').argParser(parseVariable))
    .option('--no-remember', 'the arguments and variables are for this run alone')
    .option('--no-wait', 'return as soon as it is accepted')
    .addOption(requestIdOption())
    .option('--json', 'print what the system answers')
    .action(async (given: string | undefined, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await withClient(options, async (client) => {
        const service = given ?? (await usual(client))
        const steps = await followSteps(client, service)
        const { preCommand, postCommand, args, env, remember, wait } = options
        const work = client.call('service.custom_restart', {
          service,
          ...(preCommand === undefined ? {} : { pre_commands: preCommand }),
          ...(postCommand === undefined ? {} : { post_commands: postCommand }),
          ...(args === undefined ? {} : { args }),
          ...(env === undefined ? {} : { env: { ...env } }),
          remember,
          wait,
          ...requestIdOf(options),
        })
        try {
          const answer = await withProgress(work, () => standing(client, service), steps.lines).finally(steps.stop)
          await (options.json === true ? out.json(answer) : out.lines(workflowLines(answer, out.look())))
        } catch (error) {
          const result = resultIn(error)
          if (options.json !== true && result !== undefined) await out.lines(workflowLines(result, out.look()))
          throw error
        }
      })
    })
}

/** The service that is meant where none is named. */
async function usual(client: Client): Promise<string> {
  const { supervisor } = await client.call('system.status', { services: [] }, queryTime)
  if (supervisor.default_service !== null) return supervisor.default_service
  throw new HyphaeError('invalid_request', 'which service? name one: hyphae custom-restart <service>')
}

/** What its workflow is at, in words: "pre 1 of 2: make clean". */
async function standing(client: Client, service: string): Promise<string> {
  const { operation } = await client.call('service.explain', { service }, queryTime)
  if (operation === null) return `restarting ${printable(service)}`
  const { state, reason } = await client.call('actor.get', { address: `restart.${operation.id}` }, queryTime)
  // What a command is about says in which state it is.
  const step = reason?.startsWith(`${state} `) === true ? reason : state
  return printable(`restarting ${service}: ${step}`)
}

/** A failure carries what was done of it. */
const resultIn = (error: unknown): Output<'service.custom_restart'> | undefined =>
  error instanceof HyphaeError && 'pre_command_results' in error.data
    ? (error.data as unknown as Output<'service.custom_restart'>)
    : undefined
