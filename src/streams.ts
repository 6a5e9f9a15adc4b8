import { watchActors } from './actor-stream.ts'
import type { Directory } from './directory.ts'
import { tellFacts, type FactSource } from './fact-stream.ts'
import type { LogReading } from './log-reading.ts'
import { followLogs } from './log-stream.ts'
import type { Sink } from './protocol/calls.ts'
import type { StreamRequest } from './protocol/command.ts'

/** The sources of streams. Each asks its sink for room before it writes, and holds a bounded amount meanwhile. */

export interface StreamParts extends FactSource {
  readonly directory: Directory
  /** Names this run of the orchestrator. */
  readonly run: string
  readonly reading: LogReading
  /** Tells what the fleet is doing. */
  banner(sink: Sink): () => void
  /** Tells every actor, and what happens to it. */
  inspection(request: Extract<StreamRequest, { source: 'inspection' }>, sink: Sink): () => void
}

export function createStreams(parts: StreamParts) {
  return function open(request: StreamRequest, sink: Sink): () => void {
    switch (request.source) {
      case 'actors':
        return watchActors(parts, request, sink)
      case 'facts':
        return tellFacts(parts, request, sink)
      case 'banner':
        return parts.banner(sink)
      case 'inspection':
        return parts.inspection(request, sink)
      case 'logs':
        return followLogs(parts.reading, request, sink)
    }
  }
}
