import { median, most, ratio, type Row } from './measure.ts'
import { start } from './running.ts'

const services = 500
const rounds = 15

/** What a scrape of many services costs, against a status of all of them over the same socket. */
export async function scrape(): Promise<Row[]> {
  const written = { command: '/bin/sleep', args: ['100000'] }
  const one = await start(Object.fromEntries(Array.from({ length: services }, (_, index) => [`s${index}`, written])))
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const since = performance.now()
    await work()
    return performance.now() - since
  }
  try {
    const scrapes: number[] = []
    const statuses: number[] = []
    let bytes = 0
    for (let round = -3; round < rounds; round++) {
      const status = await timed(() => one.client.call('system.status', {}))
      const scraped = await timed(async () => {
        bytes = (await one.client.call('system.metrics', {})).text.length
      })
      // The first few warm both up.
      if (round < 0) continue
      statuses.push(status)
      scrapes.push(scraped)
    }
    return [
      ratio(`a scrape of ${services} services, against a status of them`, median(scrapes), median(statuses), 2),
      most('its size', bytes / 1024, 1024, 'KB'),
    ]
  } finally {
    await one.end()
  }
}
