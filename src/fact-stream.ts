import type { Directory } from './directory.ts'
import type { Sink } from './protocol/calls.ts'
import type { StreamRequest } from './protocol/command.ts'
import { messageOf } from './protocol/errors.ts'
import type { Fact } from './protocol/facts.ts'
import type { FactQuery } from './protocol/journal.ts'
import { limits } from './protocol/limits.ts'

export interface FactSource {
  readonly directory: Directory
  /** What the journal has, oldest first. */
  facts(query: FactQuery): Promise<readonly Fact[]>
}

export const tooSlow = `it reads too slowly: more than ${limits.streamItems} items were waiting for it`

/**
 * Everything that is kept of what came after one number, up to another, page by page: numbers leave no gaps, so a page is a
 * range of them.
 */
export async function* factsBetween(
  { facts }: Pick<FactSource, 'facts'>,
  { after, upTo, ...query }: Omit<FactQuery, 'limit'> & { readonly after: number; readonly upTo: number },
): AsyncGenerator<readonly Fact[], void> {
  for (let from = after; from < upTo; from += limits.eventsRead) {
    yield await facts({ ...query, after: from, upTo: Math.min(upTo, from + limits.eventsRead), limit: limits.eventsRead })
  }
}

/** What the journal has, then each fact as it is recorded. Its number tells which of them have been told already. */
export function tellFacts(
  source: FactSource,
  { query, resume }: Extract<StreamRequest, { source: 'facts' }>,
  sink: Sink,
): () => void {
  const waiting: Fact[] = []
  let last = 0
  let busy = true
  let over = false
  const about = query.about === undefined ? undefined : new Set(query.about)
  const types = query.types === undefined ? undefined : new Set(query.types)

  const tell = async (batch: readonly Fact[]): Promise<void> => {
    for (const fact of batch) {
      if (fact.seq <= last) continue
      for (let room = sink.room(); room !== undefined; room = sink.room()) await room
      if (over) return
      last = fact.seq
      sink.item(fact)
    }
  }
  const flush = async (): Promise<void> => {
    if (busy) return
    busy = true
    for (let batch = waiting.splice(0); batch.length > 0; batch = waiting.splice(0)) await tell(batch)
    busy = false
  }
  const begun = source.directory.lastFact()
  const stop = source.directory.watch((changes) => {
    for (const change of changes) {
      if (change.type !== 'fact' || about?.has(change.fact.about) === false) continue
      if (types?.has(change.fact.type) === false) continue
      // What was recorded before we began is told from the journal, or not at all.
      if (!resume || change.fact.seq > begun) waiting.push(change.fact)
    }
    if (waiting.length > limits.streamItems) {
      cancel()
      sink.end(tooSlow)
      return
    }
    void flush()
  })
  const cancel = (): void => {
    over = true
    waiting.length = 0
    stop()
  }
  const begin = async (): Promise<void> => {
    const { after = 0 } = query
    // A number that no fact has had yet is of another journal, so all of this one comes after it.
    const range = { ...query, after: after > begun ? 0 : after, upTo: begun }
    if (resume) for await (const page of factsBetween(source, range)) await tell(page)
    else await tell(await source.facts(query))
    busy = false
    await flush()
  }
  begin().catch((error: unknown) => {
    if (over) return
    cancel()
    sink.end(`the journal cannot be read: ${messageOf(error)}`)
  })
  return cancel
}
