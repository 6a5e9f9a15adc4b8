import type { Command } from 'commander'
import type { Client, Output } from '../../client/index.ts'
import { HyphaeError } from '../../protocol/errors.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { withProgress } from '../progress.ts'
import { resultLines } from '../render/results.ts'
import { printable } from '../render/text.ts'
import { requestIdOf, requestIdOption, type Requested } from '../request-id.ts'
import { out } from '../terminal.ts'

interface Options extends Common, Requested {
  readonly all?: boolean
  readonly atOnce?: boolean
  readonly wait: boolean
  readonly json?: boolean
}

type Verb = 'start' | 'stop' | 'restart'
type Result = Output<'service.start'>['results'][number]

export const addStart = (program: Command): void => add(program, 'start', 'Start services and what they depend on')
export const addStop = (program: Command): void => add(program, 'stop', 'Stop services')
export const addRestart = (program: Command): void => add(program, 'restart', 'Stop services and start them again')

function add(program: Command, verb: Verb, summary: string): void {
  const command = program
    .command(verb)
    .argument('[service...]', 'names of services, of one with instances, or of groups; or all')
    .description(summary)
    .option('--all', 'every service')
    .option('--no-wait', 'return as soon as it is accepted')
  if (verb === 'restart') command.option('--at-once', 'the instances of a service together, instead of one after the other')
  command
    .addOption(requestIdOption())
    .option('--json', 'print what the system answers')
    .action(async (given: string[], _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await withClient(options, async (client) => {
        const services = await named(client, verb, given, options.all === true)
        const input = { services, wait: options.wait, ...requestIdOf(options) }
        const work =
          verb === 'restart'
            ? client.call('service.restart', { ...input, at_once: options.atOnce === true })
            : client.call(`service.${verb}`, input)
        try {
          const answer = await withProgress(work, () => standing(client, verb, services))
          await (options.json === true ? out.json(answer) : out.lines(resultLines(answer.results, out.look())))
        } catch (error) {
          if (options.json !== true) await out.lines(resultLines(resultsIn(error), out.look()))
          throw error
        }
      })
    })
}

async function named(client: Client, verb: Verb, given: readonly string[], all: boolean): Promise<string[]> {
  if (!all && given.length === 0) {
    throw new HyphaeError('invalid_request', `which service? name one or more, or all: hyphae ${verb} <service…>`)
  }
  if (!all && !(given.length === 1 && given[0] === 'all')) return [...given]
  const { services } = await client.call('system.status', {}, queryTime)
  const names = Object.keys(services)
  if (names.length === 0) throw new HyphaeError('not_found', 'there are no services')
  return names
}

const doing = { start: 'starting', stop: 'stopping', restart: 'restarting' } as const

/** What is still under way, in words: the state and reason of the first, and how many more there are. */
async function standing(client: Client, verb: Verb, services: string[]): Promise<string> {
  const { services: now } = await client.call('system.status', { services }, queryTime)
  const unfinished = Object.entries(now).filter(([, { status }]) => !finished[verb].includes(status))
  const [first, ...others] = unfinished.length > 0 ? unfinished : Object.entries(now)
  if (first === undefined) return doing[verb]
  const [name, { state, reason }] = first
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return printable(`${doing[verb]} ${name}: ${state}${reason === null ? '' : `, ${reason}`}${more}`)
}

const finished: Readonly<Record<Verb, readonly string[]>> = {
  start: ['running', 'completed'],
  stop: ['stopped', 'completed', 'failed', 'removed'],
  restart: ['running', 'completed'],
}

/** A failure of some carries what became of each. */
const resultsIn = (error: unknown): Result[] => {
  const results = error instanceof HyphaeError ? error.data['results'] : undefined
  return Array.isArray(results) ? (results as Result[]) : []
}
