// A fleet of $1 services with an HTTP port, whose actors take $2 events a second once it is told to. Tells where the page is.
import process from 'node:process'
import type { InspectionItem } from '../src/protocol/inspection.ts'
import { admin, fleet, spec } from './fleet.ts'

const [services = 1_000, rate = 500] = process.argv.slice(2).map(Number)
// They wait for one that never completes: their actors do all that they do, and no program runs.
const blocked = [{ service: 'never', condition: 'completed' as const }]
const names = Array.from({ length: services }, (_, index) => `s${index}`)
const specs = [...names.map((name) => spec({ name, dependsOn: blocked })), spec({ name: 'never', oneShot: true })]
const one = await fleet(specs, [{ name: 'http', endpoint: 'http:127.0.0.1:0', dialect: 'jsonrpc', setting: 'http.port' }])

const begun = new Set<string>()
let turn = 0
/** One of them is started, or stopped again; every fourth time the first one, that somebody looks at. */
async function cycle(): Promise<void> {
  const name = (turn % 4 === 0 ? undefined : names[turn % names.length]) ?? 's0'
  turn++
  const isStart = !begun.delete(name)
  if (isStart) begun.add(name)
  await one.gateway.invoke(admin, isStart ? 'service.start' : 'service.stop', { services: [name], wait: false })
}

/** How many events that is among all actors. */
async function eventsOfCycle(): Promise<number> {
  const cycles = 400
  let events = 0
  const item = (told: unknown): void => {
    const heard = told as InspectionItem
    if (heard.type === 'records') events += heard.records.filter(({ type }) => type === 'event').length
  }
  const watch = one.gateway.subscribe(admin, 'inspection.watch', {}, { room: () => undefined, item, end() {} })
  await Promise.all(Array.from({ length: cycles }, cycle))
  await new Promise((resolve) => setTimeout(resolve, 500))
  if ('cancel' in watch) watch.cancel()
  return events / cycles
}
const each = await eventsOfCycle()

let timer: NodeJS.Timeout | undefined
function load(): void {
  const since = performance.now()
  let done = 0
  timer = setInterval(() => {
    const due = (((performance.now() - since) / 1_000) * rate) / each
    // What could not be done in time is not made up for: the page would be measured under more than it is said to be.
    done = Math.max(done, Math.floor(due - rate / 10))
    for (; done < due; done++) void cycle()
  }, 10)
}

process.on('message', (message: string) => {
  if (message === 'load') load()
  else clearInterval(timer)
  if (message === 'end') void one.end().then(() => process.disconnect())
})
const address = one.view.listeners().find(({ name }) => name === 'http')?.address
process.send?.({ origin: `http://${address}`, actors: Array.from(one.view.actors()).length, each })
