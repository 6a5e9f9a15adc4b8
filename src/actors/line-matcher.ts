import { Worker } from 'node:worker_threads'
import { HyphaeError, messageOf } from '../protocol/errors.ts'
import { formatDuration } from '../protocol/duration.ts'
import { limits } from '../protocol/limits.ts'

/** What lines are searched for. A pattern is a regular expression of JavaScript. */
export interface Grep {
  readonly pattern: string
  readonly ignoreCase: boolean
}

export interface MatchJob {
  readonly pattern: string
  readonly flags: string
  /** Lines, with line ends between them. */
  readonly text: string
}

export interface LineMatcher {
  /** Which lines of a text match, by their index. Rejects with `invalid_params` when the pattern takes too long. */
  match(text: string, grep: Grep): Promise<number[]>
  close(): void
}

interface Queued extends MatchJob {
  resolve(matches: number[]): void
  reject(error: unknown): void
}

const resourceLimits = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8, stackSizeMb: 1 }

/**
 * Matches in a thread, one text after the other. JavaScript's expressions backtrack, and nothing but the end of its thread
 * stops one that has run away: its search fails then, and the next one has a new thread.
 */
export function createLineMatcher({ patience = limits.logMatchTime }: { readonly patience?: number } = {}): LineMatcher {
  const queue: Queued[] = []
  let worker: Worker | undefined
  let ready = false
  let current: Queued | undefined
  let timer: NodeJS.Timeout | undefined
  let idle: NodeJS.Timeout | undefined

  const drop = (): void => {
    clearTimeout(timer)
    clearTimeout(idle)
    void worker?.terminate()
    worker = undefined
    ready = false
  }
  const settle = (tell: (job: Queued) => void): void => {
    clearTimeout(timer)
    const job = current
    current = undefined
    if (job !== undefined) tell(job)
    next()
  }
  const start = (): Worker => {
    const url = new URL(
      import.meta.url.endsWith('.ts') ? './line-matcher-worker.ts' : './line-matcher-worker.js',
      import.meta.url,
    )
    const own = new Worker(url, { resourceLimits, env: {}, argv: [], execArgv: ['--disable-warning=ExperimentalWarning'] })
    own.unref()
    own.on('message', (said: 'ready' | number[]) => {
      if (own !== worker) return
      if (said !== 'ready') return settle((job) => job.resolve(said))
      ready = true
      send()
    })
    own.on('error', (error) => {
      if (own !== worker) return
      drop()
      settle((job) => job.reject(new HyphaeError('failed', `the search failed: ${messageOf(error)}`)))
    })
    return own
  }
  const send = (): void => {
    if (current === undefined || worker === undefined || !ready) return
    const { pattern, flags, text } = current
    worker.postMessage({ pattern, flags, text } satisfies MatchJob, [])
    timer = setTimeout(() => {
      drop()
      const message = `the pattern takes more than ${formatDuration(patience)} for a few lines; make it simpler`
      settle((job) => job.reject(new HyphaeError('invalid_params', message, { field: 'grep' })))
    }, patience)
  }
  const next = (): void => {
    clearTimeout(idle)
    if (current !== undefined) return
    current = queue.shift()
    if (current === undefined) {
      if (worker !== undefined) idle = setTimeout(drop, limits.logMatchIdle).unref()
      return
    }
    worker ??= start()
    send()
  }

  return {
    match: (text, { pattern, ignoreCase }) =>
      new Promise((resolve, reject) => {
        queue.push({ pattern, flags: ignoreCase ? 'i' : '', text, resolve, reject })
        next()
      }),
    close() {
      drop()
      for (const { reject } of [...(current === undefined ? [] : [current]), ...queue.splice(0)])
        reject(new HyphaeError('shutting_down', 'the orchestrator ends'))
      current = undefined
    },
  }
}
