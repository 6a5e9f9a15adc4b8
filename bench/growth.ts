import { admin, fleet, spec } from './fleet.ts'
import { median, ratio, type Row } from './measure.ts'

/** What one service costs must not depend on how many there are: the same work with 10 and with 1,000 of them. */
export async function growth(): Promise<Row[]> {
  const [few, many] = [await costs(10), await costs(1_000)]
  return [
    ratio('adding a service (1,000 against 10)', many.add, few.add, 2, 'µs'),
    ratio('status of one service (1,000 against 10)', many.status, few.status, 2, 'µs'),
    ratio('status of each of all services (1,000 against 10)', many.all, few.all, 2, 'µs'),
    ratio('an event to one service (1,000 against 10)', many.send, few.send, 2, 'µs'),
  ]
}

/** Each in µs per service. No program runs: only the actors are measured. */
async function costs(count: number): Promise<{ add: number; status: number; all: number; send: number }> {
  const names = Array.from({ length: count }, (_, i) => `s${i}`)
  const blocked = [{ service: 'never', condition: 'started' as const }]
  const since = performance.now()
  const one = await fleet([...names.map((name) => spec({ name, dependsOn: blocked })), spec({ name: 'never' })])
  const add = ((performance.now() - since) * 1_000) / count
  const timed = async (work: () => Promise<unknown>, repeat: number, each: number): Promise<number> => {
    const figures: number[] = []
    for (let i = 0; i < repeat; i++) {
      const before = performance.now()
      await work()
      figures.push(((performance.now() - before) * 1_000) / each)
    }
    return median(figures)
  }
  const status = await timed(() => one.gateway.invoke(admin, 'system.status', { services: ['s5'] }), 2_000, 1)
  const all = await timed(() => one.gateway.invoke(admin, 'system.status', {}), 200, count)
  // START waits at its gate, STOP ends that: two transitions of one actor.
  const send = await timed(
    async () => {
      await one.gateway.invoke(admin, 'actor.send', { to: 'service.s5', event: { type: 'START' } })
      await one.gateway.invoke(admin, 'actor.send', { to: 'service.s5', event: { type: 'STOP' } })
    },
    500,
    2,
  )
  await one.end()
  return { add, status, all, send }
}
