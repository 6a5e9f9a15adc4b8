export * from './common.ts'
export { connect, type ConnectOptions } from './node.ts'
