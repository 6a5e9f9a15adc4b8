export { HyphaeError, errorCodes, type ErrorCode } from './protocol/errors.ts'
