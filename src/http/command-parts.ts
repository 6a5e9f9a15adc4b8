import { apiPathOf, apiStatusPath, type JsonSchema } from '../protocol/api.ts'
import type { Command } from '../protocol/command.ts'
import type { ErrorCode } from '../protocol/errors.ts'
import { fleetMetrics } from '../protocol/fleet-metrics.ts'
import type { ApiPart, MediaType, Method, Operation, Parameter, Schema } from './api-part.ts'
import { definitionsOf, example, propertiesOf, requiredOf, shownInput, shownOutput } from './command-schema.ts'
import { failures } from './failures.ts'

/** What the document of the API says of commands: everything of it out of the registry. */

/** What any request may hear, whatever it asks for. */
const common: readonly ErrorCode[] = [
  'invalid_request',
  'invalid_params',
  'unauthorized',
  'forbidden',
  'overloaded',
  'shutting_down',
  'unavailable',
  'internal',
]
const ofBodies: readonly ErrorCode[] = ['parse_error', 'too_large']
const ofMutations: readonly ErrorCode[] = ['timeout', 'storage']

const json = (schema: Schema): Readonly<Record<string, MediaType>> => ({ 'application/json': { schema } })

const described = ({ description }: JsonSchema) => (description === undefined ? {} : { description })

/** The input as names in a query string. */
function parametersOf(input: Schema): Parameter[] {
  const required = requiredOf(input)
  const parameterOf = (name: string, property: JsonSchema): Parameter => {
    const schema: Schema = property
    const shape = property.type === 'object' ? { content: json(schema) } : { schema }
    return { name, in: 'query', ...described(property), required: required.has(name), ...shape }
  }
  return propertiesOf(input).map(([name, property]) => parameterOf(name, property))
}

const bodyOf = (input: Schema) => ({
  required: requiredOf(input).size > 0,
  content: { 'application/json': { schema: input, example: example(input) } },
})

const text = { type: 'string' } as const
const prefer: Parameter = {
  name: 'Prefer',
  in: 'header',
  description: '`respond-async` is `wait: false`; `wait=10` is `wait: 10000`',
  schema: { ...text, examples: ['respond-async'] },
}
const key: Parameter = { name: 'Idempotency-Key', in: 'header', description: 'is `request_id`', schema: text }
const lastEvent: Parameter = {
  name: 'Last-Event-ID',
  in: 'header',
  description: 'the `id` of the last event that was heard: it goes on after it',
  schema: text,
}
const place = { location: { description: 'the workflow that does it, where there is one', schema: text } }

function operationsOf(command: Command): Readonly<Partial<Record<Method, Operation>>> {
  const { name, kind, summary, permission, errors } = command
  const input = shownInput(command)
  const output = shownOutput(command.output)
  const usual = { summary, tags: [name.split('.')[0] ?? name], 'x-permission': permission, 'x-kind': kind }
  const done = { description: 'done', content: json(output) }
  switch (kind) {
    case 'query':
      return {
        get: {
          operationId: name,
          ...usual,
          parameters: parametersOf(input),
          responses: { '200': { ...done, description: 'the answer' }, ...failures([...common, ...errors]) },
        },
        post: {
          operationId: `${name}.post`,
          ...usual,
          requestBody: bodyOf(input),
          responses: { '200': { ...done, description: 'the answer' }, ...failures([...common, ...ofBodies, ...errors]) },
        },
      }
    case 'mutation':
      return {
        post: {
          operationId: name,
          ...usual,
          parameters: [prefer, key],
          requestBody: bodyOf(input),
          responses: {
            '200': done,
            '202': { description: 'accepted, and not done yet', headers: place, content: json(output) },
            ...failures([...common, ...ofBodies, ...ofMutations, ...errors]),
          },
        },
      }
    case 'stream': {
      const events =
        'Server-Sent Events: the data of each is one item, as `x-item-schema` describes it; an event `end` says why it ends'
      return {
        get: {
          operationId: name,
          ...usual,
          parameters: [...parametersOf(input), ...(command.resumable === undefined ? [] : [lastEvent])],
          responses: {
            '200': { description: events, content: { 'text/event-stream': { schema: text, 'x-item-schema': output } } },
            ...failures([...common, ...errors]),
          },
        },
      }
    }
  }
}

const status: Operation = {
  operationId: 'status',
  summary: 'The supervisor and its services in figures.',
  tags: ['status'],
  responses: {
    '200': { description: 'the answer', content: json(shownOutput(fleetMetrics)) },
    ...failures(common),
  },
  'x-permission': 'fleet.read',
  'x-kind': 'query',
}

/** One part for each noun, in the order of the registry. */
export function commandParts(registry: ReadonlyMap<string, Command>): ApiPart[] {
  const nouns = new Map<string, Command[]>()
  for (const command of registry.values()) {
    const noun = command.name.split('.')[0] ?? command.name
    nouns.set(noun, [...(nouns.get(noun) ?? []), command])
  }
  const ofNouns = Array.from(nouns, ([noun, commands]) => ({
    tag: { name: noun, description: `Commands \`${noun}.…\`` },
    paths: Object.fromEntries(commands.map((command) => [apiPathOf(command.name), operationsOf(command)])),
    schemas: definitionsOf(commands.map(({ output }) => output)),
  }))
  return [
    ...ofNouns,
    { tag: { name: 'status', description: 'Beside the commands' }, paths: { [apiStatusPath]: { get: status } } },
  ]
}
