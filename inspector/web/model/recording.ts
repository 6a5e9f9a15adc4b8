import type { ActorRow, Chart, InspectionRecord } from '../../../src/protocol/inspection.ts'
import type { ChartLayout } from '../../layout/layout.ts'
import { bounds } from './bounds.ts'
import { later } from './later.ts'

/** Looks through what comes from a file. */
const shapes = later(() => import('./recording-shape.ts'))

/** What was seen of a fleet, in one file: it can be looked at and scrubbed through with no server. */
export interface Recording {
  readonly format: 'hyphae.recording'
  readonly version: 1
  readonly run: string
  /** When it was written, ISO 8601. */
  readonly made: string
  /** Where it was seen. */
  readonly from: string
  /** The actors are as they stood after this record, and the contexts are what they held then. */
  readonly seq: number
  /** Wall clock of the orchestrator then, ms. */
  readonly at: number
  readonly actors: readonly ActorRow[]
  readonly contexts: ReadonlyArray<{ readonly id: string; readonly context: unknown }>
  /** Oldest first. */
  readonly records: readonly InspectionRecord[]
  readonly charts: readonly Chart[]
  readonly layouts: readonly ChartLayout[]
}

/** Reads a file that was dropped or chosen. Throws an Error that says what is wrong with it. */
export async function readRecording(file: Blob): Promise<Recording> {
  if (file.size > bounds.recordingBytes)
    throw new Error(`it has ${Math.round(file.size / 2 ** 20)} MB; at most ${bounds.recordingBytes / 2 ** 20} are read`)
  const text = await file.text()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error('it is no JSON; "Export recording" of this page writes files that can be opened')
  }
  return (await shapes()).recordingOf(value)
}

/** Every chart that somebody in it follows. */
export function chartsIn(actors: Iterable<ActorRow>, records: readonly InspectionRecord[]): ReadonlySet<string> {
  const hashes = new Set<string>()
  const note = ({ chart }: ActorRow): void => {
    if (chart !== undefined) hashes.add(chart)
  }
  for (const row of actors) note(row)
  for (const record of records) if (record.type === 'actor' || record.type === 'ended') note(record.actor)
  return hashes
}
