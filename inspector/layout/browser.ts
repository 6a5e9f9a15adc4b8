import ElkApi from 'elkjs/lib/elk-api.js'
import engine from 'elkjs/lib/elk-worker.min.js?url'
import type { Chart } from '../../src/protocol/inspection.ts'
import { layoutOf } from './layout-of.ts'
import type { ChartLayout } from './layout.ts'

/** A layout that no build has made: the engine is loaded now, and works in a thread of its own. */

/** ms. The largest chart of ours takes a second; one that takes this long would not be readable either. */
const longest = 20_000

export async function layoutInBrowser(chart: Chart, limit: number = longest): Promise<ChartLayout> {
  const worker = new Worker(engine, { name: 'layout' })
  let timer: ReturnType<typeof setTimeout> | undefined
  const failed = new Promise<never>((_, reject) => {
    worker.addEventListener('error', () => reject(new Error('the layout engine could not be loaded')))
    timer = setTimeout(() => reject(new Error(`the chart is too large: no layout within ${limit / 1_000} s`)), limit)
  })
  try {
    return await Promise.race([layoutOf(chart, new ElkApi({ workerFactory: () => worker })), failed])
  } catch (error) {
    throw new Error(`This chart could not be laid out: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  } finally {
    clearTimeout(timer)
    // Charts come seldom, and the engine takes some 50 MB.
    worker.terminate()
  }
}
