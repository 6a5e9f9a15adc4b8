import type { Answer, ApiPart, MediaType, Operation, Parameter, Schema } from './api-part.ts'

/** The dashboard API for the document of the whole API. */

const tag = { name: 'dashboard', description: "MagicTunnel's dashboard API, in the original's shapes" }

const text: Schema = { type: 'string' }
const count: Schema = { type: 'integer', minimum: 0 }
const texts: Schema = { type: 'array', items: text }
const variables: Schema = { type: ['object', 'null'], additionalProperties: text }
const object = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = Object.keys(properties)): Schema => ({
  type: 'object',
  properties,
  required,
})
const optional = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] })
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })
const json = (schema: Schema): Readonly<Record<string, MediaType>> => ({ 'application/json': { schema } })
const told = (description: string, schema: Schema): Answer => ({ description, content: json(schema) })

const schemas: Readonly<Record<string, Schema>> = {
  DashboardCommand: object(
    {
      command_type: { type: 'string', description: 'make, cargo, shell, binary or npm; everything else counts as shell' },
      command: text,
      args: optional(texts),
      working_dir: optional(text),
      env: variables,
      description: optional(text),
      is_safe: { type: 'boolean', description: 'false: it is refused; true permits nothing that the config does not' },
      timeout_seconds: optional(count),
    },
    ['command_type', 'command', 'is_safe'],
  ),
  DashboardAnswer: object(
    {
      action: text,
      status: { type: 'string', description: 'success, error, supervisor_unavailable, communication_error, …' },
      message: text,
      data: {},
      code: text,
      field: { type: 'string', description: 'what of the request is wrong' },
      rule: { type: 'string', description: 'the rule that refused it' },
      timestamp: text,
    },
    ['status', 'message'],
  ),
  DashboardStatus: object({
    status: text,
    version: text,
    uptime: text,
    total_tools: count,
    memory_usage: text,
    external_mcp: object({ servers_configured: count, servers_active: count }),
    environment: { type: 'object', additionalProperties: text },
  }),
  DashboardServices: object({
    runtime_mode: text,
    total_services: count,
    is_healthy: { type: 'boolean' },
    services: {
      type: 'array',
      items: object({
        name: text,
        status: { enum: ['initializing', 'running', 'warning', 'failed', 'stopping', 'stopped'] },
        message: text,
        category: { enum: ['core', 'advanced'] },
      }),
    },
    categories: object({ core: count, advanced: count }),
  }),
  DashboardMode: object({
    runtime_mode: text,
    mode_description: text,
    available_features: texts,
    hidden_features: texts,
    ui_config: { type: 'object' },
  }),
}

const answer = ref('DashboardAnswer')
/** Of the route itself, or of what stands before every route. */
const either: Schema = { anyOf: [answer, ref('Error')] }
const refusals: Readonly<Record<string, Answer>> = {
  '400': told('Something of the request is wrong', either),
  '401': told('A token is needed, or is not valid', ref('Error')),
  '403': told('It is not permitted; the message says by what', either),
  '500': told('A defect; the log has the details', either),
  '503': told('The fleet starts or ends, or too much is under way', either),
}
const ofBodies: Readonly<Record<string, Answer>> = {
  '404': told('There is no such service', answer),
  '413': told('The body is too large', either),
  '415': told('The body is not application/json', ref('Error')),
}

const reading = (operationId: string, summary: string, schema: Schema): Operation => ({
  operationId,
  summary,
  tags: [tag.name],
  responses: { '200': told('How it is', schema), ...refusals },
  'x-permission': 'fleet.read',
  'x-kind': 'query',
})

interface Acting {
  readonly body?: Schema
  readonly example?: unknown
  readonly needed?: boolean
  readonly parameters?: readonly Parameter[]
  readonly permission?: string
  /** Answers beside those that every route has. */
  readonly more?: Readonly<Record<string, Answer>>
}

