import type { LineMatcher } from './actors/line-matcher.ts'
import { searchLines, type Budget } from './actors/log-search.ts'
import { endOf, pastLines, type Past } from './actors/log-tail.ts'
import { HyphaeError } from './protocol/errors.ts'
import { limits } from './protocol/limits.ts'
import type { LogItem } from './protocol/status.ts'
import type { LogAnswer, LogQuery } from './protocol/view.ts'

/** How what services wrote is read, by the name of the service. */

export interface LogReadingParts {
  logPath(service: string): string
  readonly matcher: LineMatcher
}

export interface LogReading {
  logPath(service: string): string
  readonly matcher: LineMatcher
  /** `whole`: without an incomplete line at the end. */
  past(service: string, query: LogQuery, how: { whole: boolean; budget: Budget; signal?: AbortSignal }): Promise<Past>
  lines(services: readonly string[], query: LogQuery): Promise<LogAnswer>
  ends(services: readonly string[]): Promise<ReadonlyMap<string, number>>
}

export const newBudget = (): Budget => ({ bytes: limits.logScanBytes })

export function createLogReading({ logPath, matcher }: LogReadingParts): LogReading {
  const past: LogReading['past'] = (service, { grep, ...query }, { budget, ...how }) =>
    grep === undefined
      ? pastLines(logPath(service), { ...query, ...how })
      : searchLines(logPath(service), { ...query, ...how, grep }, matcher, budget)

  return {
    logPath,
    matcher,
    past,
    async lines(services, query) {
      const found: LogItem[] = []
      const cut: string[] = []
      const budget = newBudget()
      let size = 0
      for (const service of services) {
        const read = await past(service, query, { whole: false, budget })
        if (read.cut) cut.push(service)
        for (const { line, truncated, time } of read.lines) {
          size += line.length
          if (size > limits.logAnswer) throw tooLarge()
          found.push({ service, line, truncated, time })
        }
      }
      return { lines: found, cut }
    },
    async ends(services) {
      const ends = new Map<string, number>()
      for (const service of services) ends.set(service, await endOf(logPath(service)))
      return ends
    },
  }
}

function tooLarge(): HyphaeError {
  const message = `these are more than ${limits.logAnswer} characters; ask for fewer lines or services`
  return new HyphaeError('too_large', message, { field: 'lines' })
}
