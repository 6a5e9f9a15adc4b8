import type { ServiceRecord } from '../protocol/record.ts'

/** Why it is started although nobody asks for it now. */
export function resumed(record: ServiceRecord, boot: string, changed: boolean): string {
  if (record.boot !== boot) return 'started again: the machine was started anew'
  if (changed) return 'started again: its config changed'
  const { leader, because, generation, readyGeneration } = record
  if (leader !== null || because === null) return 'started again: it had ended unseen'
  // Of a start that was asked for it is the reason still; otherwise it tells why it waited, and it waits no more.
  return readyGeneration < generation || because.startsWith('started again') ? because : `started again; before: ${because}`
}
