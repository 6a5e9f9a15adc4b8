import { errorCodes } from '../protocol/errors.ts'
import type { ExchangeKind } from '../transports/site.ts'
import { only, type RouteFamily } from './routes.ts'

/** JSON-RPC in one request and one answer; its WebSocket is the transport's. */

const rpc: ExchangeKind = {
  dialect: 'jsonrpc-exchange',
  contentType: 'application/json',
  failure: (code, message) =>
    JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: errorCodes[code].rpc, message, data: { code } } }),
}

export const rpcRoutes: RouteFamily = {
  bodies: ['/rpc'],
  add(app) {
    app.post('/rpc', ({ env }) => env.exchange(rpc))
    only(app, '/rpc', 'POST')
  },
}
