/**
 * One code per kind of failure, the same on every surface. `status` is the HTTP status, `exit` the CLI's exit code.
 * JSON-RPC answers carry the code in `error.data.code`.
 */
export const errorCodes = {
  invalid_request: { rpc: -32600, status: 400, exit: 2 },
  unknown_command: { rpc: -32601, status: 404, exit: 2 },
  invalid_params: { rpc: -32602, status: 400, exit: 2 },
  parse_error: { rpc: -32700, status: 400, exit: 2 },
  internal: { rpc: -32603, status: 500, exit: 70 },
  unauthorized: { rpc: -32001, status: 401, exit: 77 },
  forbidden: { rpc: -32002, status: 403, exit: 77 },
  not_found: { rpc: -32004, status: 404, exit: 4 },
  not_accepted: { rpc: -32009, status: 409, exit: 5 },
  busy: { rpc: -32010, status: 409, exit: 5 },
  failed: { rpc: -32011, status: 422, exit: 1 },
  timeout: { rpc: -32012, status: 504, exit: 6 },
  too_large: { rpc: -32013, status: 413, exit: 2 },
  overloaded: { rpc: -32014, status: 503, exit: 7 },
  shutting_down: { rpc: -32015, status: 503, exit: 7 },
  unavailable: { rpc: -32016, status: 503, exit: 3 },
  /** It could not be written to the disk, so it is not acknowledged. */
  storage: { rpc: -32017, status: 507, exit: 8 },
} as const

export type ErrorCode = keyof typeof errorCodes

/** A refusal or failure that a caller is told about: a code, what is wrong in words, and which field where there is one. */
export class HyphaeError extends Error {
  static override readonly name = 'HyphaeError'
  readonly code: ErrorCode
  readonly data: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, data: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.name = 'HyphaeError'
    this.code = code
    this.data = data
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** A disk, or somebody's share of it, is full: that may be over later. */
export const isNoRoom = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '')

/** The `code` of a Node system error ("ENOENT"), where it has one. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
