import { isRecord } from '../../protocol/json.ts'

/** JSON with the keys of every object in their order, as `safe-stable-stringify` writes it. */
export const stableJson = (value: unknown): string => JSON.stringify(value, sorted)

const sorted = (_: string, value: unknown): unknown =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value
