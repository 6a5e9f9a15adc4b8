import type { ActorRow } from '../../../src/protocol/inspection.ts'

/** `service.web`, or for a part of it `process.web › probe`. */
export function nameIn(rowOf: (id: string) => ActorRow | undefined, actor: string): string {
  const parts: string[] = []
  let id: string | undefined = actor
  while (id !== undefined && parts.length < 16) {
    const row = rowOf(id)
    if (row === undefined) {
      parts.unshift(id)
      break
    }
    if (row.address !== undefined) {
      parts.unshift(row.address)
      break
    }
    parts.unshift(row.name ?? row.id)
    id = row.parent
  }
  return parts.join(' › ')
}
