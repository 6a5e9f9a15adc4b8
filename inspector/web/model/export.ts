import type { ReadonlySignal } from '@preact/signals'
import type { Client } from '../../../src/client/browser.ts'
import type { Chart } from '../../../src/protocol/inspection.ts'
import type { ChartLayout } from '../../layout/layout.ts'
import { bounds } from './bounds.ts'
import type { createCharts } from './charts.ts'
import type { createContexts, Pulled } from './contexts.ts'
import { download } from './download.ts'
import { chartsIn, type Recording } from './recording.ts'
import type { Timeline } from './timeline.ts'

/** Writes what is known into a file. */

export interface ExportParts {
  readonly timeline: Timeline
  readonly client: ReadonlySignal<Client | null>
  /** The recording that is open, where one is: it is written again as it is. */
  readonly file: ReadonlySignal<Recording | null>
  readonly charts: ReturnType<typeof createCharts>
  readonly contexts: Pick<ReturnType<typeof createContexts>, 'folded'>
  readonly from: string
  say(text: string, kind?: 'info' | 'error'): void
}

const settled = <T>(results: ReadonlyArray<PromiseSettledResult<T>>): T[] =>
  results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))

export function createExport({ timeline, client, file, charts, contexts, from, say }: ExportParts): () => Promise<void> {
  async function pull(open: Client): Promise<readonly Pulled[]> {
    const asked = Array.from(timeline.present.values()).filter(({ end, chart }) => end === undefined && chart !== undefined)
    const answers: Pulled[] = []
    for (let at = 0; at < asked.length; at += bounds.contextsAtOnce) {
      const actors = asked.slice(at, at + bounds.contextsAtOnce).map(({ id }) => id)
      answers.push(await open.call('inspection.context', { actors }))
    }
    return answers
  }
  /** Until the records up to this one have come; they are on their way. */
  async function caughtUp(seq: number): Promise<void> {
    const end = performance.now() + bounds.patience
    while (timeline.seq < seq && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, bounds.frame))
  }
  async function make(): Promise<Recording> {
    const open = client.peek()
    const answers = open === null ? [] : await pull(open)
    await caughtUp(Math.max(0, ...answers.map(({ seq }) => seq)))
    // From here to the end of this block nothing else happens: all of it is of one moment.
    const { seq, at, run } = timeline
    const actors = Array.from(timeline.present.values())
    const records = timeline.records.slice()
    const held = answers.flatMap((answer) =>
      answer.contexts.map(({ id, context }) => ({ id, context: contexts.folded(id, context, answer.seq, seq) })),
    )
    const known: Chart[] = settled(await Promise.allSettled(Array.from(chartsIn(actors, records), charts.chart)))
    const layouts: ChartLayout[] = settled(await Promise.allSettled(known.map(charts.layout)))
    const made = new Date().toISOString()
    return {
      format: 'hyphae.recording',
      version: 1,
      run,
      made,
      from,
      seq,
      at,
      actors,
      contexts: held,
      records,
      charts: known,
      layouts,
    }
  }
  return async () => {
    say('Writing the recording …')
    try {
      const recording = file.peek() ?? (await make())
      const name = `hyphae-${recording.made.slice(0, 19).replaceAll(':', '')}.json`
      download(name, JSON.stringify(recording))
      say(
        `Wrote ${name}: ${recording.actors.length} actors, ${recording.records.length} records, ${recording.charts.length} charts.`,
      )
    } catch (error) {
      say(`Could not write the recording: ${error instanceof Error ? error.message : String(error)}`, 'error')
    }
  }
}
