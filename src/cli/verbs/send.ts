import type { Command } from 'commander'
import { HyphaeError, messageOf } from '../../protocol/errors.ts'
import { isRecord, parseJson } from '../../protocol/json.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { printable } from '../render/text.ts'
import { requestIdOf, requestIdOption, type Requested } from '../request-id.ts'
import { out } from '../terminal.ts'

interface Options extends Common, Requested {
  readonly json?: boolean
}

export function addSend(program: Command): void {
  program
    .command('send')
    .argument('<actor>', 'its address, for example service.web')
    .argument('<event>', 'type of the event, for example RESTART')
    .argument('[fields]', 'further fields of the event, as a JSON object')
    .description('Send an actor an event')
    .addOption(requestIdOption())
    .option('--json', 'print what the system answers')
    .action(async (to: string, type: string, fields: string | undefined, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const event = { ...fieldsOf(fields), type }
      await withClient(options, async (client) => {
        const answer = await client.call('actor.send', { to, event, ...requestIdOf(options) }, queryTime)
        if (options.json === true) return out.json(answer)
        const { actor, sent } = answer
        const because = actor.reason === null ? '' : `: ${actor.reason}`
        await out.lines([printable(`${actor.address} took ${sent} and is ${actor.state}${because}`)])
      })
    })
}

function fieldsOf(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {}
  let fields: unknown
  try {
    fields = parseJson(text)
  } catch (error) {
    throw new HyphaeError('invalid_params', `fields: ${messageOf(error)}`, { field: 'fields' })
  }
  if (!isRecord(fields)) throw new HyphaeError('invalid_params', 'fields: expected a JSON object', { field: 'fields' })
  return fields
}
