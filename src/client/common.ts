/** What the client is everywhere: in Node and in browsers. */

export type { CallOptions, Client, ClientOptions, StreamOptions } from './client.ts'
export type { Followed } from './follow.ts'
export type { Items } from './items.ts'
export type { NetworkOptions } from './network.ts'
export type { ServiceHandle, ServiceOptions } from './service.ts'
export type { CallName, Input, Output, StreamName } from './types.ts'
export { HyphaeError, errorCodes, type ErrorCode } from '../protocol/errors.ts'
