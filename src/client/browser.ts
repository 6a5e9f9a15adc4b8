/** The client for browsers: whatever it loads is here, and none of it is Node's. */

export * from './common.ts'
export { connectOver as connect, type NetworkOptions as ConnectOptions } from './network.ts'
