import type { Directory } from './directory.ts'
import { follow } from './actors/log-follow.ts'
import { tailTo } from './actors/log-tail.ts'
import type { LogLine } from './actors/log-lines.ts'
import type { Sink } from './protocol/calls.ts'
import type { StreamRequest } from './protocol/command.ts'
import { messageOf } from './protocol/errors.ts'
import type { Fact } from './protocol/facts.ts'
import type { Address } from './protocol/ids.ts'
import type { FactQuery } from './protocol/journal.ts'
import { limits } from './protocol/limits.ts'
import type { LogItem, WatchItem } from './protocol/status.ts'

/** The sources of streams. Each asks its sink for room before it writes, and holds a bounded amount meanwhile. */

export interface StreamParts {
  readonly directory: Directory
  logPath(service: string): string
  /** What the journal has, oldest first. */
  facts(query: FactQuery): Promise<readonly Fact[]>
}

export function createStreams(parts: StreamParts) {
  return function open(request: StreamRequest, sink: Sink): () => void {
    switch (request.source) {
      case 'actors':
        return actors(parts.directory, request, sink)
      case 'facts':
        return facts(request.query, sink, parts)
      case 'logs':
        return logs(request, sink, parts)
    }
  }
}

const tooSlow = `it reads too slowly: more than ${limits.streamItems} items were waiting for it`

/** What the journal has, then each fact as it is recorded. Its number tells which of them have been told already. */
function facts(query: FactQuery, sink: Sink, { directory, facts: read }: StreamParts): () => void {
  const waiting: Fact[] = []
  let last = 0
  let busy = true
  let over = false
  const about = query.about === undefined ? undefined : new Set(query.about)

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
  const stop = directory.watch((changes) => {
    for (const change of changes) {
      if (change.type === 'fact' && about?.has(change.fact.about) !== false) waiting.push(change.fact)
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
    await tell(await read(query))
    busy = false
    await flush()
  }
  begin().catch((error: unknown) => sink.end(`the journal cannot be read: ${messageOf(error)}`))
  return cancel
}

/** Every actor now, then its newest state whenever there is room; facts are never left out. */
function actors(directory: Directory, { filter, facts }: Extract<StreamRequest, { source: 'actors' }>, sink: Sink): () => void {
  const matches = (address: Address): boolean =>
    filter === null || address === filter || (filter.endsWith('.') && address.startsWith(filter))
  /** By address, so that of many changes only the newest is told. A fact has a key of its own. */
  const waiting = new Map<
    string,
    | { readonly type: 'snapshot' | 'changed' | 'reaped'; readonly address: Address }
    | { readonly type: 'fact'; readonly fact: Fact }
  >()
  let busy = false
  let over = false

  const itemOf = (key: string): WatchItem | undefined => {
    const next = waiting.get(key)
    waiting.delete(key)
    if (next === undefined) return undefined
    if (next.type === 'fact') return next
    const actor = directory.actor(next.address)
    return actor === undefined ? undefined : { type: next.type, actor }
  }
  const flush = async (): Promise<void> => {
    if (busy) return
    busy = true
    for (let key = waiting.keys().next().value; key !== undefined; key = waiting.keys().next().value) {
      for (let room = sink.room(); room !== undefined; room = sink.room()) await room
      if (over) break
      const item = itemOf(key)
      if (item !== undefined) sink.item(item)
    }
    busy = false
  }
  const stop = directory.watch((changes) => {
    for (const change of changes) {
      if (change.type === 'fact') {
        if (facts && matches(change.fact.about)) waiting.set(`fact ${change.fact.seq}`, change)
      } else if (matches(change.address)) {
        // One that has gone comes after what came before it, so its place in line is new.
        if (change.type === 'reaped') waiting.delete(change.address)
        waiting.set(change.address, change)
      }
    }
    if (waiting.size > limits.streamItems) {
      cancel()
      sink.end(tooSlow)
      return
    }
    void flush()
  })
  const cancel = (): void => {
    over = true
    waiting.clear()
    stop()
  }
  for (const { address } of directory.actors()) if (matches(address)) waiting.set(address, { type: 'snapshot', address })
  void flush()
  return cancel
}

/** The last lines of each log, then what is appended. While there is no room nothing is read: the file waits. */
function logs(
  { services, lines }: Extract<StreamRequest, { source: 'logs' }>,
  sink: Sink,
  { logPath }: Pick<StreamParts, 'logPath'>,
): () => void {
  let over = false
  const stops: Array<() => void> = []
  const say = async (service: string, batch: readonly LogLine[]): Promise<void> => {
    for (const { line, truncated } of batch) {
      if (over) return
      for (let room = sink.room(); room !== undefined; room = sink.room()) await room
      if (over) return
      const item: LogItem = { service, line, truncated }
      sink.item(item)
    }
  }
  const offsets = new Map<string, number>()
  const begin = async (): Promise<void> => {
    for (const service of services) {
      const last = await tailTo(logPath(service), lines)
      if (over) return
      await say(service, last.lines)
      offsets.set(service, last.end)
    }
    if (over) return
    for (const [service, from] of offsets) stops.push(follow(logPath(service), { from }, (batch) => say(service, batch)))
  }
  begin().catch((error: unknown) => sink.end(`the logs cannot be read: ${messageOf(error)}`))
  return () => {
    over = true
    for (const stop of stops) stop()
  }
}
