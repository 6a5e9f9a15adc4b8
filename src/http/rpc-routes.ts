import { errorCodes } from '../protocol/errors.ts'
import type { ExchangeKind } from '../transports/site.ts'
import type { ApiPart } from './api-part.ts'
import { failures } from './failures.ts'
import { only, type RouteFamily } from './routes.ts'

/** JSON-RPC in one request and one answer; its WebSocket is the transport's. */

const rpc: ExchangeKind = {
  dialect: 'jsonrpc-exchange',
  contentType: 'application/json',
  failure: (code, message) =>
    JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: errorCodes[code].rpc, message, data: { code } } }),
}

const version = { type: 'string', const: '2.0' }
const id = { type: ['string', 'number', 'null'] }
const request = {
  type: 'object',
  required: ['jsonrpc', 'method'],
  properties: { jsonrpc: version, id, method: { type: 'string', examples: ['system.status'] }, params: { type: 'object' } },
}
const failed = {
  type: 'object',
  required: ['code', 'message'],
  properties: { code: { type: 'integer' }, message: { type: 'string' }, data: { type: 'object' } },
}
const answer = {
  type: 'object',
  required: ['jsonrpc', 'id'],
  properties: { jsonrpc: version, id, result: {}, error: failed },
}
const several = (schema: object) => ({ anyOf: [schema, { type: 'array', items: schema }] })

const part: ApiPart = {
  tag: { name: 'rpc', description: 'JSON-RPC 2.0; the same path takes WebSockets, which carry streams' },
  paths: {
    '/rpc': {
      post: {
        operationId: 'rpc',
        summary: 'One JSON-RPC request or batch.',
        tags: ['rpc'],
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: several(request), example: { jsonrpc: '2.0', id: 1, method: 'system.status' } },
          },
        },
        responses: {
          '200': {
            description: 'the answer, or an error as JSON-RPC has them',
            content: { 'application/json': { schema: several(answer) } },
          },
          '204': { description: 'there were only notifications' },
          ...failures([
            'invalid_request',
            'unauthorized',
            'forbidden',
            'too_large',
            'overloaded',
            'shutting_down',
            'unavailable',
          ]),
        },
      },
    },
  },
}

export const rpcRoutes: RouteFamily = {
  bodies: ['/rpc'],
  part,
  add(app) {
    app.post('/rpc', ({ env }) => env.exchange(rpc))
    only(app, '/rpc', 'POST')
  },
}
