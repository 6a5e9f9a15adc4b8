import { errorCodes, type ErrorCode } from '../protocol/errors.ts'
import type { Answer } from './api-part.ts'

/** How the document tells failures. */

/** One answer for each status, with the codes that it may have. */
export function failures(codes: readonly ErrorCode[]): Record<string, Answer> {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of new Set(codes)) {
    const { status } = errorCodes[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    Array.from(byStatus, ([status, all]) => [
      String(status),
      { description: all.join(', '), content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
    ]),
  )
}