const acting = (
  operationId: string,
  summary: string,
  { body, example, needed = false, parameters, permission = 'service.control', more = {} }: Acting = {},
): Operation => ({
  operationId,
  summary,
  tags: [tag.name],
  ...(parameters === undefined ? {} : { parameters }),
  ...(body === undefined
    ? {}
    : { requestBody: { required: needed, content: { 'application/json': { schema: body, example } } } }),
  responses: {
    '200': told('What became of it; `status` is success or error', answer),
    ...refusals,
    ...ofBodies,
    ...more,
  },
  'x-permission': permission,
  'x-kind': 'mutation',
})

const service: Parameter = {
  name: 'name',
  in: 'path',
  required: true,
  schema: text,
  description: 'a service, or a group of them',
}
const echo = { command_type: 'shell', command: 'echo "Restart complete"', is_safe: true }
const commands: Schema = optional({ type: 'array', items: ref('DashboardCommand') })

const aboutService = (verb: string): Readonly<{ post: Operation }> => ({
  post: acting(`dashboard_service_${verb}`, `Has a service ${verb}.`, {
    parameters: [service],
    more: { '500': told('It could not be done', answer) },
  }),
})

export const dashboardPart: ApiPart = {
  tag,
  schemas,
  paths: {
    '/dashboard/api/system/restart': {
      post: acting('dashboard_restart', 'Restarts a service, or the default one.', {
        body: object({ service: optional(text) }, []),
      }),
    },
    '/dashboard/api/system/custom-restart': {
      post: acting('dashboard_custom_restart', 'Restarts a service with commands before and after it.', {
        needed: true,
        body: object(
          {
            service: optional(text),
            pre_commands: commands,
            start_args: optional(texts),
            args: { ...optional(texts), description: 'another name of start_args' },
            post_commands: commands,
            env_vars: variables,
            remember: optional({ type: 'boolean' }),
          },
          [],
        ),
        example: { post_commands: [echo], args: ['--config', 'production.yaml'] },
      }),
    },
    '/dashboard/api/system/execute-command': {
      post: acting('dashboard_execute_command', 'Runs one command that the config permits.', {
        needed: true,
        permission: 'program.run',
        body: object({ command: ref('DashboardCommand'), timeout_seconds: optional(count) }, ['command']),
        example: { command: echo, timeout_seconds: 10 },
      }),
    },
    '/dashboard/api/system/switch-mode': {
      post: acting('dashboard_switch_mode', 'Goes over to another mode.', {
        needed: true,
        permission: 'system.control',
        body: object({ mode: text }),
        example: { mode: 'advanced' },
        more: {
          '400': {
            description: 'There is no such mode, or none was named',
            content: { ...json(either), 'text/plain': { schema: text } },
          },
        },
      }),
    },
    '/dashboard/api/system/status': {
      get: reading('dashboard_system_status', 'The supervisor and its services.', ref('DashboardStatus')),
    },
    '/dashboard/api/status': { get: reading('dashboard_status', 'The basic status.', ref('DashboardStatus')) },
    '/dashboard/api/system/services/status': {
      get: reading('dashboard_services_status', 'The services, with a word for each.', ref('DashboardServices')),
    },
    '/dashboard/api/mode': {
      get: reading('dashboard_mode', 'The mode in force and what a page shows in it.', ref('DashboardMode')),
    },
    '/dashboard/api/services/{name}/restart': aboutService('restart'),
    '/dashboard/api/services/{name}/stop': aboutService('stop'),
    '/dashboard/api/services/{name}/start': aboutService('start'),
    '/dashboard/api/makefile/execute': {
      post: acting('dashboard_makefile_execute', 'Makes a target that the config permits.', {
        needed: true,
        permission: 'program.run',
        body: object({ command: text, env_vars: variables }, ['command']),
        example: { command: 'clean' },
      }),
    },
    '/dashboard/api/banner': { get: reading('dashboard_banner', 'What the fleet does, in one sentence.', { type: 'object' }) },
    '/dashboard/api/banner/stream': {
      get: {
        ...reading('dashboard_banner_stream', 'The banner, each time that it changes.', { type: 'object' }),
        responses: {
          '200': {
            description: 'An event for each banner',
            content: { 'text/event-stream': { schema: text, 'x-item-schema': { type: 'object' } } },
          },
          ...refusals,
        },
        'x-kind': 'stream',
      },
    },
  },
}
